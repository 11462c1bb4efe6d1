"""How xdist shares out the tests among its workers, and what it says of them."""

import pytest
from pushproof_reporter import reporter
from pushproof_schedule import make_scheduler


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


def worker_of(report):
    node = getattr(report, "node", None)
    return node.gateway.id if node is not None else "master"


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
