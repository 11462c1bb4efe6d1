"""What keeps tests from being run by pytest's options, wherever they were given: command line, PYTEST_ADDOPTS, configuration."""

import shlex

# The name of an option of pytest or of a plugin, by what it leaves tests out, and how it is written.
REFUSED = (
    ("lf", "failures", "--lf"),
    ("stepwise", "failures", "--sw"),
    ("testmon", "git", "--testmon"),
    ("testmon_forceselect", "git", "--testmon-forceselect"),
    ("picked", "git", "--picked"),
    ("affected", "git", "--affected"),
    ("impacted", "git", "--impacted"),
    ("splits", "number", "--splits"),
    ("test_group_count", "number", "--test-group-count"),
    ("collectonly", "all", "--collect-only"),
    ("setuponly", "all", "--setup-only"),
    ("setupplan", "all", "--setup-plan"),
)
# What always leaves out the same. The order in which tests run (--ff, --nf) leaves out nothing.
CHOSEN = (
    ("keyword", "-k"),
    ("markexpr", "-m"),
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("ignore_glob", "--ignore-glob"),
)


def narrowings(config):
    """Pairs of by what tests are left out, and the words that do it."""
    option = config.option
    for name, by, word in REFUSED:
        if getattr(option, name, None) and not (name == "testmon" and getattr(option, "testmon_noselect", False)):
            yield by, word
    # A plugin of shards that are counted from one.
    if (getattr(option, "num_shards", None) or 1) > 1:
        yield "number", "--num-shards"
    for name, word in CHOSEN:
        value = getattr(option, name, None)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one:
                yield "choice", "%s %s" % (word, shlex.quote(str(one)))
    source = getattr(config, "args_source", None)
    if source is not None and source.name == "ARGS":
        for path in config.args:
            if path not in (".", "./", str(config.rootpath)):
                yield "choice", str(path)
