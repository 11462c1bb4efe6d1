"""Joins what a run's processes traced into one record, for pushproof_reach.py to read, and adds reused coverage to the run's own."""

import glob
import hashlib
import json
import os
import sqlite3
import sys

from pushproof_checkout import is_inside, real_file
from pushproof_facts import facts_of
from pushproof_states import lines_of, state_of
from pytest import hookimpl


def why_unsupported(controller):
    """Why coverage.py cannot tell the test files apart, a clause; None where it can."""
    cov = getattr(controller, "cov", None)
    if cov is None:
        return "nothing is measured"
    if cov.get_option("run:dynamic_context") or cov.get_option("run:context"):
        return "coverage.py's contexts are in use already"
    if cov.get_option("run:plugins"):
        return "coverage.py runs with plugins"
    if "multiprocessing" in (cov.get_option("run:concurrency") or []):
        return "other processes are measured, too"
    return None


def arcs_by_context(path):
    """Everything in a coverage.py data file, by context and file: pairs of lines, or lines."""
    connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        version = connection.execute("SELECT version FROM coverage_schema").fetchone()[0]
        if version != 7:
            raise ValueError("coverage.py's data file has version %s" % version)
        has_arcs = connection.execute("SELECT value FROM meta WHERE key = 'has_arcs'").fetchone()
        contexts = dict(connection.execute("SELECT id, context FROM context"))
        files = dict(connection.execute("SELECT id, path FROM file"))
        found = {}
        if has_arcs and has_arcs[0] == "1":
            for file, context, start, end in connection.execute("SELECT file_id, context_id, fromno, tono FROM arc"):
                found.setdefault(contexts[context], {}).setdefault(files[file], []).append((start, end))
            return True, found, sorted(files.values())
        for file, context, bits in connection.execute("SELECT file_id, context_id, numbits FROM line_bits"):
            lines = [8 * index + bit for index, byte in enumerate(bits) for bit in range(8) if byte & (1 << bit)]
            found.setdefault(contexts[context], {}).setdefault(files[file], []).extend(lines)
        return False, found, sorted(files.values())
    finally:
        connection.close()


