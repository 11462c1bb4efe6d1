"""Says which Python this is and which packages it imports from, as one digest: what an earlier run's results rest on."""

import hashlib
import os
import sys


def digest_packages(paths, outside_of=()):
    """The digest of an interpreter and of the packages in its directories, but for those inside of some others."""
    digest = hashlib.sha256(("%s\n%s\n" % (sys.version, os.path.realpath(sys.executable))).encode())
    for path in dict.fromkeys(os.path.realpath(path) for path in paths if path):
        if any(path == other or path.startswith(other + os.sep) for other in outside_of) and "-packages" not in path:
            continue
        for line in lines_about(path):
            digest.update((line + "\n").encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def lines_about(path):
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:
        return
    yield path
    for entry in entries:
        name = entry.name
        if name == "__pycache__":
            continue
        try:
            if name.endswith((".pth", ".egg-link")):
                with open(entry.path, "rb") as content:
                    yield "%s %s" % (name, hashlib.sha256(content.read()).hexdigest())
                continue
            # Whoever installs a package writes its record. A directory's own time changes with the first import.
            stated = os.path.join(entry.path, "RECORD") if name.endswith(".dist-info") else entry.path
            found = os.stat(stated)
            yield name if entry.is_dir() and stated == entry.path else "%s %d %d" % (name, found.st_size, found.st_mtime_ns)
        except OSError:
            yield name


if __name__ == "__main__":
    # The script's own directory comes first.
    print(digest_packages(sys.path[1:], sys.argv[1:]))
