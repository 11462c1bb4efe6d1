import type { Files } from "../repository.ts";
import { configFile } from "../verify.ts";

/**
 * A pytest suite built to be nasty to whoever reuses results: values that are kept in the process, files that are read at
 * import, by fixtures and by others, and imports that no statement shows.
 */
export function nastyFiles(workers = 2): Files {
  return { ...base(workers), ...state, ...data, ...imports };
}

const base = (workers: number): Files => ({
  ".gitignore": "__pycache__/\n",
  "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\n\n[tool.coverage.run]\nbranch = true\n',
  "verify.config.json": configFile({
    incremental: true,
    database: false,
    coverage: { lines: 1 },
    suites: [{ name: "nasty", runner: "pytest", command: "pytest", source: ["src"], workers }],
  }),
  "tests/conftest.py": `import pytest
from app import settings

pytest_plugins = ["app.plugin"]


@pytest.fixture(scope="session")
def rates():
    from app.rates import all_rates

    return all_rates()


@pytest.fixture(scope="session")
def heavy(rates):
    return settings.level() + rates["a"]


@pytest.fixture(autouse=True)
def clean():
    yield
`,
  "src/app/__init__.py": "",
  "src/app/settings.py": `import json
import pathlib

LIMIT = 3
_loaded = None


def load():
    global _loaded
    if _loaded is None:
        path = pathlib.Path(__file__).parent / "settings.json"
        _loaded = json.loads(path.read_text())
    return _loaded


def level():
    return load()["level"] + LIMIT


def unused():
    return 0
`,
  "src/app/settings.json": '{ "level": 1, "names": ["x", "y"] }\n',
  "src/app/plugin.py": `import pytest

from app.arithmetic import add


@pytest.fixture
def plugged():
    return add(1, 2)
`,
  "src/app/arithmetic.py": `BASE = 10


def add(left, right):
    return left + right


def times(left, right=1):
    total = 0
    for _ in range(right):
        total = add(total, left)
    return total


def power(left, right):
    # Uses the other.
    if right == 0:
        return 1
    return left * power(left, right - 1)


def based(value):
    return BASE + value
`,
});

const state: Files = {
  "src/app/rates.py": `import functools

from app.arithmetic import add, times


@functools.lru_cache(maxsize=None)
def all_rates():
    return {"a": times(2, 2), "b": add(1, 1)}


def rate(name):
    return all_rates()[name]


cached_power = functools.lru_cache(lambda value: raised(value))


def raised(value):
    return value * value


class Registry:
    handlers = {}
    made = None

    @classmethod
    def register(cls, name):
        def keep(function):
            cls.handlers[name] = function
            return function

        return keep

    @classmethod
    def call(cls, name, value):
        return cls.handlers[name](value)

    @classmethod
    def instance(cls):
        if cls.made is None:
            cls.made = cls.build()
        return cls.made

    @classmethod
    def build(cls):
        return len(cls.handlers) + offset()


def offset():
    return 5


@Registry.register("double")
def double(value):
    return value * 2


@Registry.register("half")
def half(value):
    return value // 2
`,
  "src/app/memo.py": `from app.arithmetic import based, power

CACHE = {}


def memo(function):
    def wrapper(*arguments):
        key = (function.__name__, arguments)
        if key not in CACHE:
            CACHE[key] = function(*arguments)
        return CACHE[key]

    return wrapper


@memo
def cube(value):
    return power(value, 3)


def remember(key, make):
    if key not in CACHE:
        CACHE[key] = make()
    return CACHE[key]


def make_base():
    return based(1)


class Service:
    def __init__(self, factory):
        self.factory = factory
        self.value = None

    def get(self):
        if self.value is None:
            self.value = self.factory()
        return self.value


def lazy_value():
    return power(2, 2)


service = Service(lazy_value)


class Lazy:
    @property
    def total(self):
        if not hasattr(self, "_total"):
            self._total = self.compute()
        return self._total

    def compute(self):
        return based(2)


lazy = Lazy()


def numbers():
    n = 0
    while True:
        n += 1
        yield n
`,
  ...twice("state/test_lru", "from app.rates import rate\n\n\ndef test_rate():\n    assert rate('a') == 4\n"),
  ...twice(
    "state/test_power",
    "from app.rates import cached_power\n\n\ndef test_power():\n    assert cached_power(3) == 9\n",
  ),
  ...twice(
    "state/test_registry",
    "from app.rates import Registry\n\n\ndef test_call():\n    assert Registry.call('double', 4) == 8\n\n\ndef test_instance():\n    assert Registry.instance() == 7\n",
  ),
  ...twice("state/test_cube", "from app.memo import cube\n\n\ndef test_cube():\n    assert cube(2) == 8\n"),
  ...twice(
    "state/test_remember",
    "from app.memo import make_base, remember\n\n\ndef test_base():\n    assert remember('base', make_base) == 11\n",
  ),
  ...twice(
    "state/test_service",
    "from app.memo import service\n\n\ndef test_service():\n    assert service.get() == 4\n",
  ),
  ...twice("state/test_lazy", "from app.memo import lazy\n\n\ndef test_lazy():\n    assert lazy.total == 12\n"),
  ...twice("state/test_level", "from app.settings import level\n\n\ndef test_level():\n    assert level() == 4\n"),
  ...twice(
    "state/test_session",
    "def test_rates(rates):\n    assert rates['b'] == 2\n\n\ndef test_heavy(heavy):\n    assert heavy == 8\n",
  ),
  "tests/state/test_arithmetic.py":
    "import pytest\nfrom app.arithmetic import add, times\n\n\n@pytest.mark.parametrize('left', [1, 2, 3])\ndef test_add(left):\n    assert add(left, 1) == left + 1\n\n\ndef test_times():\n    assert times(3, 2) == 6\n",
  "tests/state/test_patched.py":
    "from app import arithmetic, rates\n\n\ndef test_patched(monkeypatch):\n    monkeypatch.setattr(rates, 'offset', lambda: 1)\n    assert rates.Registry.build() == 3\n    assert arithmetic.based(1) == 11\n",
};

