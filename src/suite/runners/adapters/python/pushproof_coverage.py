"""What pytest-cov measures and where it writes, whatever the project asks it for."""

import json
import os

from pushproof_process import is_worker
from pushproof_reporter import reporter
from pushproof_selection import selection


def complete_coverage(option):
    """The project's own source setting takes precedence, then the suite's, else everything is measured."""
    sources = json.loads(os.environ.get("VERIFY_COVERAGE_SOURCE", "null"))
    if sources is None or not hasattr(option, "cov_source"):
        return
    named = [source for source in option.cov_source or [] if source is not True]
    if not named:
        option.cov_source = sources or [True]
    if selection is not None and not is_worker:
        # The thresholds of the whole do not apply to a share.
        tell_threshold(option.cov_fail_under)
        option.cov_fail_under = 0


def tell_threshold(percent):
    if percent:
        reporter.send(type="threshold", lines=percent)


def leave_out_adapters(coverage):
    """Our plugins are not part of the project's code, and must not count in its own total."""
    controller = getattr(coverage, "cov_controller", None)
    if selection is not None and controller is not None:
        tell_threshold(controller.cov.get_option("report:fail_under"))
    own = os.path.join(os.path.dirname(os.path.realpath(__file__)), "*")
    for cov in (getattr(controller, "cov", None), getattr(controller, "combining_cov", None)):
        if cov is not None:
            cov.set_option("report:omit", [*(cov.get_option("report:omit") or cov.get_option("run:omit") or []), own])


def redirect_lcov(config):
    """Makes coverage write the LCOV file where the verifier reads it, even where the user's flags name another place."""
    coverage = config.pluginmanager.get_plugin("_cov")
    for holder in (config.option, getattr(coverage, "options", None)):
        reports = getattr(holder, "cov_report", None)
        if isinstance(reports, dict) and "VERIFY_LCOV" in os.environ:
            reports["lcov"] = os.environ["VERIFY_LCOV"]
