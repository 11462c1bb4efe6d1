"""Collects what each context rests on: imports, functions, files. See pushproof_tracing.py for what a context is."""

import json
import os
import sys
import tempfile

from pushproof_asking import asks_for_worker
from pushproof_checkout import ADAPTERS, is_inside, real_file
from pushproof_contexts import Contexts
from pushproof_events import CHANGES, EVENTS, UNTRACED, is_of_system, is_writing
from pushproof_owners import is_installed, kind_of_frame


class Tracer(Contexts):
    """What a process found. Nothing is attributed before `start`, and nothing after `stop`."""

    def __init__(self, checkout):
        super().__init__()
        self.checkout = checkout
        self.edges = {}
        self.names = {}
        self.reads = {}
        self.uses = {}
        self.files = set()
        self.collected = {}
        self.written = {}
        self.known = {}
        self.isOn = False
        self.conftests = set()
        # While modules of libraries are executed, by the frame that does it: the checkout's file that led to it. They ask for
        # many others, and the way to that file is long.
        self.executing = {}
        self.executor = None
        self.allowed = addresses_of_databases()
        self.temporary = os.path.realpath(tempfile.gettempdir())
        # Files of libraries that are known not to ask which worker they run in.
        self.silent = set()

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
        """The checkout's file that called, or None."""
        names = self.known
        while frame is not None:
            code = frame.f_code
            path = code.co_filename
            name = names[path] if path in names else self.name_of(path)
            if name is not None:
                return name
            if code is self.executor and frame in self.executing:
                return self.executing[frame]
            frame = frame.f_back
        return None

    def kind_of_caller(self, frame):
        """Who was between the checkout's file that called and the event: the first that is not Python's own, of "import", "runner" and
        "library", else "own". The way to that file may be long, and need not be gone for this."""
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
        kind = self.kind_of_caller(frame)
        if kind in ("runner", "import"):
            return
        owner = self.caller(frame)
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
        if is_installed(path):
            return
        self.read(path, frame)

    def is_own_temporary(self, path):
        return any(is_inside(path, os.path.dirname(other)) for other, context in self.written.items() if context == self.context) or "pytest-of-" in path

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
                    if is_inside(path, self.checkout) and not is_installed(path):
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
            if is_inside(path, self.checkout) and path != self.checkout and not is_installed(path):
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
            "asksForWorker": any([asks_for_worker(module, self.silent) for module in list(sys.modules.values())]),
            "silent": sorted(self.silent),
        }


def addresses_of_databases():
    environments = json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))
    pairs = {(env.get("PGHOST", ""), env.get("PGPORT", "")) for env in [*environments.values(), dict(os.environ)]}
    return {(host, port) for host, port in pairs if host} | {("127.0.0.1", port) for host, port in pairs if host == "localhost"}
