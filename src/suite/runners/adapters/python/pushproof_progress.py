"""Tells which file and test this process begins, and how each ended."""

import time

import pytest
from pushproof_distribution import worker_of
from pushproof_process import worker_id
from pushproof_reporter import reporter
from pushproof_schedule import file_of


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


class Outcomes:
    """Tells how each test ended, in the process that coordinates workers for those of all. A test is done after its teardown."""

    def __init__(self):
        self.failed = set()
        self.skipped = set()

    def pytest_runtest_logreport(self, report):
        worker, file = worker_of(report), report.nodeid.split("::")[0]
        # pytest-rerunfailures marks a failure that it retries.
        if report.outcome == "rerun":
            reporter.send(type="again", worker=worker, file=file, name=report.nodeid)
        if report.failed and report.nodeid not in self.failed:
            self.failed.add(report.nodeid)
            reporter.send(type="failed", worker=worker, file=file, name=report.nodeid)
        if report.skipped:
            self.skipped.add(report.nodeid)
        if report.when == "teardown" or (report.failed and report.when not in ("setup", "call")):
            # The worker's report that its next test has begun may have come first.
            is_skipped = report.nodeid in self.skipped and report.nodeid not in self.failed
            name = report.nodeid[len(file) + 2 :]
            reporter.send(type="done", worker=worker, file=file, name=name, skipped=is_skipped)
