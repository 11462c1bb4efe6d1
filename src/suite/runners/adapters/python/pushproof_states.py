"""What pushproof_record.py writes and pushproof_reach.py compares: states of paths, and lines of coverage. The latter runs without pytest,
which takes longer to load than all that pushproof_reach.py does."""

import hashlib
import os


def state_of(path):
    """A text that is the same only while what is there is the same: a file's content, a directory's names, or nothing."""
    try:
        if os.path.isdir(path):
            return "directory " + hashlib.sha256("\n".join(sorted(os.listdir(path))).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        with open(path, "rb") as content:
            return "file " + hashlib.sha256(content.read()).hexdigest()[:32]
    except FileNotFoundError:
        return "nothing"
    except OSError as error:
        return "unreadable %s" % error.errno


def lines_of(pairs):
    """The lines that ran, of what was measured: lines, or pairs of lines that followed each other."""
    for pair in pairs:
        if isinstance(pair, (list, tuple)):
            yield from (line for line in pair if line > 0)
        elif pair > 0:
            # coverage.py tells of line 0 where an empty module ran.
            yield pair
