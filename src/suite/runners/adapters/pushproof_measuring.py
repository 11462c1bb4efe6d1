"""What coverage.py is configured to measure, and the lines of files that nothing loaded and that it leaves out of its reports."""

import importlib.util
import json
import os
import sys

import pytest


def follow_greenlets():
    """SQLAlchemy waits for an asynchronous database in greenlets: coverage.py, unless it is told of them, loses the lines behind
    each such wait. What a project says of concurrency itself is kept."""
    # From Python 3.14 on it measures in another way, which follows them by itself.
    if importlib.util.find_spec("greenlet") is None or sys.version_info >= (3, 14):
        return
    try:
        from coverage import Coverage
        from coverage.tracer import CTracer  # noqa: F401, the only one that can
    except ImportError:
        return
    start = Coverage.start

    def start_following(cov):
        kinds = list(cov.get_option("run:concurrency") or [])
        is_other = os.environ.get("COVERAGE_CORE", "ctrace") != "ctrace" or getattr(cov.config, "core", None) not in (None, "ctrace")
        if not is_other and not cov.get_option("run:timid") and set(kinds) <= {"thread", "multiprocessing"}:
            cov.set_option("run:concurrency", [*(kinds or ["thread"]), "greenlet"])
        return start(cov)

    Coverage.start = start_following


def read_files():
    """The files that the verifier asks about: see source-files.ts."""
    path = os.environ.get("VERIFY_SOURCE_FILES")
    if not path:
        return {"files": [], "countable": [], "isConfigured": True}
    with open(path, encoding="utf-8") as files:
        return json.load(files)


class Rules:
    """Which files count, by the configuration of a coverage object that was started: coverage.py's own matching."""

    def __init__(self, cov):
        inorout = cov._inorout
        packages = list(getattr(inorout, "source_pkgs", None) or [])
        # Before coverage.py 7.8 the directories are called `source`.
        directories = getattr(inorout, "source_dirs", None) or getattr(inorout, "source", None) or []
        self.places = [os.path.realpath(path) for path in [*directories, *places_of(packages)]]
        self.names_source = bool(directories or packages)
        # With a source, coverage.py passes over `include`.
        self.includes = [] if self.names_source else matchers(inorout.include_match)
        self.omits = matchers(inorout.omit_match)
        self.includes += report_matchers(cov.get_option("report:include"))
        self.omits += report_matchers(cov.get_option("report:omit"))

    def leaves_out(self, file):
        """Patterns of `include` leave out what matches none of them; they name nothing that has to be there."""
        included = all(matcher.match(file) for matcher in self.includes)
        return not included or any(matcher.match(file) for matcher in self.omits)

    def name(self, file):
        inside = any(within(file, place) for place in self.places)
        return inside and not self.leaves_out(file)


def matchers(matcher):
    return [] if matcher is None else [matcher]


def report_matchers(patterns):
    if not patterns:
        return []
    from coverage import files

    # Before coverage.py 7 the matcher has another name.
    matcher = getattr(files, "GlobMatcher", None) or files.FnmatchMatcher
    return [matcher(files.prep_patterns(patterns))]


def places_of(packages):
    """Where packages lie that are named as source; one that cannot be found is coverage.py's own affair."""
    for package in packages:
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, AttributeError, ValueError):
            continue
        if spec is not None:
            yield from spec.submodule_search_locations or [spec.origin or ""]


class Measuring:
    """In the process that writes the coverage report: tells what is measured, and counts what nothing loaded."""

    def __init__(self, send):
        self.send = send
        self.asked = read_files()
        self.lcov = os.environ.get("VERIFY_LCOV")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session):
        controller = getattr(session.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
        # Once the tests are done, this is another one, which was never started and knows no rules.
        started = getattr(controller, "cov", None)
        directory = os.getcwd()
        yield
        if started is None:
            return
        try:
            self.tell(controller.cov, Rules(started), os.path.realpath(directory))
        except Exception as error:
            # Another coverage.py than those that are known: then the verifier hears nothing, and says less.
            print("pushproof cannot read the rules of coverage.py: %s: %s" % (type(error).__name__, error))

    def tell(self, cov, rules, directory):
        files = self.asked["files"]
        left = [file for file in files if rules.leaves_out(file)]
        if not rules.names_source:
            self.send(type="measures", named=None, left=left)
            return
        listed = {os.path.realpath(os.path.join(directory, file)) for file in cov.get_data().measured_files()}
        unlisted = [file for file in self.asked["countable"] if file not in listed and rules.name(file)]
        tops = {top_of(file, directory) for file in listed}
        strange = {file for file in unlisted if self.is_strange(file, rules, directory, tops)}
        self.send(type="measures", named=[file for file in files if rules.name(file) and file not in strange], left=left)
        # coverage.py lists what nothing loaded in packages only: all other files of the source get a report of their own.
        missing = [file for file in unlisted if file not in strange]
        if missing and self.lcov:
            cov.lcov_report(morfs=missing, outfile=self.lcov + ".unloaded", ignore_errors=True)

    def is_strange(self, file, rules, directory, tops):
        """Where coverage.py's own configuration says `source = .`, docs and examples, of which nothing was loaded, are not meant."""
        narrower = [place for place in rules.places if place != directory]
        if self.asked["isConfigured"] or any(within(file, place) for place in narrower):
            return False
        return top_of(file, directory) not in tops


def top_of(file, directory):
    """The first directory below another one that a file lies in."""
    return os.path.relpath(file, directory).split(os.sep)[0]


def within(path, directory):
    return path == directory or path.startswith(directory + os.sep)


class Tested:
    """In every process that collects: tells test files from source that holds tests, such as doctests, or that a linter checks."""

    def __init__(self, send):
        self.send = send

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        files = {str(item.path) for item in items}
        tests = {str(item.path) for item in items if isinstance(item, pytest.Function)}
        self.send(type="tested", files=sorted(files - tests), testFiles=sorted(tests))
