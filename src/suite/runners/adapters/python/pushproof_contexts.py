"""What everything that is traced is attributed to at a time; coverage.py is told of each change. See pushproof_tracing.py."""

import contextlib


class Contexts:
    """The contexts that are open, the innermost last."""

    def __init__(self):
        self.contexts = [""]
        self.always = {}
        self.measuring = lambda: None
        self.busy = False

    @property
    def context(self):
        return self.contexts[-1]

    @contextlib.contextmanager
    def within(self, context):
        self.push(context)
        try:
            yield
        finally:
            self.pop()

    def push(self, context):
        self.contexts.append(context)
        self.switch()

    def pop(self):
        self.contexts.pop()
        self.switch()

    def begin(self, context):
        """What everything belongs to that has no context of its own; each change costs coverage.py a write."""
        if self.contexts[0] != context:
            self.contexts[0] = context
            self.switch()

    def switch(self):
        cov = self.coverage()
        if cov is None:
            return
        if tracer_of(cov).startswith("SysMon"):
            self.always.setdefault("", "coverage.py measures by sys.monitoring, which tells each line only once")
        busy, self.busy = self.busy, True
        try:
            cov.switch_context(self.context)
        finally:
            self.busy = busy

    def coverage(self):
        """The coverage object that measures tests. Beside it pytest-cov has others, in the coordinating process and in workers until
        their session begins, whose files each worker removes as it starts: nothing may be written to these before the end."""
        controller = getattr(self.measuring(), "cov_controller", None)
        if type(controller).__name__ not in ("Central", "DistWorker"):
            return None
        cov = getattr(controller, "cov", None)
        return cov if getattr(cov, "_started", False) else None


def tracer_of(cov):
    """The name of the class by which coverage.py measures; empty where it does not tell."""
    name = getattr(getattr(cov, "_collector", None), "tracer_name", None)
    return name() if callable(name) else ""
