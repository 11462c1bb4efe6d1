"""Injected into pytest with `-p`, before any conftest: gives each xdist worker its database and reports progress.

It imports nothing but the standard library, pytest and its neighbors, and runs on every pytest since 7.
"""

import json
import os
import platform

import pytest
from pushproof_alive import end_quickly, watch_life
from pushproof_checkout import foreign_files
from pushproof_coverage import complete_coverage, leave_out_adapters, redirect_lcov
from pushproof_distribution import DistributedProgress, Marks, chosen_distribution
from pushproof_measuring import Measuring, Tested, follow_greenlets, keep_what_others_measured, start_quickly
from pushproof_narrowing import Deselections, narrowings
from pushproof_needed import load_needed, refuse_blocked, require
from pushproof_process import is_alone, is_coordinator, is_worker, options_arrived, own_environment, worker_id
from pushproof_progress import Outcomes, Visits
from pushproof_reporter import reporter
from pushproof_schema import SchemaKeeper
from pushproof_selection import Names, Selecting, selection
from pushproof_tracing import begin_tracing

if not options_arrived and reporter:
    reporter.send(type="refused", why="its command replaces PYTEST_ADDOPTS, which holds what was added to pytest")
    raise pytest.UsageError("pushproof needs the PYTEST_ADDOPTS that it was started with")


if not is_worker:
    require({**({"pytest-xdist": "xdist"} if is_coordinator else {}), "pytest-cov": "pytest_cov"})

names = Names(own_environment)
follow_greenlets()
start_quickly()
if is_worker:
    keep_what_others_measured()
tracing = begin_tracing(worker_id or "main")
recording = None


def pytest_addoption(parser, pluginmanager):
    load_needed(pluginmanager)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Runs before pytest-cov begins to measure, which is before any conftest."""
    if tracing:
        tracing.tracer.measuring = lambda: early_config.pluginmanager.get_plugin("_cov")
    refuse_blocked(early_config.pluginmanager)
    complete_coverage(early_config.known_args_namespace)
    outcome = yield
    if outcome.excinfo:
        tell_driver()
    leave_out_adapters(early_config.pluginmanager.get_plugin("_cov"))


def tell_driver():
    from pushproof_drivers import sqlalchemy_without_its_driver

    version = sqlalchemy_without_its_driver()
    if version and reporter:
        reporter.send(type="driver", sqlalchemy=version)


def tell_narrowings(config):
    """Ends a run that must not be narrowed."""
    found = list(narrowings(config))
    for by, word in found:
        reporter.send(type="narrowed", by=by, word=word)
    if os.environ.get("VERIFY_NARROWING") == "refused" and any(by != "choice" for by, _ in found):
        raise pytest.UsageError("pushproof does not run a part of the tests: %s" % ", ".join(word for _, word in found))


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
        if status != 0:
            tell_driver()
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
    """For serial runs; workers' collections are equal, and DistributedProgress reports them."""
    if reporter and not is_worker and not getattr(session.config.option, "numprocesses", None):
        reporter.send(type="collected", tests=len(session.items), all=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    names.learn(item.nodeid for item in items)


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
        config.pluginmanager.register(Outcomes(), "pushproof-outcomes")
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