const data: Files = {
  "src/app/templates/greeting.txt": "Hello $name\n",
  "src/app/texts.py": `import os
import string

HERE = os.path.dirname(__file__)
_texts = {}


def text(name):
    if name not in _texts:
        with open(os.path.join(HERE, "templates", name + ".txt")) as file:
            _texts[name] = string.Template(file.read())
    return _texts[name]


def greet(name):
    return text("greeting").substitute(name=name).strip()


def names():
    return sorted(os.listdir(os.path.join(HERE, "templates")))


def optional():
    path = os.path.join(HERE, "optional.txt")
    return os.path.exists(path)
`,
  "src/app/table.csv": "one,1\ntwo,2\n",
  "src/app/table.py": `import csv
import os

with open(os.path.join(os.path.dirname(__file__), "table.csv")) as file:
    TABLE = dict(csv.reader(file))


def look_up(name):
    return int(TABLE[name])
`,
  "tests/files/cases.json": "[[1, 2], [2, 3]]\n",
  "tests/files/conftest.py":
    "import pathlib\n\nimport pytest\n\n\n@pytest.fixture(scope='package')\ndef snapshot():\n    return (pathlib.Path(__file__).parent / 'snapshot.txt').read_text().strip()\n",
  "tests/files/snapshot.txt": "Hello snapshot\n",
  "tests/files/deep/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef deep():\n    return 3\n",
  "tests/files/deep/test_deep.py":
    "from app.arithmetic import times\n\n\ndef test_deep(deep, plugged):\n    assert times(deep, 2) + plugged == 9\n",
  ...twice(
    "files/test_greet",
    "from app.texts import greet\n\n\ndef test_greet():\n    assert greet('Ada') == 'Hello Ada'\n",
  ),
  ...twice("files/test_table", "from app.table import look_up\n\n\ndef test_two():\n    assert look_up('two') == 2\n"),
  "tests/files/test_cases.py":
    "import json\nimport pathlib\n\nimport pytest\nfrom app.arithmetic import add\n\nCASES = json.loads((pathlib.Path(__file__).parent / 'cases.json').read_text())\n\n\n@pytest.mark.parametrize('before, after', CASES)\ndef test_case(before, after):\n    assert add(before, 1) == after\n",
  "tests/files/test_listing.py":
    "from app.texts import names, optional\n\n\ndef test_names():\n    assert names() == ['greeting.txt']\n\n\ndef test_optional():\n    assert not optional()\n",
  "tests/files/test_snapshot.py":
    "from app.texts import greet\n\n\ndef test_snapshot(snapshot):\n    assert greet('snapshot') == snapshot\n",
  "tests/files/test_process.py":
    "import subprocess\nimport sys\n\n\ndef test_process():\n    code = 'from app.arithmetic import based; print(based(1))'\n    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env={'PYTHONPATH': 'src'}).stdout == '11\\n'\n",
  "tests/files/test_temporary.py":
    "def test_temporary(tmp_path):\n    (tmp_path / 'a').write_text('1')\n    assert (tmp_path / 'a').read_text() == '1'\n",
};

