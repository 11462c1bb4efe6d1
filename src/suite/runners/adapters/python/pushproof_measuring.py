"""Reports what coverage.py is configured to measure, and counts the lines of unloaded files, which its reports omit."""

import contextlib
import importlib.util
import json
import os
import sys
import weakref

import pytest
from pushproof_checkout import is_inside


def follow_greenlets():
    """SQLAlchemy awaits asynchronous databases in greenlets: unless coverage.py is configured for them, it misses the lines after
    each wait. A project's own concurrency setting is kept."""
    # From Python 3.14 on, coverage.py's measurement follows greenlets by itself.
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
        with quick_stacks():
            return start(cov)

    Coverage.start = start_following


def keep_what_others_measured():
    """pytest-cov has every worker remove all data files as it starts, also those that faster workers write to already."""
    own = os.environ.get("COVERAGE_FILE")
    try:
        from coverage import CoverageData
    except ImportError:
        return
    erase = CoverageData.erase

    def erase_own(data, parallel=False):
        return erase(data, parallel=parallel and data.data_filename() != own)

    if own is not None:
        CoverageData.erase = erase_own


def start_quickly():
    """coverage.py notes the call stack that it is started from, for its own debugging alone: to describe it Python looks for the file of
    every module, which takes longer than the rest of the start."""
    try:
        from coverage import Coverage, collector
    except ImportError:
        return
    start, describe = Coverage.start, getattr(collector, "short_stack", None)
    if describe is None:
        return

    def start_undescribed(cov):
        collector.short_stack = str
        try:
            return start(cov)
        finally:
            collector.short_stack = describe

    Coverage.start = start_undescribed


class Stacks(dict):
    """What coverage.py's tracer looks up at every call: the stack of the greenlet that runs. It takes a WeakKeyDictionary, whose lookup
    is Python code and costs three times what the tracer does otherwise; a dictionary's is not. Main greenlets stay in it, of the others the
    one that ran last."""

    def __init__(self, stacks):
        self.stacks = stacks
        self.last = None

    def __setitem__(self, greenlet, stack):
        self.stacks[greenlet] = stack
        self.hold(greenlet, stack)

    def __missing__(self, greenlet):
        stack = self.stacks[greenlet]
        self.hold(greenlet, stack)
        return stack

    def hold(self, greenlet, stack):
        if getattr(greenlet, "parent", self) is not None:
            self.pop(self.last, None)
            self.last = greenlet
        super().__setitem__(greenlet, stack)


@contextlib.contextmanager
def quick_stacks():
    """Gives the tracer that is made within the block its stacks; other threads' tracers have their own, as ever."""
    real = weakref.WeakKeyDictionary

    def make(*arguments):
        made = real(*arguments)
        return Stacks(made) if sys._getframe(1).f_code.co_name == "_start_tracer" else made

    weakref.WeakKeyDictionary = make
    try:
        yield
    finally:
        weakref.WeakKeyDictionary = real


def read_files():
    """The files that the verifier asks about; see source-files.ts."""
    path = os.environ.get("VERIFY_SOURCE_FILES")
    if not path:
        return {"files": [], "countable": [], "isConfigured": True}
    with open(path, encoding="utf-8") as files:
        return json.load(files)


class Rules:
    """Which files count, by coverage.py's own matching; requires a coverage object that was started."""

    def __init__(self, cov):
        inorout = cov._inorout
        packages = list(getattr(inorout, "source_pkgs", None) or [])
        # Before coverage.py 7.8 the directories are called `source`.
        directories = getattr(inorout, "source_dirs", None) or getattr(inorout, "source", None) or []
        self.places = [os.path.realpath(path) for path in [*directories, *places_of(packages)]]
        self.names_source = bool(directories or packages)
        # With a source, coverage.py ignores `include`.
        self.includes = [] if self.names_source else matchers(inorout.include_match)
        self.omits = matchers(inorout.omit_match)
        self.includes += report_matchers(cov.get_option("report:include"))
        self.omits += report_matchers(cov.get_option("report:omit"))

    def leaves_out(self, file):
        """Patterns of `include` only exclude other files; they do not require that files exist."""
        included = all(matcher.match(file) for matcher in self.includes)
        return not included or any(matcher.match(file) for matcher in self.omits)

    def name(self, file):
        inside = any(is_inside(file, place) for place in self.places)
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
    """The directories of packages that are named as source; missing ones are left to coverage.py."""
    for package in packages:
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, AttributeError, ValueError):
            continue
        if spec is not None:
            yield from spec.submodule_search_locations or [spec.origin or ""]


def parse_once(controller):
    """pytest-cov makes a report for the total and one for each form that is asked for: each parses all files again."""
    summary = getattr(controller, "summary", None)
    if summary is None:
        return

    def summary_of_parsed(stream):
        cov = controller.cov
        find = getattr(cov, "_get_file_reporter", None)
        if find is None:
            return summary(stream)
        found = {}

        def find_once(file):
            if not isinstance(file, str):
                return find(file)
            if file not in found:
                found[file] = find(file)
            return found[file]

        cov._get_file_reporter = find_once
        try:
            return summary(stream)
        finally:
            del cov._get_file_reporter

    controller.summary = summary_of_parsed


class Measuring:
    """Runs in the process that writes the coverage report: reports what is measured, and counts unloaded files."""

    def __init__(self, send):
        self.send = send
        self.asked = read_files()
        self.lcov = os.environ.get("VERIFY_LCOV")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session):
        controller = getattr(session.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
        # After the tests this is another object, which was never started and has no matchers.
        started = getattr(controller, "cov", None)
        directory = os.getcwd()
        parse_once(controller)
        yield
        if started is None:
            return
        try:
            self.tell(controller.cov, Rules(started), os.path.realpath(directory))
        except Exception as error:
            # An unknown version of coverage.py: nothing is reported, and the verifier's report has less detail.
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
        # coverage.py only lists unloaded files of packages, so the other source files get a report of their own.
        missing = [file for file in unlisted if file not in strange]
        if missing and self.lcov:
            cov.lcov_report(morfs=missing, outfile=self.lcov + ".unloaded", ignore_errors=True)

    def is_strange(self, file, rules, directory, tops):
        """With `source = .`, docs and examples of which nothing was loaded are left out."""
        narrower = [place for place in rules.places if place != directory]
        if self.asked["isConfigured"] or any(is_inside(file, place) for place in narrower):
            return False
        return top_of(file, directory) not in tops


def top_of(file, directory):
    """The first directory below another one that contains a file."""
    return os.path.relpath(file, directory).split(os.sep)[0]


class Tested:
    """Runs in every process that collects: separates test files from source with tests (doctests) and from linted files."""

    def __init__(self, send):
        self.send = send

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        files = {str(item.path) for item in items}
        tests = {str(item.path) for item in items if isinstance(item, pytest.Function)}
        self.send(type="tested", files=sorted(files - tests), testFiles=sorted(tests))
