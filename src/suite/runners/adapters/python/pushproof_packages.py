"""Says which Python this is and which packages it imports from, as one digest: what an earlier run's results rest on."""

import hashlib
import os
import sys


def digest_packages(paths, outside_of=(), by_content=False):
    """The digest of an interpreter and of the packages in its directories, but for those inside of some others. By content it is the
    same on machines on which the same packages lie elsewhere, or were installed at other times."""
    digest = hashlib.sha256(sys.version.encode())
    if not by_content:
        digest.update(os.path.realpath(sys.executable).encode("utf-8", "surrogateescape"))
    for path in dict.fromkeys(os.path.realpath(path) for path in paths if path):
        if any(path == other or path.startswith(other + os.sep) for other in outside_of) and "-packages" not in path:
            continue
        digest.update(b"\n" if by_content else path.encode("utf-8", "surrogateescape") + b"\n")
        for line in lines_about(path, by_content):
            digest.update((line + "\n").encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def lines_about(path, by_content):
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = entry.name
        if name == "__pycache__":
            continue
        try:
            if name.endswith((".pth", ".egg-link")):
                yield "%s %s" % (name, content_of(entry.path))
                continue
            # Whoever installs a package writes its record. A directory's own time changes with the first import.
            stated = os.path.join(entry.path, "RECORD") if name.endswith(".dist-info") else entry.path
            found = os.stat(stated)
            if entry.is_dir() and stated == entry.path:
                yield name
            elif by_content:
                yield "%s %s" % (name, content_of(stated))
            else:
                yield "%s %d %d" % (name, found.st_size, found.st_mtime_ns)
        except OSError:
            yield name


def content_of(path):
    with open(path, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


if __name__ == "__main__":
    # The script's own directory comes first.
    arguments = sys.argv[1:]
    by_content = "--by-content" in arguments
    print(digest_packages(sys.path[1:], [word for word in arguments if word != "--by-content"], by_content))
