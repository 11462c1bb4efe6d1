"""Injected into pytest with `-p`, before any conftest: gives each xdist worker its database and reports progress.

It imports nothing but the standard library, pytest and its neighbors, and runs on every pytest since 7.
"""

import importlib.util
import json
import os
import platform
import socket
import sys
import time

import pytest
from pushproof_alive import end_quickly, watch_life
from pushproof_checkout import editable_roots, foreign_files, twin_of
from pushproof_measuring import Measuring, Tested, follow_greenlets, keep_what_others_measured, start_quickly
from pushproof_narrowing import Deselections, narrowings
from pushproof_schema import SchemaKeeper
from pushproof_schedule import file_of, make_scheduler
from pushproof_selection import Names, Selecting, read_selection
from pushproof_tracing import begin_tracing

worker_id = os.environ.get("PYTEST_XDIST_WORKER")
is_worker = worker_id is not None
is_coordinator = not is_worker and os.environ.get("VERIFY_WORKERS", "1") != "1"


def take_over_environment():
    """Makes the environment this worker's own, so that code that reads it at import time finds its database."""
    environments = json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))
    if not is_worker:
        return environments.get("master", {})
    # Child processes of tests must not find the other workers' databases.
    os.environ.pop("VERIFY_WORKER_ENVIRONMENTS", None)
    if worker_id not in environments:
        raise SystemExit("pushproof prepared no database for worker %s: is another -n in force?" % worker_id)
    os.environ.update(environments[worker_id])
    return environments[worker_id]


def restore_options():
    """A pytest that a test starts is the user's own, not part of this run."""
    if is_coordinator:
        return  # The workers still need them, and no test runs here.
    original = os.environ.pop("VERIFY_ORIGINAL_PYTHONPATH", None)
    if original is None:
        return
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH"):
        os.environ.pop(name, None)
    if original:
        os.environ["PYTHONPATH"] = original


def put_checkout_first():
    """If another checkout is installed in the environment, imports are redirected to the verified one."""
    if is_worker:
        return
    twins = [twin_of(entry) for entry in [*sys.path, *editable_roots()]]
    first = list(dict.fromkeys(twin for twin in twins if twin))
    if first:
        sys.path[:0] = first
        rest = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([*first, rest] if rest else first)


def look_like_a_worker():
    """One process runs few files in place of a worker: what a worker's tests see of the command line."""
    is_alone = os.environ.pop("VERIFY_ALONE", None) is not None
    if is_alone:
        sys.argv[:] = ["-c"]
    return is_alone


names = Names(take_over_environment())
selection = read_selection()
options_arrived = is_worker or __name__ in os.environ.get("PYTEST_ADDOPTS", "")
restore_options()
put_checkout_first()
is_alone = look_like_a_worker()


