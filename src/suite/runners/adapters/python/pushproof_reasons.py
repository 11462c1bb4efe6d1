"""Tells why a test file has to run, of what one record says of it; and what it had covered, where it does not have to."""

import os

from pushproof_kept import Kept
from pushproof_present import Present

# Files that change how tests are found or run, wherever they appear.
SETTINGS = {"pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml", ".coveragerc", "sitecustomize.py", "usercustomize.py"}


class Reach:
    """What one record says of each of its test files."""

    def __init__(self, checkout, trace, changes):
        self.trace = trace
        self.present = Present(checkout, trace)
        self.added = changes["added"]
        self.measured = set(trace["measured"])
        self.kept = Kept(trace["facts"], self.measured)
        self.why_all = self.unknown_change(changes)
        self.stems = stems_of(self.added, changes["directories"])
        self.closures = {}
        # Whether functions did what cannot be traced.
        self.has_marked = any(key.startswith("U|") for key in trace["always"])
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
        # What is kept is followed only where a function changed, or did what cannot be traced: it takes longer than all else here.
        kept = self.kept.reached(ran, closure) if self.has_marked or any(changed.values()) else {}
        for file in {**ran, **kept}:
            change = present.change_of(file)
            if not change or change is True:
                continue
            reached = sorted(change & ((ran.get(file) or set()) | kept.get(file, set())))
            if reached:
                return reason("function", file, way_to(file, ways), reached)
        for file in {**ran, **kept} if self.has_marked else ():
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
        if test not in self.closures:
            self.closures[test] = self.find_closure(test)
        return self.closures[test]

    def find_closure(self, test):
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

    def coverage(self, contexts, into):
        for context in contexts:
            for file, pairs in self.trace["coverage"].get(context, {}).items():
                into.setdefault(file, set()).update(self.present.covered(file, pairs))

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
                change = self.present.change_of(file)
                if change is True:
                    continue
                known = found.setdefault(file, set())
                if change is None:
                    known.update(self.present.covered(file, pairs))
                    continue
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
