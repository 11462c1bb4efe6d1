"""Tells the plugin what the files whose results are reused had covered and kept, for the run to be held against."""

from pushproof_states import lines_of


def expected_of(records, reaches, used):
    """What was covered in the full runs that results are taken from, and in the one that is most like this, of code that is still there."""
    expected = {}
    for index, reach in enumerate(reaches):
        if reach is None or not (index == 0 or (index in used and records[index]["isFull"])):
            continue
        for file, pairs in reach.still_there().items():
            expected.setdefault(file, set()).update(pairs)
    return expected


def memos_of(reused, decided, reaches):
    """The conditions on what a function keeps that reused files ran, where they are now, and whether these files
    are taken from several runs: in each of these another file may have been the first."""
    found = {}
    for test in reused:
        reach = reaches[decided[test][0]]
        for context in ("T|" + test, "C|" + test):
            for file, names in reach.trace["ran"].get(context, {}).items():
                for unit in (reach.trace["facts"].get(file) or {}).get("units", []):
                    if not unit["memos"] or (names is not None and unit["name"] not in names):
                        continue
                    try:
                        first, *lines = reach.present.moved(file, [unit["lines"][0], *unit["memos"]])
                    except KeyError:
                        continue
                    key = (file, first, first + unit["last"] - unit["first"], tuple(lines))
                    found.setdefault(key, {})[test] = decided[test][0]
    return [
        {"file": file, "first": first, "last": last, "lines": lines, "isOfSeveralRuns": len(set(tests.values())) > 1}
        for (file, first, last, lines), tests in sorted(found.items())
    ]


def comparison(test, reach):
    own = {}
    reach.coverage(["T|" + test], own)
    union = {}
    for files in reach.trace["coverage"].values():
        for file, pairs in files.items():
            if reach.present.change_of(file) is None:
                union.setdefault(file, set()).update(lines_of(pairs))
    return {
        "coverage": {file: sorted(set(lines_of(pairs))) for file, pairs in own.items()},
        "union": {file: sorted(lines) for file, lines in union.items()},
    }
