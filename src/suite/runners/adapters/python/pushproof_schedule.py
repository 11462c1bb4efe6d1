"""Assigns files to workers, the slowest first: among xdist's workers, and among separate processes."""

import json
import os

from pushproof_checkout import is_inside


def file_of(nodeid):
    return nodeid.split("::", 1)[0]


def expected_seconds(files, root):
    """The expected duration of each file; without any records, file sizes.

    Sizes and records are the same in every process, so all get the same result.
    """
    recorded = read_durations()
    checkout = os.path.realpath(os.environ.get("VERIFY_CHECKOUT", root))
    known, sizes = {}, {}
    for file in files:
        path = os.path.realpath(os.path.join(root, file))
        sizes[file] = os.path.getsize(path) if os.path.exists(path) else 0
        name = os.path.relpath(path, checkout) if is_inside(path, checkout) else path
        if name in recorded:
            known[file] = recorded[name]
    rate = sum(known.values()) / max(1, sum(sizes[file] for file in known)) if known else 1
    return {file: known.get(file, sizes[file] * rate) for file in files}


def read_durations():
    try:
        with open(os.environ["VERIFY_DURATIONS"], encoding="utf-8") as durations:
            return json.load(durations)
    except (KeyError, OSError, ValueError):
        return {}


def longest_first(files, root):
    seconds = expected_seconds(files, root)
    return sorted(files, key=lambda file: (-seconds[file], file)), seconds


def share_of(files, root, index, count):
    """The files of one of several processes: each file in turn goes to the process with the least work, then the fewest files."""
    ordered, seconds = longest_first(files, root)
    loads = [(0.0, 0)] * count
    own = set()
    for file in ordered:
        least = loads.index(min(loads))
        load, held = loads[least]
        loads[least] = (load + seconds[file], held + 1)
        if least == index:
            own.add(file)
    return own


def make_scheduler(config, log):
    """xdist's distribution by file, but the longest file first, and none is assigned before a worker has finished its last one.

    An xdist worker runs a test only when it knows the next one, so xdist assigns the next file while tests of the last one are
    pending, and a short file may wait for a long test. Here the last test of each file is sent twice: at this mark the worker
    waits for its next file, before fixtures are torn down that the next file may need.
    """
    from xdist.scheduler import LoadFileScheduling

    class LongestFileFirst(LoadFileScheduling):
        order = None

        def __init__(self, config, log):
            super().__init__(config, log)
            # The last test of each assigned file, and for each worker the one at whose mark it is.
            self.last_tests = set()
            self.at_mark = {}

        def _assign_work_unit(self, node):
            if self.order is None:
                ordered, _ = longest_first(list(self.workqueue), str(self.config.rootpath))
                self.order = {file: place for place, file in enumerate(ordered)}
            file = min(self.workqueue, key=lambda scope: self.order.get(scope, 0))
            tests = self.workqueue.pop(file)
            self.assigned_work.setdefault(node, {})[file] = tests
            place = {nodeid: index for index, nodeid in enumerate(self.registered_collections[node])}
            indices = [place[nodeid] for nodeid, completed in tests.items() if not completed]
            if indices:
                self.last_tests.add(self.registered_collections[node][indices[-1]])
                node.send_runtest_some([*indices, indices[-1]])
            else:
                self._reschedule(node)

        def mark_test_complete(self, node, item_index, duration=0):
            nodeid = self.registered_collections[node][item_index]
            if self.at_mark.get(node) == nodeid:
                del self.at_mark[node]
            elif nodeid in self.last_tests:
                self.at_mark[node] = nodeid
            super().mark_test_complete(node, item_index, duration)

        def remove_node(self, node):
            # At the mark a file is torn down: a worker that dies there dies in its last test, not in the next file's first.
            marked = self.at_mark.pop(node, None)
            begun = super().remove_node(node)
            return begun if marked is None else marked

        def _reschedule(self, node):
            if node.shutting_down or self._pending_of(self.assigned_work[node]) > 0:
                return
            if self.workqueue:
                self._assign_work_unit(node)
            else:
                node.shutdown()

    return LongestFileFirst(config, log)