class Reporter:
    """Sends progress to the verifier, one JSON object per line. Ignores that the verifier stopped listening."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)

    def send(self, **message):
        try:
            self.socket.sendall((json.dumps(message) + "\n").encode())
        except OSError:
            pass


def open_reporter():
    """Connected before tests can replace sockets; a worker without a connection still works."""
    path = os.environ.get("VERIFY_PROGRESS")
    try:
        return Reporter(path) if path else None
    except OSError:
        if is_worker:
            return None
        raise


reporter = open_reporter()


def require(packages):
    """All missing packages are reported at once, so that one installation is enough."""
    missing = [package for package, module in packages.items() if importlib.util.find_spec(module) is None]
    for package in missing:
        if reporter:
            reporter.send(type="missing", package=package)
    if missing:
        raise pytest.UsageError("pushproof needs %s here" % ", ".join(missing))


if not options_arrived and reporter:
    reporter.send(type="refused", why="its command replaces PYTEST_ADDOPTS, which holds what was added to pytest")
    raise pytest.UsageError("pushproof needs the PYTEST_ADDOPTS that it was started with")


if not is_worker:
    require({**({"pytest-xdist": "xdist"} if is_coordinator else {}), "pytest-cov": "pytest_cov"})

follow_greenlets()
start_quickly()
if is_worker:
    keep_what_others_measured()
tracing = begin_tracing(worker_id or "main")
recording = None


def pytest_addoption(parser, pluginmanager):
    """Loads pytest-cov and xdist where needed: the project may disable plugins in general (PYTEST_DISABLE_PLUGIN_AUTOLOAD) or
    these in particular (`-p no:`)."""
    for name in ["pytest_cov", "xdist"] if is_worker or is_coordinator else ["pytest_cov"]:
        # Before pytest 8.1 a blocked plugin stays blocked.
        getattr(pluginmanager, "unblock", str)(name)
        pluginmanager.import_plugin(name, consider_entry_points=True)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Runs before pytest-cov begins to measure, which is before any conftest."""
    if tracing:
        tracing.tracer.measuring = lambda: early_config.pluginmanager.get_plugin("_cov")
    refuse_blocked(early_config.pluginmanager)
    complete_coverage(early_config.known_args_namespace)
    yield
    leave_out_adapters(early_config.pluginmanager.get_plugin("_cov"))


def refuse_blocked(pluginmanager):
    for name in ("pytest_cov", "xdist"):
        if not is_worker and pluginmanager.is_blocked(name) and (name != "xdist" or is_coordinator):
            why = "`-p no:%s` keeps a plugin away that is needed to %s: take it out"
            reporter.send(type="refused", why=why % (name, "measure" if name == "pytest_cov" else "run workers"))
            raise pytest.UsageError("pushproof needs the plugin %s" % name)


def complete_coverage(option):
    """The project's own source setting takes precedence, then the suite's, else everything is measured."""
    sources = json.loads(os.environ.get("VERIFY_COVERAGE_SOURCE", "null"))
    if sources is None or not hasattr(option, "cov_source"):
        return
    named = [source for source in option.cov_source or [] if source is not True]
    if not named:
        option.cov_source = sources or [True]
    if selection is not None and not is_worker:
        # The thresholds of the whole do not apply to a share.
        tell_threshold(option.cov_fail_under)
        option.cov_fail_under = 0


def tell_threshold(percent):
    if percent:
        reporter.send(type="threshold", lines=percent)


def leave_out_adapters(coverage):
    """Our plugins are not part of the project's code, and must not count in its own total."""
    controller = getattr(coverage, "cov_controller", None)
    if selection is not None and controller is not None:
        tell_threshold(controller.cov.get_option("report:fail_under"))
    own = os.path.join(os.path.dirname(os.path.realpath(__file__)), "*")
    for cov in (getattr(controller, "cov", None), getattr(controller, "combining_cov", None)):
        if cov is not None:
            cov.set_option("report:omit", [*(cov.get_option("report:omit") or cov.get_option("run:omit") or []), own])


def redirect_lcov(config):
    """Makes coverage write the LCOV file where the verifier reads it, even where the user's flags name another place."""
    coverage = config.pluginmanager.get_plugin("_cov")
    for holder in (config.option, getattr(coverage, "options", None)):
        reports = getattr(holder, "cov_report", None)
        if isinstance(reports, dict) and "VERIFY_LCOV" in os.environ:
            reports["lcov"] = os.environ["VERIFY_LCOV"]


def chosen_distribution(config):
    """The user's own choice: our flags come after those of the ini file and before those of the command line."""
    words = [str(word) for word in config.invocation_params.args]
    if any(word.startswith("--dist") for word in words):
        return config.option.dist
    written = config.getini("addopts") or []
    for place, word in enumerate(written):
        if word.startswith("--dist="):
            return word.split("=", 1)[1]
        if word == "--dist" and place + 1 < len(written):
            return written[place + 1]
    return config.option.dist


