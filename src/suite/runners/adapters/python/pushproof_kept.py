"""Follows what functions keep for others: a result in a cache, a state of a module."""


class Kept:
    """The functions of one record, by what they are called and what they write."""

    def __init__(self, facts, measured):
        self.facts = facts
        self.measured = measured
        self.units = {}
        self.writers = {}
        self.aliases = {}
        for file, known in facts.items():
            for name, others in (known or {}).get("aliases", {}).items():
                self.aliases.setdefault(name, []).append((file, others))
            for unit in (known or {}).get("units", []):
                simple = unit["name"].split("#")[0].rsplit(".", 1)[-1]
                self.units.setdefault(simple, []).append((file, unit))
                for name in unit["writes"]:
                    self.writers.setdefault(name, []).append((file, unit))

    def reached(self, ran, closure):
        """Functions whose results may have been kept when they ran for another file: what a function that keeps something speaks
        of, what writes the state that one reads, and what these speak of in turn."""
        inside = set(closure)
        facts = self.facts
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