const imports: Files = {
  "src/app/facade.py":
    "from app.arithmetic import add as plus\nfrom app.texts import greet\n\n__all__ = ['plus', 'greet']\n",
  "src/app/dynamic.py": `import importlib

EFFECTS = []


def load(name):
    return importlib.import_module("app.parts." + name)


def run(name, value):
    return load(name).work(value)


def maybe():
    try:
        import app_extras
    except ImportError:
        return None
    return app_extras.VALUE
`,
  "src/app/parts/__init__.py": "",
  "src/app/parts/first.py": "from app.arithmetic import add\n\n\ndef work(value):\n    return add(value, 1)\n",
  "src/app/parts/second.py":
    "from app.dynamic import EFFECTS\n\nEFFECTS.append('second')\n\n\ndef work(value):\n    return value * 2\n",
  "src/app/attributes.py": `import importlib


def __getattr__(name):
    if name == "late":
        return importlib.import_module("app.late").VALUE
    raise AttributeError(name)
`,
  "src/app/late.py": "from app.settings import LIMIT\n\nVALUE = LIMIT + 1\n",
  "src/app/shapes.py":
    "import abc\n\n\nclass Shape(abc.ABC):\n    sides = 0\n\n    @abc.abstractmethod\n    def area(self): ...\n\n    def describe(self):\n        return '%d sides, %d' % (self.sides, self.area())\n\n    def __eq__(self, other):\n        return self.area() == other.area()\n\n\nclass Square(Shape):\n    sides = 4\n\n    def __init__(self, length):\n        self.length = length\n\n    def area(self):\n        return self.length ** 2\n",
  "tests/imports/helper.py": "from app.facade import plus\n\n\ndef helped(value):\n    return plus(value, 5)\n",
  "tests/imports/test_facade.py":
    "from app.facade import greet, plus\n\n\ndef test_plus():\n    assert plus(1, 2) == 3\n\n\ndef test_greet():\n    assert greet('B') == 'Hello B'\n",
  "tests/imports/test_first.py":
    "from app.dynamic import run\n\n\ndef test_first():\n    assert run('first', 1) == 2\n",
  "tests/imports/test_second.py":
    "from app.dynamic import EFFECTS, run\n\n\ndef test_second():\n    assert run('second', 2) == 4\n    assert EFFECTS == ['second']\n",
  "tests/imports/test_maybe.py": "from app.dynamic import maybe\n\n\ndef test_maybe():\n    assert maybe() is None\n",
  "tests/imports/test_late.py": "import app.attributes\n\n\ndef test_late():\n    assert app.attributes.late == 4\n",
  "tests/imports/test_shapes.py":
    "from app.shapes import Square\n\n\ndef test_square():\n    assert Square(2).describe() == '4 sides, 4'\n    assert Square(1) == Square(1)\n",
  "tests/imports/test_helper.py":
    "import sys, pathlib\n\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n\nfrom helper import helped\n\n\ndef test_helped():\n    assert helped(1) == 6\n",
  "tests/imports/test_source.py":
    "import inspect\n\nfrom app import late\n\n\ndef test_source():\n    assert 'LIMIT' in inspect.getsource(late)\n",
};

/** Two files with the same tests: what the first computes, the second finds. */
function twice(name: string, text: string): Files {
  return { [`tests/${name}_1.py`]: text, [`tests/${name}_2.py`]: text };
}

/** Files that may appear, and change what is imported, found or read. */
export const appearing: Files = {
  "src/app_extras.py": "VALUE = 1\n",
  "src/app/optional.txt": "here\n",
  "src/app/templates/more.txt": "More\n",
  "src/string.py":
    "class Template:\n    def __init__(self, text):\n        self.text = text\n\n    def substitute(self, name):\n        return 'Bye ' + name\n",
  "src/helper.py": "def helped(value):\n    return 0\n",
  "tests/helper.py": "def helped(value):\n    return 0\n",
  "tests/imports/conftest.py": "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef broken():\n    assert False\n",
  "tests/files/deep/__init__.py": "",
  "tests/state/conftest.py":
    "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        if 'table' in item.nodeid:\n            item.add_marker(pytest.mark.skip)\n",
  "tests/state/test_new.py": "from app.arithmetic import based\n\n\ndef test_based():\n    assert based(2) == 12\n",
  "tests/imports/test_lru_1.py": "def test_same_name():\n    pass\n",
  "src/app/arithmetic/__init__.py": "def add(left, right):\n    return 0\n",
  "src/app/unloaded.py": "def never():\n    return 1\n",
  "conftest.py": "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef outer():\n    yield\n",
  "sitecustomize.py": "",
  "README.md": "# Text\n",
  "docs/page.md": "Text\n",
};
