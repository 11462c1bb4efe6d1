"""Selects the collected tests that a process runs: its share of the files, or some tests in a given order."""

import hashlib
import json
import os
import re

import pytest
from pushproof_schedule import file_of, share_of


def read_selection():
    path = os.environ.get("VERIFY_SELECTION")
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


# What this process is limited to; None for everything.
selection = read_selection()


class Names:
    """Test ids without parts that differ by worker, so that ids of the same test are equal in all workers."""

    def __init__(self, own):
        # Short values, and values common to all workers, would match parts of names by chance.
        told_apart = [name for name in own if name not in ("PGHOST", "PGPORT", "PGUSER", "VERIFY_WORKER")]
        # A URL before its parts.
        self.values = sorted(((own[name], "{%s}" % name) for name in told_apart), key=lambda pair: -len(pair[0]))
        self.known = {}

    def learn(self, nodeids):
        """Names all collected tests. Ids that only differ by a worker's name, such as [gw0] and [gw1], are numbered."""
        count = {}
        for nodeid in sorted(nodeid for nodeid in nodeids if "[" in nodeid):
            plain = self.without_own(nodeid)
            count[plain] = count.get(plain, 0) + 1
            self.known[nodeid] = plain if count[plain] == 1 else "%s#%d" % (plain, count[plain])

    def plain(self, nodeid):
        return self.known.get(nodeid, nodeid)

    def without_own(self, nodeid):
        for value, name in self.values:
            if value:
                nodeid = nodeid.replace(value, name)
        head, bracket, parameters = nodeid.partition("[")
        # Matches any worker's name, as a hard-coded one is the own name of some worker.
        return head + bracket + re.sub(r"gw\d+", "{VERIFY_WORKER}", parameters)


class Selecting:
    """Keeps the collected tests that this process should run."""

    def __init__(self, selection, names):
        self.selection = selection
        self.names = names

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        ids = [self.names.plain(item.nodeid) for item in items]
        if self.selection["kind"] == "share":
            kept = self.of_share(items, ids, str(config.rootpath))
        else:
            by_id = dict(zip(ids, items))
            kept = [by_id[test["id"]] for test in self.selection["tests"] if test["id"] in by_id]
        chosen = set(map(id, kept))
        rest = [item for item in items if id(item) not in chosen]
        if rest:
            config.hook.pytest_deselected(items=rest)
        items[:] = kept

    def of_share(self, items, ids, root):
        """The tests of this process: of the shard's files, where there are shards, those of its share."""
        files = list(dict.fromkeys(file_of(item.nodeid) for item in items))
        shard = self.selection.get("shard")
        found = {}
        if shard is not None:
            every = sorted(files)
            dealt = share_of(every, root, shard["place"], shard["total"])
            files = [file for file in every if file in dealt]
            names = "\n".join(sorted(ids)).encode("utf-8", "surrogateescape")
            found = {"files": every, "own": files, "tests": hashlib.sha256(names).hexdigest()}
            kept = [(item, name) for item, name in zip(items, ids) if file_of(item.nodeid) in dealt]
            items, ids = [item for item, _ in kept], [name for _, name in kept]
        tell_collected({"ids": ids, **found})
        own = share_of(files, root, self.selection["index"], self.selection["count"])
        return [item for item in items if file_of(item.nodeid) in own]

    def pytest_ignore_collect(self, collection_path, config):
        """A file without selected tests need not be loaded, unless the command names files itself."""
        if self.selection["kind"] != "tests" or not collection_path.is_file():
            return None
        if collection_path.name in ("conftest.py", "__init__.py") or any(map(os.path.isfile, map(file_of, config.args))):
            return None
        wanted = {test["file"] for test in self.selection["tests"]}
        checkout = os.path.realpath(os.environ["VERIFY_CHECKOUT"])
        return True if os.path.relpath(os.path.realpath(collection_path), checkout) not in wanted else None


def tell_collected(found):
    """All workers of xdist find the same: whichever writes last, the file is whole."""
    path = os.environ["VERIFY_COLLECTED"]
    own = "%s.%d" % (path, os.getpid())
    with open(own, "w", encoding="utf-8") as collected:
        json.dump(found, collected)
    os.replace(own, path)
