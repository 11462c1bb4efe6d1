"""Replaces what imports, looks at files and makes fixtures by what also tells the tracer."""

import builtins
import importlib
import importlib.machinery
import os
import sys


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
        importer = tracer.caller(frame)
        tracer.imported(importer, modules_of(absolute), absolute, tracer.context)
        if importer is not None and tracer.kind_of_caller(frame) == "library":
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
            owner = tracer.caller(sys._getframe(1))
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
