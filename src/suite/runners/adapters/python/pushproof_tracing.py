"""Traces what each test file's results rest on: imports, functions, files. See docs/incremental.md.

Everything is attributed to a context: `T|FILE` while the tests of a file run, `C|FILE` while they are collected, `S|FIXTURE`
while a fixture of the session or of a package is made, `M|FILE` while a module is executed, and the empty one for the rest,
on which everything rests. coverage.py's contexts are the same.
"""

import builtins
import contextlib
import importlib
import importlib.machinery
import json
import os
import re
import sys
import sysconfig
import tempfile
import threading

import pytest
from pushproof_checkout import ADAPTERS, is_inside, real_file
from pushproof_schedule import file_of

# What runs the tests: files that it reads by itself are no part of what they rest on.
RUNNERS = ("_pytest", "pytest", "pluggy", "coverage", "pytest_cov", "xdist", "execnet", "iniconfig", "__channelexec__")
# Where files lie in memory, which are no devices.
MEMORY = "/dev/shm/"
STANDARD = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
# What a text says that tells xdist's workers from other processes; alone.ts has the same for git.
ASKING = re.compile(rb"PYTEST_XDIST|workerinput|workeroutput|worker_?id|testrun_?uid|numprocesses|is_xdist|[\"']xdist|(?:import|from)\s+xdist")
# One of these words is in whatever that pattern finds.
ASKED = (b"XDIST", b"xdist", b"worker", b"testrun", b"numprocesses")
# These keep what they read, for whoever asks next.
KEEPING = ("gettext", "locale", "mimetypes", "zipimport", "shelve", "dbm")
UNTRACED = {
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "pty.spawn": "starts a process",
    "os.startfile": "starts a process",
    "_posixsubprocess.fork_exec": "starts a process",
    "socket.bind": "opens a socket",
    "webbrowser.open": "starts a process",
}


def is_of_system(path):
    return path.startswith(("/dev/", "/proc/", "/sys/")) and not path.startswith(MEMORY)


