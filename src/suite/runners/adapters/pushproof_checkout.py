"""Decides whether a path belongs to the verified checkout, to another checkout of the repository, or to an installed package."""

import os
import sys


def editable_roots():
    """The directories that setuptools' editable installs map packages to."""
    for finder in sys.meta_path:
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapping, dict):
            for location in mapping.values():
                yield os.path.dirname(str(location))


def is_inside(path, root):
    return path == root or path.startswith(root + os.sep)


def foreign_root(path):
    """The other checkout of the repository that contains a path; None for the verified one and for installed packages."""
    checkout = os.environ.get("VERIFY_CHECKOUT", "")
    installed = any(part in path.split(os.sep) for part in ("site-packages", "dist-packages", "node_modules"))
    own = is_inside(path, os.path.dirname(os.path.realpath(__file__)))
    if not path or is_inside(path, checkout) or installed or own or is_inside(path, os.path.realpath(sys.prefix)):
        return None
    others = [root for root in os.environ.get("VERIFY_OTHER_CHECKOUTS", "").split(os.pathsep) if root]
    return next((root for root in sorted(others, key=len, reverse=True) if is_inside(path, root)), None)


def twin_of(entry):
    """The verified checkout's counterpart of a directory in another checkout, or None."""
    path = os.path.realpath(entry) if entry else ""
    root = foreign_root(path)
    twin = os.environ["VERIFY_CHECKOUT"] + path[len(root) :] if root else ""
    return twin if twin and os.path.isdir(twin) else None
