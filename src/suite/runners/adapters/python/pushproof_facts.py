"""What matters in a Python file, as hashes: its module level, and the body of each function.

Comments, blank lines and where lines lie do not count, so that coverage can be moved along with a body that is the same.
"""

import ast
import hashlib
import re

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda)
# Decorators that neither keep results nor call the function themselves. Any other may do both.
PLAIN_DECORATORS = {
    "property setter getter deleter staticmethod classmethod abstractmethod abstractproperty contextmanager "
    "asynccontextmanager wraps overload override final no_type_check validates hybrid_property hybrid_method "
    "listens_for receiver parametrize skip skipif xfail usefixtures"
}
PLAIN_DECORATORS = set(" ".join(PLAIN_DECORATORS).split())
MUTATORS = set(
    "append add update setdefault insert extend appendleft extendleft pop popitem popleft clear remove discard put put_nowait set "
    "push register subscribe write cache store __setitem__ __setattr__".split()
)
FRESH = (ast.Dict, ast.List, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Tuple)


def facts_of(source):
    """The facts of a file's bytes, or None where it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    units = list(units_of(tree.body, ""))
    module = Print(skipped={id(node) for _, node in units})
    module.add(tree)
    whole_lines = set(module.lines)
    kept = []
    counts = {}
    for name, node in units:
        body = Print()
        for statement in node.body:
            body.add(statement)
        if whole_lines.intersection(range(node.body[0].lineno, node.end_lineno + 1)):
            # A body on a line of the module level ran there, as far as coverage tells.
            module.text(body.digest())
            module.lines.extend(body.lines)
            continue
        counts[name] = counts.get(name, 0) + 1
        kept.append(
            {
                "name": name if counts[name] == 1 else "%s#%d" % (name, counts[name]),
                "first": node.body[0].lineno,
                "last": node.end_lineno,
                "hash": body.digest(),
                "lines": body.distinct(),
                **Behavior(node).facts(),
            }
        )
    module.text(coding_of(source))
    return {
        "module": module.digest(),
        "lines": module.distinct(),
        "units": kept,
        "aliases": aliases_of(tree.body),
        # The module's own code and what is defined on its first line look the same to coverage.
        "isOdd": any(isinstance(node, (*SCOPES, ast.ClassDef, *COMPREHENSIONS)) and first_line(node) <= 1 for node in ast.walk(tree)),
    }


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def first_line(node):
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def coding_of(source):
    return repr(re.findall(rb"coding[:=][^\n]*", b"\n".join(source.split(b"\n")[:2])))


def units_of(body, prefix):
    """The outermost functions. Special methods stay with the module level: operators and the interpreter call them."""
    for node in body:
        if isinstance(node, FUNCTIONS):
            if not (node.name.startswith("__") and node.name.endswith("__")):
                yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from units_of(node.body, prefix + node.name + ".")
        else:
            for field in ("body", "orelse", "finalbody"):
                yield from units_of(getattr(node, field, None) or [], prefix)
            for handler in [*(getattr(node, "handlers", None) or []), *(getattr(node, "cases", None) or [])]:
                yield from units_of(handler.body, prefix)


class Print:
    """The digest of syntax trees, with the order of their lines but not their numbers."""

    def __init__(self, skipped=()):
        self.skipped = skipped
        self.parts = []
        self.lines = []

    def text(self, text):
        self.parts.append(text)

    def add(self, node):
        if isinstance(node, list):
            self.parts.append("[%d" % len(node))
            for item in node:
                self.add(item)
            return
        if not isinstance(node, ast.AST):
            self.parts.append("%s %r" % (type(node).__name__, node))
            return
        self.parts.append(type(node).__name__)
        if hasattr(node, "lineno"):
            # Where a node ends is no line that runs, but for a method: from Python 3.11 on it is called where its name stands.
            self.lines.append(node.lineno)
            if isinstance(node, ast.Attribute):
                self.lines.append(node.end_lineno)
        for name, value in ast.iter_fields(node):
            if name == "body" and id(node) in self.skipped:
                continue
            self.parts.append(name)
            self.add(value)

    def distinct(self):
        return sorted(set(self.lines))

    def digest(self):
        ranks = {line: rank for rank, line in enumerate(self.distinct())}
        digest = hashlib.sha256()
        for part in self.parts:
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(repr([ranks[line] for line in self.lines]).encode())
        return digest.hexdigest()[:24]


def names_in(node):
    """Every name that code speaks of, also as an attribute or in a text."""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            names.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            names.add(inner.attr)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(inner.value) < 200:
            names.update(part for part in inner.value.replace(":", ".").split(".") if part.isidentifier())
        elif isinstance(inner, ast.alias):
            names.update(inner.name.split("."))
    return names


def aliases_of(body):
    """What module-level assignments of call results speak of, by the assigned name: `cached = lru_cache(compute)`."""
    aliases = {}
    for node in body:
        value = getattr(node, "value", None)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if value is None or not any(isinstance(inner, (ast.Call, ast.Dict, ast.List, ast.Tuple, ast.Lambda)) for inner in ast.walk(value)):
            continue
        for target in targets:
            for name in names_in(target):
                aliases.setdefault(name, set()).update(names_in(value))
    return {name: sorted(names) for name, names in aliases.items()}


def last_name(node):
    while isinstance(node, (ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


class Behavior:
    """Whether what a function did for one test may be kept for another: it stores something that may outlive it, or is decorated
    by what may. `isDynamic` says that it calls what its text does not name; `ownCalls` may be such calls, too."""

    def __init__(self, function):
        self.function = function
        self.isStateful = False
        self.isDynamic = False
        self.ownCalls = set()
        self.writes = set()
        self.stored = set()
        self.visit(function, set())

    def facts(self):
        decorators = {last_name(decorator) for decorator in self.function.decorator_list}
        return {
            "mentions": sorted(names_in(ast.Module(body=self.function.body, type_ignores=[]))),
            "isStateful": self.isStateful,
            "isDynamic": self.isDynamic,
            "ownCalls": sorted(self.ownCalls),
            "isKept": bool(decorators - PLAIN_DECORATORS),
            "writes": sorted(self.writes),
            "memos": self.memos(),
        }

    def memos(self):
        """The lines of conditions on what the function itself stores: the first to call it goes another way than others."""
        lines = set()
        for node in ast.walk(self.function):
            if isinstance(node, (ast.If, ast.IfExp, ast.While)) and names_in(node.test) & self.stored:
                lines.add(node.test.lineno)
            elif isinstance(node, ast.Try) and node.handlers and names_in(ast.Module(body=node.body, type_ignores=[])) & self.stored:
                lines.add(node.body[0].lineno)
        return sorted(lines)

    def visit(self, function, outer):
        body = function.body if isinstance(function.body, list) else [function.body]
        arguments = function.args
        parameters = {argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        parameters |= {argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument}
        nodes = list(own_nodes(body))
        shared = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own = (parameters | stored) - shared
        values = {}
        for node in nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        values.setdefault(target.id, []).append(node.value)
        fresh = {name for name, assigned in values.items() if name not in parameters | shared and all(isinstance(one, FRESH) for one in assigned)}
        if shared & stored or shared:
            self.isStateful = True
            self.writes |= shared
            self.stored |= shared
        for node in nodes:
            if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
                self.store(root_of(node), own, outer, fresh)
                if root_of(node) not in fresh:
                    self.stored |= {node.attr} if isinstance(node, ast.Attribute) else last_names(node)
            elif isinstance(node, ast.Call):
                self.call(node, own, outer, fresh)
            elif isinstance(node, SCOPES):
                self.visit(node, outer | own)

    def store(self, root, own, outer, fresh):
        if root in fresh:
            return
        self.isStateful = True
        if root and root not in own and root not in outer:
            self.writes.add(root)

    def call(self, node, own, outer, fresh):
        called = node.func
        if isinstance(called, ast.Attribute):
            if called.attr in MUTATORS:
                self.store(root_of(called), own, outer, fresh)
            if isinstance(called.value, ast.Name) and called.value.id in ("self", "cls"):
                # Whether that is a method is for the reader of the facts to find out.
                self.ownCalls.add(called.attr)
        elif not isinstance(called, ast.Name) or called.id in own or called.id in outer or called.id in ("eval", "exec", "__import__"):
            self.isDynamic = True
        elif called.id == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
            self.isDynamic = True
        elif called.id == "setattr":
            self.isStateful = True


def last_names(node):
    while isinstance(node, ast.Subscript):
        node = node.value
    return {last_name(node)} - {""}


def own_nodes(body):
    """All nodes of a function's body but those of functions inside of it; these functions themselves are given."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, SCOPES):
            waiting.extend([*getattr(node, "decorator_list", []), *node.args.defaults, *filter(None, node.args.kw_defaults)])
        else:
            waiting.extend(ast.iter_child_nodes(node))


def root_of(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)