class Tracer:
    """What a process found. Nothing is attributed before `start`, and nothing after `stop`."""

    def __init__(self, checkout):
        self.checkout = checkout
        self.contexts = [""]
        self.edges = {}
        self.names = {}
        self.reads = {}
        self.uses = {}
        self.always = {}
        self.files = set()
        self.collected = {}
        self.written = {}
        self.known = {}
        self.isOn = False
        self.conftests = set()
        self.measuring = lambda: None
        # While modules of libraries are executed, by the frame that does it: the checkout's file that led to it. They ask for
        # many others, and the way to that file is long.
        self.executing = {}
        self.executor = None
        self.busy = False
        self.allowed = addresses_of_databases()
        self.temporary = os.path.realpath(tempfile.gettempdir())
        # Files of libraries that are known not to ask which worker they run in.
        self.silent = set()

    # Contexts

    @property
    def context(self):
        return self.contexts[-1]

    @contextlib.contextmanager
    def within(self, context):
        self.push(context)
        try:
            yield
        finally:
            self.pop()

    def push(self, context):
        self.contexts.append(context)
        self.switch()

    def pop(self):
        self.contexts.pop()
        self.switch()

    def begin(self, context):
        """What everything belongs to that has no context of its own; each change costs coverage.py a write."""
        if self.contexts[0] != context:
            self.contexts[0] = context
            self.switch()

    def switch(self):
        cov = self.coverage()
        if cov is None:
            return
        if tracer_of(cov).startswith("SysMon"):
            self.always.setdefault("", "coverage.py measures by sys.monitoring, which tells each line only once")
        busy, self.busy = self.busy, True
        try:
            cov.switch_context(self.context)
        finally:
            self.busy = busy

    def coverage(self):
        """The coverage object that measures tests. Beside it pytest-cov has others, in the coordinating process and in workers until
        their session begins, whose files each worker removes as it starts: nothing may be written to these before the end."""
        controller = getattr(self.measuring(), "cov_controller", None)
        if type(controller).__name__ not in ("Central", "DistWorker"):
            return None
        cov = getattr(controller, "cov", None)
        return cov if getattr(cov, "_started", False) else None

    # Where things are

    def name_of(self, path):
        """A source file's name relative to the checkout; None for one that is installed or lies elsewhere."""
        known = self.known.get(path, self)
        if known is not self:
            return known
        name = None
        if path and not path.startswith("<"):
            real = real_file(path)
            if is_inside(real, self.checkout) and not is_inside(real, ADAPTERS) and "-packages" + os.sep not in real:
                name = os.path.relpath(real, self.checkout).replace(os.sep, "/")
        self.known[path] = name
        return name

    def caller(self, frame):
        """The checkout's file that called, or None, and who was between it and the event: the first that is not Python's own, of
        "import", "runner" and "library", else "own"."""
        kind = "own"
        names = self.known
        while frame is not None:
            code = frame.f_code
            path = code.co_filename
            name = names[path] if path in names else self.name_of(path)
            if name is not None:
                return name, kind
            if kind == "own":
                found = kind_of_frame(path, frame.f_globals.get("__name__", ""))
                kind = "own" if found == "standard" else found
            if code is self.executor and frame in self.executing:
                return self.executing[frame], kind
            frame = frame.f_back
        return None, kind

    def kind_of_caller(self, frame):
        """The same of who was between, for which the long way to a file of the checkout need not be gone."""
        while frame is not None:
            code = frame.f_code
            if self.name_of(code.co_filename) is not None:
                return "own"
            found = kind_of_frame(code.co_filename, frame.f_globals.get("__name__", ""))
            if found != "standard":
                return found
            frame = frame.f_back
        return "own"

    # What happens

    def imported(self, importer, modules, names, context):
        """An importer is a file, or None where no file of the checkout asked: then everything rests on it."""
        if importer is None:
            self.names.setdefault("", set()).update(name.split(".")[0] for name in names)
        else:
            looked = self.names.setdefault(importer, set())
            for name in names:
                looked.update(name.split("."))
        for module in modules:
            name = self.name_of(getattr(module, "__file__", None))
            if name is None or name == importer:
                continue
            self.files.add(name)
            if importer is None and name.rsplit("/", 1)[-1] == "conftest.py":
                self.conftests.add(name)
            elif importer is None:
                self.edges.setdefault(context, set()).add(name)
            else:
                self.edges.setdefault(importer, set()).add(name)

    def read(self, path, frame):
        # What the import system reads is told as imports.
        if self.kind_of_caller(frame) in ("runner", "import"):
            return
        owner, kind = self.caller(frame)
        keys = {self.context, *(["F|" + owner] if owner else [])}
        if kind == "library":
            keys.add("")
        for key in keys:
            self.reads.setdefault(key, set()).add(path)

    def mark(self, why, frame):
        """Somebody did what cannot be traced: the context, and the functions on the way, make whoever reaches them always run."""
        owners = set()
        while frame is not None:
            name = self.name_of(frame.f_code.co_filename)
            if name is not None:
                owners.add("U|%s|%d" % (name, frame.f_lineno))
            frame = frame.f_back
        for key in {self.context, *owners}:
            self.always.setdefault(key, why)

    def wrote(self, path, frame):
        name = os.path.relpath(path, self.checkout)
        if is_inside(path, self.temporary):
            if self.written.setdefault(path, self.context) != self.context:
                self.mark("writes a file that another test file wrote", frame)
            return
        if is_inside(path, self.checkout):
            if path.endswith((".pyc", ".pyo")) or "__pycache__" in path or ".pytest_cache" in path or ".coverage" in name:
                return
            self.mark("writes %s" % name, frame)
            self.written[path] = self.context
            return
        if not is_of_system(path):
            self.mark("writes %s" % path, frame)

    def opened(self, path, mode, flags, frame):
        if not isinstance(path, (str, bytes)):
            return
        path = os.path.abspath(os.fsdecode(path))
        if is_writing(mode, flags):
            if self.kind_of_caller(frame) not in ("runner", "import"):
                self.wrote(path, frame)
            return
        if is_of_system(path):
            return
        if is_inside(path, self.temporary) and not is_inside(path, self.checkout):
            if self.written.get(path, self.context) != self.context:
                self.mark("reads a file that another test file wrote", frame)
            elif path not in self.written:
                if self.kind_of_caller(frame) not in ("runner", "import") and os.path.exists(path) and not self.is_own_temporary(path):
                    self.mark("reads %s" % path, frame)
            return
        if self.is_installed(path):
            return
        self.read(path, frame)

    def is_own_temporary(self, path):
        return any(is_inside(path, os.path.dirname(other)) for other, context in self.written.items() if context == self.context) or "pytest-of-" in path

    def is_installed(self, path):
        """What the digest of installed packages and the version of Python stand for."""
        if "-packages" + os.sep in path:
            return True
        return any(is_inside(path, place) for place in STANDARD) or is_inside(path, ADAPTERS)

    def audit(self, event, arguments):
        if event not in EVENTS or not self.isOn or self.busy:
            return
        self.busy = True
        try:
            # The audit hook itself is this frame, and whoever did it is the one before.
            frame = sys._getframe(1)
            if event == "open":
                self.opened(*arguments, frame)
            elif event in ("os.listdir", "os.scandir"):
                path = arguments[0]
                if path is None or isinstance(path, (str, bytes)):
                    path = os.path.abspath(os.fsdecode(path or "."))
                    if is_inside(path, self.checkout) and not self.is_installed(path):
                        self.read(path, frame)
            elif event == "socket.connect":
                if not self.is_database(arguments[1]) and self.kind_of_caller(frame) != "runner":
                    self.mark("connects to %s" % (arguments[1],), frame)
            elif event == "sqlite3.connect":
                database = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
                if self.kind_of_caller(frame) != "runner" and database not in ("", ":memory:") and not is_inside(os.path.abspath(database), self.temporary):
                    self.mark("opens the database %s" % database, frame)
            elif event in CHANGES:
                for path in arguments[: CHANGES[event]]:
                    if isinstance(path, (str, bytes)) and self.kind_of_caller(frame) not in ("runner", "import"):
                        self.wrote(os.path.abspath(os.fsdecode(path)), frame)
            elif self.kind_of_caller(frame) != "runner":
                self.mark(UNTRACED[event], frame)
        except Exception as error:
            self.always.setdefault(self.context, "could not be traced: %s" % error)
        finally:
            self.busy = False

    def is_database(self, address):
        if isinstance(address, (str, bytes)):
            return any(os.fsdecode(address).startswith(host + "/") for host, _ in self.allowed if host.startswith("/"))
        return isinstance(address, tuple) and (str(address[0]), str(address[1])) in self.allowed

    def looked_at(self, path):
        """os.stat and its like: whether something is there."""
        if not self.isOn or self.busy or not isinstance(path, (str, bytes, os.PathLike)):
            return
        self.busy = True
        try:
            path = os.path.abspath(os.fsdecode(path))
            if is_inside(path, self.checkout) and path != self.checkout and not self.is_installed(path):
                self.read(path, sys._getframe(2))
        finally:
            self.busy = False

    def facts(self):
        lists = lambda by: {key: sorted(values) for key, values in by.items()}
        return {
            "edges": lists(self.edges),
            "names": lists(self.names),
            "reads": lists(self.reads),
            "uses": lists(self.uses),
            "always": self.always,
            "files": sorted(self.files),
            "collected": self.collected,
            "conftests": sorted(self.conftests),
            "written": sorted(path for path in self.written if is_inside(path, self.checkout)),
            "asksForWorker": any([self.asks_for_worker(module) for module in list(sys.modules.values())]),
            "silent": sorted(self.silent),
        }

    def asks_for_worker(self, module):
        """Whether a module that is loaded may tell xdist's workers from other processes."""
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or not path.endswith(".py") or path in self.silent:
            return False
        is_package = "-packages" + os.sep in path
        top = getattr(module, "__name__", "").split(".")[0]
        # Neither Python's own modules nor ours do, and of what runs the tests it is known.
        if self.is_installed(path) and (not is_package or is_inside(path, ADAPTERS) or top in RUNNERS):
            return False
        try:
            with open(path, "rb") as source:
                text = source.read()
        except OSError:
            return True
        # A pattern that begins with no letter of its own takes a hundred times as long as these words.
        asks = any(word in text for word in ASKED) and ASKING.search(text) is not None
        if is_package and not asks:
            self.silent.add(path)
        return asks


