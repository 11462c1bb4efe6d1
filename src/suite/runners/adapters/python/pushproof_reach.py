"""Decides which test files a change can reach, from records of earlier runs (pushproof_record.py), and joins the coverage of
the others. Reads a request from standard input and writes the answer to standard output, both JSON. Where anything is unknown
a file is reached."""

import gzip
import hashlib
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from pushproof_facts import facts_of  # noqa: E402
from pushproof_states import lines_of, state_of  # noqa: E402

# Files that change how tests are found or run, wherever they appear.
SETTINGS = {"pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml", ".coveragerc", "sitecustomize.py", "usercustomize.py"}

# The least seconds that count of a file.
LEAST_SECONDS = 0.01


class Present:
    """The files as they are now, against one record."""

    def __init__(self, checkout, trace):
        self.checkout = checkout
        self.trace = trace
        self.changes = {}
        self.moves = {}
        self.states = {}

    def change_of(self, file):
        """None for no change, else the names of the changed functions, or True where more changed than functions."""
        if file not in self.changes:
            self.changes[file] = self.compare(file)
        return self.changes[file]

    def compare(self, file):
        before = self.trace["facts"].get(file)
        if before is None:
            return True
        try:
            with open(os.path.join(self.checkout, file), "rb") as source:
                content = source.read()
        except OSError:
            return True
        if hashlib.sha256(content).hexdigest()[:32] == before["sha"]:
            return None
        now = facts_of(content) if before.get("module") is not None else None
        if now is None or now["module"] != before["module"]:
            return True
        # Of lines alone none is that of two: only pairs of them tell where a code object begins.
        if self.trace["hasArcs"] and (before["isOdd"] or now["isOdd"]):
            return True
        units = {unit["name"]: unit for unit in now["units"]}
        old = {unit["name"] for unit in before["units"]}
        if set(units) != old or now["aliases"] != before["aliases"]:
            return True
        changed = {unit["name"] for unit in before["units"] if units[unit["name"]]["hash"] != unit["hash"]}
        moves = dict(zip(before["lines"], now["lines"]))
        for unit in before["units"]:
            if unit["name"] not in changed:
                moves.update(zip(unit["lines"], units[unit["name"]]["lines"]))
        self.moves[file] = moves
        return changed

    def moved(self, file, pairs):
        """Where lines are now. Raises KeyError for one that is gone, of a function that changed."""
        if self.change_of(file) is None:
            return [tuple_of(pair) for pair in pairs]
        moves = self.moves[file]
        line = lambda number: number if number in (0, -1) else moves[number] if number > 0 else -moves[-number]
        return [tuple(map(line, pair)) if isinstance(pair, list) else line(pair) for pair in pairs]

    def is_changed(self, path):
        if path not in self.states:
            whole = path if os.path.isabs(path) else os.path.join(self.checkout, path)
            self.states[path] = state_of(whole)
        return self.states[path] != self.trace["states"][path]


def tuple_of(pair):
    return tuple(pair) if isinstance(pair, list) else pair


