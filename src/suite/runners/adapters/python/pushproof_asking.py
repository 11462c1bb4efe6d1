"""Tells whether a module may ask which worker it runs in: then its results are not those of another worker."""

import os
import re

from pushproof_checkout import ADAPTERS, is_inside
from pushproof_owners import RUNNERS, is_installed

# What a text says that tells xdist's workers from other processes; alone.ts has the same for git.
ASKING = re.compile(rb"PYTEST_XDIST|workerinput|workeroutput|worker_?id|testrun_?uid|numprocesses|is_xdist|[\"']xdist|(?:import|from)\s+xdist")
# One of these words is in whatever that pattern finds.
ASKED = (b"XDIST", b"xdist", b"worker", b"testrun", b"numprocesses")


def asks_for_worker(module, silent):
    """Whether a module that is loaded may tell xdist's workers from other processes. Files of libraries in `silent` are known not to;
    those that are found not to are added."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str) or not path.endswith(".py") or path in silent:
        return False
    is_package = "-packages" + os.sep in path
    top = getattr(module, "__name__", "").split(".")[0]
    # Neither Python's own modules nor ours do, and of what runs the tests it is known.
    if is_installed(path) and (not is_package or is_inside(path, ADAPTERS) or top in RUNNERS):
        return False
    try:
        with open(path, "rb") as source:
            text = source.read()
    except OSError:
        return True
    # A pattern that begins with no letter of its own takes a hundred times as long as these words.
    asks = any(word in text for word in ASKED) and ASKING.search(text) is not None
    if is_package and not asks:
        silent.add(path)
    return asks