def tracer_of(cov):
    """The name of the class by which coverage.py measures; empty where it does not tell."""
    name = getattr(getattr(cov, "_collector", None), "tracer_name", None)
    return name() if callable(name) else ""


CHANGES = {"os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 1, "os.symlink": 2, "os.link": 2, "os.truncate": 1, "shutil.rmtree": 1}
# The events that tell something; Python has many more, some of them for each function that looks at its caller.
EVENTS = frozenset(["open", "os.listdir", "os.scandir", "socket.connect", "sqlite3.connect", *UNTRACED, *CHANGES])


def is_writing(mode, flags):
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))


KINDS = {}


def kind_of_frame(path, module):
    """Who a frame belongs to: the import system, the runner, Python itself ("standard"), or a library."""
    kind = KINDS.get((path, module))
    if kind is None:
        kind = KINDS[(path, module)] = read_kind(path, module.split(".")[0])
    return kind


def read_kind(path, top):
    if path.startswith(("<frozen importlib", "<frozen zipimport")):
        return "import"
    real = real_file(path)
    if top in RUNNERS or is_inside(real, ADAPTERS):
        return "runner"
    if top in KEEPING:
        return "library"
    isStandard = path.startswith("<") or any(is_inside(real, place) for place in STANDARD)
    return "standard" if isStandard and "-packages" + os.sep not in real else "library"


