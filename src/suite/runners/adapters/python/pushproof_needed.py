"""The plugins that a run needs: which are missing, which the project keeps away, and how they are loaded all the same."""

import importlib.util

import pytest
from pushproof_process import is_coordinator, is_worker
from pushproof_reporter import reporter


def require(packages):
    """All missing packages are reported at once, so that one installation is enough."""
    missing = [package for package, module in packages.items() if importlib.util.find_spec(module) is None]
    for package in missing:
        if reporter:
            reporter.send(type="missing", package=package)
    if missing:
        raise pytest.UsageError("pushproof needs %s here" % ", ".join(missing))


def load_needed(pluginmanager):
    """The project may disable plugins in general (PYTEST_DISABLE_PLUGIN_AUTOLOAD) or these in particular (`-p no:`)."""
    for name in ["pytest_cov", "xdist"] if is_worker or is_coordinator else ["pytest_cov"]:
        # Before pytest 8.1 a blocked plugin stays blocked.
        getattr(pluginmanager, "unblock", str)(name)
        pluginmanager.import_plugin(name, consider_entry_points=True)


def refuse_blocked(pluginmanager):
    for name in ("pytest_cov", "xdist"):
        if not is_worker and pluginmanager.is_blocked(name) and (name != "xdist" or is_coordinator):
            why = "`-p no:%s` keeps a plugin away that is needed to %s: take it out"
            reporter.send(type="refused", why=why % (name, "measure" if name == "pytest_cov" else "run workers"))
            raise pytest.UsageError("pushproof needs the plugin %s" % name)
