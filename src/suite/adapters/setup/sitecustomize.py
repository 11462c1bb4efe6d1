"""Imported by every Python that `database.setup` starts in a worktree: code comes from there, not from where it was installed.

Only what leads to another checkout gets a twin, right before it, so that nothing else is found in another place than before.
"""

import os
import sys

installed_parts = {"site-packages", "dist-packages", "node_modules"}


def twin_of(entry):
    """The directory of the verified checkout that stands for one of another checkout, or None."""
    checkout = os.environ.get("VERIFY_CHECKOUT", "")
    path = os.path.realpath(entry) if entry else ""
    if not checkout or not path or installed_parts.intersection(path.split(os.sep)) or is_inside(path, checkout):
        return None
    others = [root for root in os.environ.get("VERIFY_OTHER_CHECKOUTS", "").split(os.pathsep) if root]
    for root in sorted(others, key=len, reverse=True):
        if is_inside(path, root):
            twin = checkout + path[len(root) :]
            return twin if os.path.isdir(twin) else None
    return None


def is_inside(path, root):
    return path == root or path.startswith(root + os.sep)


def editable_roots():
    """The directories that setuptools' editable installs map packages to; its finders are asked after sys.path."""
    for finder in sys.meta_path:
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapping, dict):
            for location in mapping.values():
                yield os.path.dirname(str(location))


def put_checkout_first():
    mapped = [twin_of(root) for root in editable_roots()]
    entries = [[twin_of(entry), entry] for entry in sys.path]
    sys.path[:] = [path for pair in entries for path in pair if path is not None] + [twin for twin in mapped if twin]


def hand_on():
    """This file stands in the way of the environment's own one."""
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != here]
    this = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        sys.modules["sitecustomize"] = this


put_checkout_first()
hand_on()