def addresses_of_databases():
    environments = json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))
    pairs = {(env.get("PGHOST", ""), env.get("PGPORT", "")) for env in [*environments.values(), dict(os.environ)]}
    return {(host, port) for host, port in pairs if host} | {("127.0.0.1", port) for host, port in pairs if host == "localhost"}


def watch_imports(tracer):
    """Replaces the ways to import by ones that also tell who imports what, whether it is loaded already or not."""
    plain_import, plain_module = builtins.__import__, importlib.import_module
    modules, known = sys.modules, tracer.known

    def modules_of(names):
        return [modules[name] for name in names if name in modules]

    def is_of_checkout(path):
        return (known[path] if path in known else tracer.name_of(path)) is not None

    def tell(frame, absolute):
        # What a library imports for itself can be shadowed, but leads nowhere in the checkout.
        importer, kind = tracer.caller(frame)
        tracer.imported(importer, modules_of(absolute), absolute, tracer.context)
        if importer is not None and kind == "library":
            tracer.names.setdefault("", set()).update(name.split(".")[0] for name in absolute)

    # Statements that have been told, by where they are: an import inside of a function is run each time. Code objects are no
    # key: those of two files with the same text are equal.
    told = set()

    def traced_import(name, globals=None, locals=None, fromlist=(), level=0):
        try:
            return plain_import(name, globals, locals, fromlist, level)
        finally:
            frame = sys._getframe(1)
            file = frame.f_code.co_filename
            statement = (file, frame.f_lineno, name)
            if statement not in told and tracer.isOn and not tracer.busy:
                tracer.busy = True
                try:
                    absolute = absolute_name(name, globals or {}, level) if level else name
                    names = names_up_to(absolute)
                    if fromlist:
                        names = [*names, *("%s.%s" % (absolute, item) for item in fromlist if isinstance(item, str) and item != "*")]
                    isOwn = is_of_checkout(file)
                    leads = False
                    for each in names:
                        if each in modules and is_of_checkout(getattr(modules[each], "__file__", None)):
                            leads = True
                            break
                    # Most imports are those of libraries, within themselves. What one imports of the checkout's, it may do for
                    # somebody else each time.
                    if isOwn or leads or level == 0:
                        tell(frame, names)
                    if isOwn or not leads:
                        told.add(statement)
                finally:
                    tracer.busy = False

    def traced_module(name, package=None):
        try:
            return plain_module(name, package)
        finally:
            if tracer.isOn and not tracer.busy:
                tracer.busy = True
                try:
                    absolute = importlib.util.resolve_name(name, package) if name.startswith(".") else name
                    tell(sys._getframe(1), names_up_to(absolute))
                except ImportError:
                    pass
                finally:
                    tracer.busy = False

    builtins.__import__ = traced_import
    for module in list(sys.modules.values()):
        if getattr(module, "import_module", None) is plain_module:
            module.import_module = traced_module


def absolute_name(name, globals, level):
    """What a relative import asks for."""
    package = globals.get("__package__") or globals.get("__name__", "").rpartition(".")[0]
    base = package if level == 1 else ".".join(package.split(".")[: 1 - level])
    return "%s.%s" % (base, name) if name else base