def tell_narrowings(config):
    """Ends a run that must not be narrowed."""
    told = list(narrowings(config))
    for by, word in told:
        reporter.send(type="narrowed", by=by, word=word)
    if os.environ.get("VERIFY_NARROWING") == "refused" and any(by != "choice" for by, _ in told):
        raise pytest.UsageError("pushproof does not run a part of the tests: %s" % ", ".join(word for _, word in told))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Sets the planned number of workers, as each has a database."""
    complete_coverage(config.option)
    if not is_worker:
        workers = int(os.environ.get("VERIFY_WORKERS", "1"))
        if hasattr(config.option, "numprocesses"):
            # As many as have variables: fewer start where fewer files run.
            started = set(json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))) - {"master"}
            config.option.numprocesses = len(started) if workers > 1 else 0
            config.option.maxprocesses = None
            if workers > 1:
                config.option.dist = chosen_distribution(config)
        junit = os.environ.get("VERIFY_JUNIT")
        if junit:
            config.option.xmlpath = junit
        redirect_lcov(config)
        if reporter:
            runtime = "python " + platform.python_version()
            reporter.send(type="hello", root=str(config.rootpath), directory=os.getcwd(), runtime=runtime)
            tell_narrowings(config)
    outcome = yield
    if reporter and not is_worker:
        # A pipe after the command hides its exit code, so it is reported here.
        if recording:
            recording.write()
        status = 3 if outcome.excinfo else int(outcome.get_result() or 0)
        reporter.send(type="end", status=status)
        watch_life(reporter.send, status)
        if is_alone:
            end_quickly()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    """Runs before the test's setup, as a skip mark ends it there."""
    item.user_properties.append(("verify_worker", worker_id or "master"))
    item.user_properties.append(("verify_id", names.plain(item.nodeid)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Child processes of tests write their own coverage data; this run's file is already open."""
    if is_worker or os.environ.get("VERIFY_WORKERS", "1") == "1":
        os.environ.pop("COVERAGE_FILE", None)


def tell_stop(session):
    """Stopping at the last test counts as a stop too, although nothing was left out: this is the safe side."""
    option = session.config.option
    most = getattr(option, "maxfail", 0)
    if reporter and not is_worker and most and session.testsfailed >= most:
        reporter.send(type="stopped", word="-x" if most == 1 else "--maxfail=%d" % most)


def pytest_sessionfinish(session):
    """Reports imported code of another checkout, which was tested instead of the verified code."""
    tell_stop(session)
    foreign = foreign_files()
    if foreign and reporter:
        reporter.send(type="foreign", files=foreign)


def pytest_collection_finish(session):
    """For serial runs; workers' collections are equal and reported by the hook below."""
    if reporter and not is_worker and not getattr(session.config.option, "numprocesses", None):
        reporter.send(type="collected", tests=len(session.items), all=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    names.learn(item.nodeid for item in items)


class DistributedProgress:
    collected = False

    def __init__(self):
        # Workers that died without a known test.
        self.lost = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        node.workerinput["pushproof_marks"] = self.replaces_scheduler(node.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        if error:
            self.lost.add(node.gateway.id)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report):
        self.lost.discard(worker_of(report))

    def pytest_sessionfinish(self):
        """A worker that dies after its last test fails no test, and xdist passes, but the worker's coverage is lost."""
        for worker in sorted(self.lost):
            reporter.send(type="error", message="worker %s died before it finished" % worker)

    def pytest_xdist_node_collection_finished(self, node, ids):
        if reporter and not self.collected:
            self.collected = True
            reporter.send(type="collected", tests=len(ids), all=True)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_xdist_make_scheduler(self, config, log):
        """Replaces xdist's own distribution by file; other distributions and a project's own scheduler are kept."""
        return make_scheduler(config, log) if self.replaces_scheduler(config) else None

    def replaces_scheduler(self, config):
        others = config.hook.pytest_xdist_make_scheduler.get_hookimpls()
        own = all(isinstance(impl.plugin, DistributedProgress) or impl.plugin_name == "dsession" for impl in others)
        return config.getvalue("dist") == "loadfile" and own


def tell_choice(word):
    reporter.send(type="narrowed", by="choice", word=word)


def pytest_configure(config):
    if selection is not None and not is_coordinator:
        config.pluginmanager.register(Selecting(selection, names), "pushproof-selection")
    if tracing:
        trace(config)
    if reporter:
        config.pluginmanager.register(Visits(), "pushproof-visits")
    if is_worker and config.workerinput.get("pushproof_marks"):
        # Registered last, so it runs before the visits: a repeated test does not begin again.
        config.pluginmanager.register(Marks(), "pushproof-marks")
    if not reporter:
        return
    if os.environ.get("VERIFY_SCHEMA") == "reset" and not is_coordinator:
        config.pluginmanager.register(SchemaKeeper(reporter.send), "pushproof-schema")
    config.pluginmanager.register(Tested(reporter.send), "pushproof-tested")
    if not is_worker:
        config.pluginmanager.register(Measuring(reporter.send), "pushproof-measuring")
    if selection is None:
        config.pluginmanager.register(Deselections(tell_choice), "pushproof-deselections")
    if not is_worker and config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(DistributedProgress(), "pushproof-distributed")


def trace(config):
    """Registered before others, so that what these do belongs to no test."""
    global recording
    from pushproof_record import Leaving, Recording, read_reused

    config.pluginmanager.register(tracing, "pushproof-tracing")
    if not is_worker:
        recording = Recording(tracing)
        config.pluginmanager.register(recording, "pushproof-recording")
    reused = read_reused()
    if reused is not None and not is_coordinator:
        config.pluginmanager.register(Leaving(tracing.tracer, reused), "pushproof-leaving")


class Marks:
    """For workers whose scheduler repeats the last test of a file; see make_scheduler."""

    def __init__(self):
        self.begun = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if item not in self.begun:
            self.begun.add(item)
            return None
        call = pytest.CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown")
        if call.excinfo is not None:
            # As if the worker had known the next test at the end of the last one.
            item.ihook.pytest_runtest_logreport(report=item.ihook.pytest_runtest_makereport(item=item, call=call))
        return True

    def pytest_runtest_teardown(self, item, nextitem):
        if nextitem is item:
            item.session._setupstate.teardown_exact(item.parent)


def worker_of(report):
    node = getattr(report, "node", None)
    return node.gateway.id if node is not None else "master"


class Visits:
    """Reports the file that this process begins, before its first fixture is set up."""

    file = None
    # Stored under a name that libraries which fake the clock do not replace.
    clock = (time.time,)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        worker, file = worker_id or "master", file_of(item.nodeid)
        if file != self.file:
            self.file = file
            reporter.send(type="file", worker=worker, file=file, at=int(self.clock[0]() * 1000))
        reporter.send(type="begin", worker=worker, file=file, name=item.nodeid[len(file) + 2 :])


failed = set()
skipped = set()


def pytest_runtest_logreport(report):
    """Runs in the controller for every worker's report. A test is done after its teardown."""
    if not reporter or is_worker:
        return
    worker, file = worker_of(report), report.nodeid.split("::")[0]
    # pytest-rerunfailures marks a failure that it retries.
    if report.outcome == "rerun":
        reporter.send(type="again", worker=worker, file=file, name=report.nodeid)
    if report.failed and report.nodeid not in failed:
        failed.add(report.nodeid)
        reporter.send(type="failed", worker=worker, file=file, name=report.nodeid)
    if report.skipped:
        skipped.add(report.nodeid)
    if report.when == "teardown" or (report.failed and report.when not in ("setup", "call")):
        # The worker's report that its next test has begun may have come first.
        is_skipped = report.nodeid in skipped and report.nodeid not in failed
        name = report.nodeid[len(file) + 2 :]
        reporter.send(type="done", worker=worker, file=file, name=name, skipped=is_skipped)