class Recording:
    """The pytest plugin of the process that writes the coverage report."""

    def __init__(self, tracing):
        self.tracing = tracing
        self.directory = os.environ["VERIFY_TRACE"]
        self.checkout = os.path.realpath(os.environ["VERIFY_CHECKOUT"])
        self.coverage = None
        self.why = None
        self.differences = []
        self.lost = None
        # Of a shard, whose files only all shards together cover: see partly-reused.ts.
        self.own = None
        self.missing = {}
        self.memos = []
        self.reused = read_reused()

    @hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session):
        controller = getattr(session.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
        self.why = why_unsupported(controller)
        finish = getattr(controller, "finish", None)
        if finish is not None:

            def finish_and_add():
                finish()
                self.tracing.tracer.isOn = False
                self.add(controller.cov, str(session.config.rootpath))

            controller.finish = finish_and_add
        yield

    def add(self, cov, root):
        """Reads this run's contexts, then adds what reused files had covered, so that every report is the whole's."""
        try:
            if self.reused is not None and self.reused.get("isShard"):
                self.own = self.own_files(root)
                if not self.own:
                    self.why = "no file of its own ran"
                    return
            data = cov.get_data()
            path = data.data_filename()
            if self.why is None:
                self.coverage = arcs_by_context(path)
            if self.reused is None:
                return
            has_arcs = self.coverage[0]
            if has_arcs != self.reused["hasArcs"]:
                raise ValueError("branches were measured in one of the runs only")
            self.compare()
            data.set_context("reused")
            added = {os.path.join(self.checkout, file): lines for file, lines in self.reused["coverage"].items()}
            if has_arcs:
                data.add_arcs({file: [tuple(pair) for pair in pairs] for file, pairs in added.items()})
            else:
                data.add_lines(added)
            for file in self.reused["measured"]:
                data.touch_file(os.path.join(self.checkout, file))
            if self.own is None:
                self.lost = self.first_lost(data, has_arcs) or self.first_memo(data, has_arcs)
            else:
                self.missing = {file: sorted(lost) for file, lost in self.all_lost(data, has_arcs)}
                self.memos = [{"file": file, "line": line, "ends": ends} for file, line, ends in self.all_memos(data, has_arcs)]
        except Exception as error:
            self.why = self.why or "%s: %s" % (type(error).__name__, error)
            if self.reused is not None:
                self.differences.append("the coverage could not be joined (%s)" % self.why)

    def own_files(self, root):
        """The files that this shard ran."""
        with open(os.environ["VERIFY_COLLECTED"], encoding="utf-8") as collected:
            return {self.name_of(os.path.join(root, file)) for file in json.load(collected)["own"]}

    def first_lost(self, data, has_arcs):
        """What the recorded run had covered and nobody covers now, of code that is still there. Perhaps it is not covered any
        more; perhaps another file would do it, which did not have to because one that ran again was the first to."""
        for file, lost in self.all_lost(data, has_arcs):
            return "%s of %s" % (line_text(set(lines_of(lost)) or {0}), file)
        return None

    def all_lost(self, data, has_arcs):
        for file, pairs in self.reused["expected"].items():
            path = os.path.join(self.checkout, file)
            now = set((data.arcs(path) if has_arcs else data.lines(path)) or [])
            lost = {tuple(pair) if has_arcs else pair for pair in pairs} - now
            if lost:
                yield file, lost

    def first_memo(self, data, has_arcs):
        """A condition on something kept that files ran in this run and in a recorded one, or in several recorded ones, each as the
        first in its process. Together they would go the other way, too."""
        for file, line, ends in self.all_memos(data, has_arcs):
            if ends is None or len(ends) == 1:
                return "the other way at line %d of %s" % (line, file)
        return None

    def all_memos(self, data, has_arcs):
        """Such conditions, and where they led; None where only lines were measured."""
        _, now, _ = self.coverage
        for memo in self.reused["memos"]:
            path = os.path.join(self.checkout, memo["file"])
            mine = range(memo["first"], memo["last"] + 1)
            users = [context for context, files in now.items() if context.startswith("T|") for name in files if self.name_of(name) == memo["file"] and any(line in mine for line in lines_of(files[name]))]
            if not users and not memo["isOfSeveralRuns"]:
                continue
            for line in memo["lines"]:
                yield memo["file"], line, sorted({end for start, end in data.arcs(path) or [] if start == line}) if has_arcs else None

    def compare(self):
        """Lines of a compared file that nobody ran now, or that nobody had run then."""
        _, now, _ = self.coverage
        ran = {}
        for files in now.values():
            for file, lines in files.items():
                name = self.name_of(file)
                ran.setdefault(name, set()).update(lines_of(lines))
        for test, recorded in self.reused["compared"].items():
            if self.own is not None and test not in self.own:
                continue
            for file, lines in recorded["coverage"].items():
                missing = set(lines) - ran.get(file, set())
                if missing:
                    self.differences.append("%s ran %s of %s, and did not now" % (test, line_text(missing), file))
            for file, lines in now.get("T|" + test, {}).items():
                name = self.name_of(file)
                more = set(lines_of(lines)) - set(recorded["union"].get(name, []))
                if more and name in recorded["union"]:
                    self.differences.append("%s ran %s of %s, and nothing had before" % (test, line_text(more), name))

    def name_of(self, path):
        return os.path.relpath(real_file(path), self.checkout).replace(os.sep, "/")

    def write(self):
        record = {"why": self.why or (None if self.coverage else "its coverage could not be read"), "differences": self.differences, "lost": self.lost}
        if self.own is not None:
            record.update({"missing": self.missing, "memos": self.memos})
        try:
            if record["why"] is None:
                record.update(self.joined())
        except Exception as error:
            record = {"why": "%s: %s" % (type(error).__name__, error), "differences": self.differences}
        with open(os.path.join(self.directory, "record.json"), "w", encoding="utf-8") as file:
            json.dump(record, file)

    def joined(self):
        traces = []
        for path in sorted(glob.glob(os.path.join(self.directory, "trace-*.json"))):
            with open(path, encoding="utf-8") as trace:
                traces.append(json.load(trace))
        # A serial run's only worker is this process itself.
        workers = set(json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))) - {"master"}
        for worker in ["main", *workers]:
            if not os.path.exists(os.path.join(self.directory, "trace-%s.json" % worker)):
                raise ValueError("%s left no trace" % worker)
        record = {key: union(trace[key] for trace in traces) for key in ("edges", "names", "reads", "uses")}
        has_arcs, found, measured = self.coverage
        names = {path: self.name_of(path) for path in measured}
        inside = {path: name for path, name in names.items() if not name.startswith("../")}
        # coverage.py also names files that the process had loaded before, without a line.
        covered = {
            context: {inside[path]: lines for path, lines in files.items() if path in inside and lines} for context, files in found.items()
        }
        files = sorted({file for trace in traces for file in trace["files"]} | {file for by in covered.values() for file in by})
        facts = {file: self.facts(file) for file in files}
        written = {path for trace in traces for path in trace["written"]}
        states = {path: state_of(path) for paths in record["reads"].values() for path in paths}
        always = {}
        for trace in traces:
            for key, why in trace["always"].items():
                always.setdefault(self.unit_key(key, facts), why)
        for key, paths in record["reads"].items():
            if written.intersection(paths):
                always.setdefault(key, "reads a file that the tests write")
        collected = {}
        for trace in traces:
            for file, count in trace["collected"].items():
                collected[file] = collected.get(file, 0) + count
        return {
            **record,
            "python": sys.version,
            "hasArcs": has_arcs,
            "measured": sorted(inside.values()),
            "coverage": covered,
            "ran": {context: {file: units_ran(facts.get(file), lines) for file, lines in by.items()} for context, by in covered.items()},
            "facts": facts,
            "states": {os.path.relpath(path, self.checkout) if is_inside(path, self.checkout) else path: state for path, state in states.items()},
            "reads": {key: [os.path.relpath(path, self.checkout) if is_inside(path, self.checkout) else path for path in paths] for key, paths in record["reads"].items()},
            "always": always,
            "collected": collected,
            "conftests": sorted({file for trace in traces for file in trace["conftests"]}),
            "asksForWorker": any(trace["asksForWorker"] for trace in traces),
            "silent": sorted({path for trace in traces for path in trace["silent"]}),
        }

    def facts(self, file):
        try:
            with open(os.path.join(self.checkout, file), "rb") as source:
                content = source.read()
        except OSError:
            return None
        facts = facts_of(content) if file.endswith(".py") else None
        return {"sha": hashlib.sha256(content).hexdigest()[:32], **(facts or {"module": None})}

    def unit_key(self, key, facts):
        if not key.startswith("U|"):
            return key
        _, file, line = key.rsplit("|", 2)
        for unit in (facts.get(file) or {}).get("units", []):
            if unit["first"] <= int(line) <= unit["last"]:
                return "U|%s|%s" % (file, unit["name"])
        return "M|" + file