NAMES = {}


def names_up_to(absolute):
    """A module's name, after those of the packages that it lies in."""
    names = NAMES.get(absolute)
    if names is None:
        parts = absolute.split(".")
        names = NAMES[absolute] = [".".join(parts[: index + 1]) for index in range(len(parts))]
    return names


def watch_modules(tracer):
    """Gives each module of the checkout a context of its own while it is executed."""
    from _pytest.assertion.rewrite import AssertionRewritingHook

    def watching(plain):
        def exec_module(self, module):
            if not tracer.isOn:
                return plain(self, module)
            busy, tracer.busy = tracer.busy, True
            name = tracer.name_of(getattr(module, "__file__", None))
            owner, _ = tracer.caller(sys._getframe(1))
            if name is not None:
                tracer.imported(owner, [module], [module.__name__], tracer.context)
            tracer.busy = busy
            if name is None:
                tracer.executing[sys._getframe()] = owner
                try:
                    return plain(self, module)
                finally:
                    del tracer.executing[sys._getframe()]
            tracer.files.add(name)
            with tracer.within("M|" + name):
                return plain(self, module)

        tracer.executor = exec_module.__code__
        return exec_module

    for loader in (importlib.machinery.SourceFileLoader, AssertionRewritingHook):
        loader.exec_module = watching(loader.exec_module)


def watch_looks(tracer):
    for name in ("stat", "lstat", "access", "readlink"):
        plain = getattr(os, name)

        def looking(path, *arguments, _plain=plain, **named):
            tracer.looked_at(path)
            return _plain(path, *arguments, **named)

        setattr(os, name, looking)


def watch_fixtures(tracer):
    """Fixtures of the session and of packages are made while one file's tests run, and used by others."""
    from _pytest.fixtures import FixtureDef

    plain = FixtureDef.execute

    def execute(self, request):
        if self.scope in ("session", "package"):
            tracer.uses.setdefault(tracer.context, set()).add(fixture_context(self))
        return plain(self, request)

    FixtureDef.execute = execute


def fixture_context(fixture):
    return "S|%s|%s" % (fixture.baseid, fixture.argname)


class Tracing:
    """The pytest plugin of every process: contexts by what pytest does, and the trace at the end."""

    def __init__(self, tracer, directory, worker):
        self.tracer = tracer
        self.directory = directory
        self.worker = worker

    def name_of(self, path):
        return self.tracer.name_of(str(path))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector):
        name = self.name_of(collector.path) if getattr(collector, "path", None) and collector.path.is_file() else None
        if name is None:
            yield
            return
        self.tracer.collected.setdefault(name, 0)
        self.tracer.files.add(name)
        with self.tracer.within("C|" + name):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        name = self.name_of(item.path)
        owner = self.name_of(os.path.join(str(item.config.rootpath), file_of(item.nodeid))) or name
        self.tracer.collected[owner] = self.tracer.collected.get(owner, 0) + 1
        threads = {thread.ident for thread in threading.enumerate()}
        self.tracer.begin("T|" + owner)
        yield
        for thread in threading.enumerate():
            if thread.ident not in threads:
                self.tracer.always.setdefault("T|" + owner, "leaves a thread running")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        if fixturedef.scope not in ("session", "package"):
            yield
            return
        with self.tracer.within(fixture_context(fixturedef)):
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        self.tracer.isOn = False
        with open(os.path.join(self.directory, "trace-%s.json" % self.worker), "w", encoding="utf-8") as trace:
            json.dump(self.tracer.facts(), trace)


def begin_tracing(worker):
    """Begins before any conftest is loaded; None where nothing is to be traced."""
    directory = os.environ.get("VERIFY_TRACE")
    if not directory:
        return None
    tracer = Tracer(os.path.realpath(os.environ["VERIFY_CHECKOUT"]))
    tracer.names[""] = {name.split(".")[0] for name in sys.modules}
    watch_imports(tracer)
    watch_modules(tracer)
    watch_looks(tracer)
    watch_fixtures(tracer)
    sys.addaudithook(tracer.audit)
    tracer.isOn = True
    return Tracing(tracer, directory, worker)
