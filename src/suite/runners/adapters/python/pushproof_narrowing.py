"""Detects pytest options that leave out tests, from the command line, PYTEST_ADDOPTS or the configuration."""

import shlex

# Options of pytest and plugins (picked, testmon, split, shard, test-groups): how they choose tests, and how they are written.
# Options that only change the order (--ff, --nf, --picked=first) are not included.
REFUSED = (
    ("lf", "failures", "--lf"),
    ("stepwise", "failures", "--sw"),
    ("stepwise_skip", "failures", "--sw-skip"),
    ("testmon", "git", "--testmon"),
    ("testmon_forceselect", "git", "--testmon-forceselect"),
    ("picked", "git", "--picked"),
    ("splits", "number", "--splits"),
    ("num_shards", "number", "--num-shards"),
    ("test-group-count", "number", "--test-group-count"),
    ("collectonly", "all", "--collect-only"),
    ("setuponly", "all", "--setup-only"),
    ("setupplan", "all", "--setup-plan"),
)
# Options that always leave out the same tests.
CHOSEN = (
    ("keyword", "-k"),
    ("markexpr", "-m"),
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("ignore_glob", "--ignore-glob"),
)


def narrowings(config):
    """Pairs of how tests are chosen, and the option that does it."""
    option = vars(config.option)
    for name, by, word in REFUSED:
        if leaves_out(name, option):
            yield by, word
    for name, word in CHOSEN:
        value = option.get(name)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one:
                yield "choice", "%s %s" % (word, shlex.quote(str(one)))
    for path in named_paths(config):
        yield "choice", path


def leaves_out(name, option):
    value = option.get(name)
    if name == "testmon" and (option.get("testmon_noselect") or option.get("no-testmon")):
        return False
    if name == "picked" and value == "first":
        return False
    # A single part is everything.
    return value > 1 if type(value) is int else bool(value)


def named_paths(config):
    """The paths in the command line, unless they are everything. Before pytest 7.2 they cannot be told from `testpaths`."""
    source = getattr(config, "args_source", None)
    if source is None or source.name != "ARGS":
        return []
    return [path for path in map(str, config.args) if path not in (".", "./", str(config.rootpath))]


class Deselections:
    """Counts tests that are left out by something other than pytest's own options, such as a conftest's hook."""

    def __init__(self, tell):
        self.tell = tell
        self.count = 0

    def pytest_deselected(self, items):
        self.count += len(items)

    def pytest_collection_finish(self, session):
        option = session.config.option
        told = option.keyword or option.markexpr or getattr(option, "deselect", None)
        if self.count and not told:
            self.tell("%d deselected by a hook" % self.count)
