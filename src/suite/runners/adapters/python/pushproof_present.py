"""Compares the files as they are now with those of a record (pushproof_record.py): what changed, and where lines are now."""

import hashlib
import os

from pushproof_facts import facts_of
from pushproof_states import state_of


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

    def covered(self, file, pairs):
        """Where that is now which was covered. Raises KeyError as `moved` does."""
        if self.change_of(file) is None:
            return map(tuple, pairs) if self.trace["hasArcs"] else pairs
        return self.moved(file, pairs)

    def is_changed(self, path):
        if path not in self.states:
            whole = path if os.path.isabs(path) else os.path.join(self.checkout, path)
            self.states[path] = state_of(whole)
        return self.states[path] != self.trace["states"][path]


def tuple_of(pair):
    return tuple(pair) if isinstance(pair, list) else pair