def read_reused():
    path = os.environ.get("VERIFY_REUSED")
    if not path:
        return None
    with open(path, encoding="utf-8") as reused:
        return json.load(reused)


def line_text(lines):
    return "line %d" % min(lines)


def union(parts):
    joined = {}
    for part in parts:
        for key, values in part.items():
            joined.setdefault(key, set()).update(values)
    return {key: sorted(values) for key, values in joined.items()}


def units_ran(facts, pairs):
    """The names of the functions of a file that ran; None where a line cannot be told, so that the whole file counts."""
    if not facts or facts.get("module") is None:
        return None
    lines = set(lines_of(pairs))
    known = set(facts["lines"])
    ran = []
    for unit in facts["units"]:
        own = [line for line in lines if unit["first"] <= line <= unit["last"]]
        if own:
            ran.append(unit["name"])
        known.update(unit["lines"])
    return ran if lines <= known else None


class Leaving:
    """Leaves out the files whose results are reused: they are not collected, and what is collected all the same does not run."""

    def __init__(self, tracer, reused):
        self.tracer = tracer
        self.tracer.silent.update(reused["silent"])
        self.files = set(reused["files"])
        self.named = None

    @hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path, config):
        if self.tracer.name_of(str(collection_path)) not in self.files:
            return None
        if self.named is None:
            self.named = {os.path.realpath(str(word).split("::")[0]) for word in config.args}
        return None if os.path.realpath(collection_path) in self.named or not collection_path.is_file() else True

    @hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        root = str(config.rootpath)
        items[:] = [item for item in items if self.tracer.name_of(os.path.join(root, item.nodeid.split("::")[0])) not in self.files]
