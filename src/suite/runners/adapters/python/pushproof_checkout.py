"""Decides whether a path belongs to the verified checkout, to another checkout of the repository, or to an installed package."""

import os
import sys

ADAPTERS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PREFIX = os.path.realpath(sys.prefix)
directories = {}


def real_file(path):
    """A file's real path. Links on the way to its directory are followed once, however many of the directory's files are asked for."""
    if not os.path.isabs(path):
        return os.path.realpath(path)
    directory, name = os.path.split(path)
    real = directories.get(directory)
    if real is None:
        real = directories[directory] = os.path.realpath(directory)
    whole = os.path.join(real, name)
    return os.path.realpath(whole) if os.path.islink(whole) else whole


def editable_roots():
    """The directories that setuptools' editable installs map packages to."""
    for finder in sys.meta_path:
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapping, dict):
            for location in mapping.values():
                yield os.path.dirname(str(location))


def is_inside(path, root):
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def other_roots():
    return [root for root in os.environ.get("VERIFY_OTHER_CHECKOUTS", "").split(os.pathsep) if root]


def foreign_root(path):
    """The other checkout of the repository that contains a path; None for the verified one and for installed packages."""
    # Asked first: most repositories have no other checkout.
    others = [root for root in other_roots() if is_inside(path, root)]
    if not others:
        return None
    installed = any(part in path.split(os.sep) for part in ("site-packages", "dist-packages", "node_modules"))
    if installed or any(is_inside(path, place) for place in (os.environ.get("VERIFY_CHECKOUT", ""), ADAPTERS, PREFIX)):
        return None
    return max(others, key=len)


def foreign_files():
    """The files of all loaded modules that belong to another checkout, sorted."""
    if not other_roots():
        return []
    files = {real_file(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    return sorted(file for file in files if foreign_root(file))


def twin_of(entry):
    """The verified checkout's counterpart of a directory in another checkout, or None."""
    path = os.path.realpath(entry) if entry else ""
    root = foreign_root(path)
    twin = os.environ["VERIFY_CHECKOUT"] + path[len(root) :] if root else ""
    return twin if twin and os.path.isdir(twin) else None