class Reach:
    """What one record says of each of its test files."""

    def __init__(self, checkout, trace, changes):
        self.trace = trace
        self.present = Present(checkout, trace)
        self.added = changes["added"]
        self.measured = set(trace["measured"])
        self.units = {}
        self.writers = {}
        self.aliases = {}
        for file, facts in trace["facts"].items():
            for name, others in (facts or {}).get("aliases", {}).items():
                self.aliases.setdefault(name, []).append((file, others))
            for unit in (facts or {}).get("units", []):
                simple = unit["name"].split("#")[0].rsplit(".", 1)[-1]
                self.units.setdefault(simple, []).append((file, unit))
                for name in unit["writes"]:
                    self.writers.setdefault(name, []).append((file, unit))
        self.why_all = self.unknown_change(changes)
        self.stems = stems_of(self.added, changes["directories"])
        self.changed_reads = {path for path in trace["states"] if self.present.is_changed(path)}

    def unknown_change(self, changes):
        """A change that no record has seen matter to anything is taken to matter to all."""
        for file in [*changes["modified"], *changes["deleted"]]:
            if file not in self.trace["facts"] and file not in self.trace["states"]:
                return file
        for file in [*changes["modified"], *changes["deleted"], *self.added]:
            # Some hooks of a conftest see the tests of all directories.
            if os.path.basename(file) == "conftest.py" and (self.had_hooks(file) or self.has_hooks(file)):
                return file
        for file in self.added:
            if os.path.basename(file) in SETTINGS or file.endswith((".pth", ".so", ".pyd")):
                return file
        for file in changes["deleted"]:
            # What only ran because of it cannot be told from what others ran, too.
            if file in self.trace["collected"]:
                return file
        return None

    def had_hooks(self, file):
        facts = self.trace["facts"].get(file)
        return bool(facts) and (facts.get("module") is None or any(unit["name"].startswith("pytest_") for unit in facts["units"]))

    def has_hooks(self, file):
        try:
            with open(os.path.join(self.present.checkout, file), "rb") as source:
                return b"pytest_" in source.read()
        except OSError:
            return False

    def why(self, test):
        """Why a file has to run: what reached it, and by which way; None where its results can be reused."""
        trace, present = self.trace, self.present
        if test not in trace["collected"]:
            return reason("new", test)
        if self.why_all is not None:
            return reason("unknown", self.why_all)
        closure, ways, contexts = self.closure(test)
        ran = self.ran(contexts)
        for key in contexts:
            if key in trace["always"]:
                return reason("always", trace["always"][key])
        changed = {file: present.change_of(file) for file in closure}
        changed = {file: change for file, change in changed.items() if change is not None}
        for file, change in changed.items():
            if change is True or (file not in self.measured and change):
                return reason("module", file, way_to(file, ways))
        for file, names in ran.items():
            change = present.change_of(file)
            if change is None:
                continue
            if change is True or (names is None and change):
                return reason("module", file, way_to(file, ways))
        kept = self.kept(ran, closure)
        for file in {**ran, **kept}:
            change = present.change_of(file)
            if not change or change is True:
                continue
            reached = sorted(change & ((ran.get(file) or set()) | kept.get(file, set())))
            if reached:
                return reason("function", file, way_to(file, ways), reached)
        for file in {**ran, **kept}:
            for name in (ran.get(file) or set()) | kept.get(file, set()):
                why = trace["always"].get("U|%s|%s" % (file, name))
                if why:
                    return reason("always", why)
        keys = [*contexts, *("F|" + file for file in closure)]
        for key in keys:
            for path in trace["reads"].get(key, []):
                if path in self.changed_reads:
                    return reason("file", path, way_to(key[2:], ways) if key.startswith("F|") else [test])
        names = set(trace["names"].get("", []))
        for file in closure:
            names.update(trace["names"].get(file, []))
        names.add(os.path.splitext(os.path.basename(test))[0])
        shadowing = next((file for file, stems in self.stems.items() if stems & names), None)
        if shadowing is not None:
            return reason("name", shadowing)
        for file in self.added:
            place = os.path.dirname(file)
            base = os.path.basename(file)
            if base in ("conftest.py", "__init__.py") and any(is_below(other, place) for other in ([test] if base == "conftest.py" else closure)):
                return reason("name", file)
        return None

    def closure(self, test):
        """Every file that the test file's imports lead to, from where to each, and the contexts that belong to it."""
        trace = self.trace
        contexts = ["", "T|" + test, "C|" + test]
        seen = set(contexts)
        for context in contexts:
            for used in trace["uses"].get(context, []):
                if used not in seen:
                    seen.add(used)
                    contexts.append(used)
        roots = [test, *(file for file in trace["conftests"] if is_below(test, os.path.dirname(file)))]
        ways = {root: None for root in roots}
        waiting = list(roots)
        for context in contexts:
            for file in trace["edges"].get(context, []):
                if file not in ways:
                    ways[file] = test
                    waiting.append(file)
        while True:
            while waiting:
                file = waiting.pop(0)
                module = "M|" + file
                if module not in seen:
                    seen.add(module)
                    contexts.append(module)
                leads = [*trace["edges"].get(file, []), *trace["edges"].get(module, [])]
                for used in trace["uses"].get(module, []):
                    if used not in seen:
                        seen.add(used)
                        contexts.append(used)
                        leads += trace["edges"].get(used, [])
                for other in leads:
                    if other not in ways:
                        ways[other] = file
                        waiting.append(other)
            # What ran is part of it, however it was found.
            ran = {file for context in contexts for file in trace["ran"].get(context, {})}
            waiting = sorted(ran - set(ways))
            ways.update({file: test for file in waiting})
            if not waiting:
                break
        return list(ways), ways, contexts

    def ran(self, contexts):
        """The functions that ran, by file; None for a file of which that cannot be told."""
        ran = {}
        for context in contexts:
            for file, names in self.trace["ran"].get(context, {}).items():
                if names is None or ran.get(file, set()) is None:
                    ran[file] = None
                else:
                    ran.setdefault(file, set()).update(names)
        return ran

    def kept(self, ran, closure):
        """Functions whose results may have been kept when they ran for another file: what a function that keeps something speaks
        of, what writes the state that one reads, and what these speak of in turn."""
        inside = set(closure)
        facts = self.trace["facts"]
        kept = {}
        waiting = []

        def add(file, unit):
            if file in inside and unit["name"] not in kept.setdefault(file, set()):
                kept[file].add(unit["name"])
                waiting.append((file, unit))

        def follow(name, seen):
            for file, others in self.aliases.get(name, ()):
                if file not in inside:
                    continue
                for other in others:
                    if other in seen:
                        continue
                    seen.add(other)
                    for owner, unit in self.units.get(other, []):
                        add(owner, unit)
                    follow(other, seen)

        followed = set()

        def add_alias(name):
            if name not in followed:
                followed.add(name)
                follow(name, {name})

        everything = False
        for file in inside:
            if not facts.get(file) or facts[file].get("module") is None:
                continue
            for unit in facts[file]["units"]:
                isRan = file not in self.measured or ran.get(file, set()) is None or unit["name"] in (ran.get(file) or ())
                if not isRan:
                    continue
                if unit["isStateful"]:
                    if self.is_dynamic(file, unit):
                        everything = True
                    waiting.append((file, unit))
                for name in unit["mentions"]:
                    for owner, other in self.units.get(name, []):
                        if other["isKept"]:
                            add(owner, other)
                    for owner, other in self.writers.get(name, []):
                        add(owner, other)
                    add_alias(name)
        while waiting and not everything:
            file, unit = waiting.pop()
            if self.is_dynamic(file, unit):
                everything = True
            for name in unit["mentions"]:
                for owner, other in [*self.units.get(name, []), *self.writers.get(name, [])]:
                    add(owner, other)
                add_alias(name)
        if everything:
            return {file: {unit["name"] for unit in (facts.get(file) or {}).get("units", [])} for file in inside}
        return kept

    def is_dynamic(self, file, unit):
        if unit["isDynamic"]:
            return True
        return any(name not in self.units for name in unit["ownCalls"])

    def coverage(self, contexts, into):
        for context in contexts:
            for file, pairs in self.trace["coverage"].get(context, {}).items():
                into.setdefault(file, set()).update(self.present.moved(file, pairs))

    def covered_by(self, test):
        """What a reused file had covered, where it is now, by file; empty for a file that was loaded and holds nothing that runs.
        Raises KeyError for a line that is gone."""
        closure, _, contexts = self.closure(test)
        found = {file: set() for file in closure if file in self.measured}
        self.coverage(contexts, found)
        return found


    def still_there(self):
        """All that was covered in that run, of code that is still there."""
        found = {}
        for files in self.trace["coverage"].values():
            for file, pairs in files.items():
                if self.present.change_of(file) is True:
                    continue
                known = found.setdefault(file, set())
                for pair in pairs:
                    try:
                        known.update(self.present.moved(file, [pair]))
                    except KeyError:
                        pass
        return found


def reason(kind, file, way=(), functions=()):
    return {"kind": kind, "file": file, "way": list(way), "functions": list(functions)}


def way_to(file, ways):
    way = [file]
    while ways.get(way[-1]) is not None and len(way) < 100:
        way.append(ways[way[-1]])
    return way[::-1]


def is_below(file, directory):
    return directory == "" or file.startswith(directory + "/")


def stems_of(added, directories):
    """The names by which new files, and new directories, could be imported in place of something else."""
    stems = {}
    for file in added:
        base, extension = os.path.splitext(os.path.basename(file))
        if extension not in (".py", ".pyc", ".so", ".pyd"):
            continue
        stems[file] = {base.split(".")[0]}
        place = os.path.dirname(file)
        while place:
            if place in directories or (base == "__init__" and place == os.path.dirname(file)):
                stems[file].add(os.path.basename(place))
            place = os.path.dirname(place)
    return stems


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


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
