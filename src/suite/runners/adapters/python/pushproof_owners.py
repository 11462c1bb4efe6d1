"""Whose a file or a frame is that is not the checkout's: the import system's, the runner's, Python's, or a library's."""

import os
import sysconfig

from pushproof_checkout import ADAPTERS, is_inside, real_file

# What runs the tests: files that it reads by itself are no part of what they rest on.
RUNNERS = ("_pytest", "pytest", "pluggy", "coverage", "pytest_cov", "xdist", "execnet", "iniconfig", "__channelexec__")
STANDARD = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
# These keep what they read, for whoever asks next.
KEEPING = ("gettext", "locale", "mimetypes", "zipimport", "shelve", "dbm")

KINDS = {}


def kind_of_frame(path, module):
    """Who a frame belongs to: the import system, the runner, Python itself ("standard"), or a library."""
    kind = KINDS.get((path, module))
    if kind is None:
        kind = KINDS[(path, module)] = read_kind(path, module.split(".")[0])
    return kind


def read_kind(path, top):
    if path.startswith(("<frozen importlib", "<frozen zipimport")):
        return "import"
    real = real_file(path)
    if top in RUNNERS or is_inside(real, ADAPTERS):
        return "runner"
    if top in KEEPING:
        return "library"
    isStandard = path.startswith("<") or any(is_inside(real, place) for place in STANDARD)
    return "standard" if isStandard and "-packages" + os.sep not in real else "library"


def is_installed(path):
    """What the digest of installed packages and the version of Python stand for."""
    if "-packages" + os.sep in path:
        return True
    return any(is_inside(path, place) for place in STANDARD) or is_inside(path, ADAPTERS)
