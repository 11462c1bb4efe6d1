"""Decides which test files a change can reach, from records of earlier runs (pushproof_record.py), and joins the coverage of
the others. Reads a request from standard input and writes the answer to standard output, both JSON. Where anything is unknown
a file is reached."""

import gzip
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from pushproof_reasons import Reach, reason  # noqa: E402
from pushproof_reused import comparison, expected_of, memos_of  # noqa: E402

# The least seconds that count of a file.
LEAST_SECONDS = 0.01


def read_trace(record):
    """A record's trace; None where its file is damaged, or is not that record's."""
    try:
        with gzip.open(record["trace"], "rb") as file:
            found = json.loads(file.read())
    except (OSError, EOFError, ValueError):
        return None
    return found["value"] if (found.get("key"), found.get("version")) == (record["key"], record["version"]) else None


def answer(request):
    checkout = request["checkout"]
    decided, reasons, reaches = {}, {}, []
    for index, record in enumerate(request["records"]):
        trace = read_trace(record)
        if trace is None or trace.get("why") or trace["python"] != sys.version:
            reaches.append(None)
            continue
        reach = Reach(checkout, trace, record)
        reaches.append(reach)
        for test in record["tests"]:
            # What is known of a file is in the newest record of a run in which it ran; an older one may fit as well.
            if test in decided or not os.path.isfile(os.path.join(checkout, test)):
                continue
            why = reach.why(test)
            if why is None:
                try:
                    decided[test] = (index, reach.covered_by(test))
                    continue
                except KeyError:
                    why = reason("module", test)
            reasons.setdefault(test, why)
        for test, count in reach.trace["collected"].items():
            # A package is collected as well, by its `__init__.py`.
            if count == 0 and os.path.basename(test) in ("__init__.py", "conftest.py"):
                continue
            if test not in record["tests"] and os.path.isfile(os.path.join(checkout, test)):
                reasons.setdefault(test, reason("always", "a test failed, was skipped, or passed only at another try"))
    reusable = sorted(decided)
    drawn = random.Random(request["random"])
    isReached = any(test not in decided and why["kind"] != "always" for test, why in reasons.items())
    seconds = {test: request["records"][decided[test][0]]["tests"][test] for test in reusable}
    # Where no change reaches anything, one file tells whether what surrounds it is still the same.
    compared = sorted(drawn.sample(reusable, -(-len(reusable) * 5 // 100))) if isReached else quick_one(seconds, drawn)
    reused = [test for test in reusable if test not in compared]
    coverage = {}
    # What a compared file had covered stands as well: alone in its process it may be the first to do what is kept.
    for test in reusable:
        for file, pairs in decided[test][1].items():
            coverage.setdefault(file, set()).update(pairs)
    expected = expected_of(request["records"], reaches, {index for index, _ in decided.values()})
    has_arcs = {reaches[decided[test][0]].trace["hasArcs"] for test in reusable}
    if len(has_arcs) > 1:
        return {"why": "branches were measured in some of the runs only"}
    return {
        "reused": {test: decided[test][0] for test in reused},
        "compared": {test: decided[test][0] for test in compared},
        "reasons": {test: why for test, why in reasons.items() if test not in decided},
        "asksForWorker": any(reach is not None and reach.trace["asksForWorker"] for reach in reaches),
        "plugin": {
            "files": reused,
            "hasArcs": bool(has_arcs and has_arcs.pop()),
            "coverage": {file: sorted(pairs) for file, pairs in coverage.items() if pairs},
            "measured": sorted(coverage),
            "memos": memos_of(reused, decided, reaches),
            "silent": sorted({path for reach in reaches if reach is not None for path in reach.trace["silent"]}),
            "expected": {file: sorted(pairs) for file, pairs in expected.items()},
            "compared": {test: comparison(test, reaches[decided[test][0]]) for test in compared},
        },
    }


def quick_one(seconds, drawn):
    """One of the files, if there is any: any may be it, and the fewer seconds one takes, the likelier it is. See module-reach.ts."""
    weights = [1 / max(each, LEAST_SECONDS) for each in seconds.values()]
    return drawn.choices(list(seconds), weights) if weights else []


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
