"""Traces what each test file's results rest on: imports, functions, files. See docs/incremental.md.

Everything is attributed to a context: `T|FILE` while the tests of a file run, `C|FILE` while they are collected, `S|FIXTURE`
while a fixture of the session or of a package is made, `M|FILE` while a module is executed, and the empty one for the rest,
on which everything rests. coverage.py's contexts are the same.
"""

import json
import os
import sys
import threading

import pytest
from pushproof_schedule import file_of
from pushproof_tracer import Tracer
from pushproof_watching import fixture_context, watch_fixtures, watch_imports, watch_looks, watch_modules


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
