"""What this process of pytest is. Imported before any conftest, it makes environment, import path and command line what they are
for its tests."""

import json
import os
import sys

from pushproof_checkout import editable_roots, twin_of

worker_id = os.environ.get("PYTEST_XDIST_WORKER")
is_worker = worker_id is not None
is_coordinator = not is_worker and os.environ.get("VERIFY_WORKERS", "1") != "1"


def take_over_environment():
    """Makes the environment this worker's own, so that code that reads it at import time finds its database."""
    environments = json.loads(os.environ.get("VERIFY_WORKER_ENVIRONMENTS", "{}"))
    if not is_worker:
        return environments.get("master", {})
    # Child processes of tests must not find the other workers' databases.
    os.environ.pop("VERIFY_WORKER_ENVIRONMENTS", None)
    if worker_id not in environments:
        raise SystemExit("pushproof prepared no database for worker %s: is another -n in force?" % worker_id)
    os.environ.update(environments[worker_id])
    return environments[worker_id]


def restore_options():
    """A pytest that a test starts is the user's own, not part of this run."""
    if is_coordinator:
        return  # The workers still need them, and no test runs here.
    original = os.environ.pop("VERIFY_ORIGINAL_PYTHONPATH", None)
    if original is None:
        return
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH"):
        os.environ.pop(name, None)
    if original:
        os.environ["PYTHONPATH"] = original


def put_checkout_first():
    """If another checkout is installed in the environment, imports are redirected to the verified one."""
    if is_worker:
        return
    twins = [twin_of(entry) for entry in [*sys.path, *editable_roots()]]
    first = list(dict.fromkeys(twin for twin in twins if twin))
    if first:
        sys.path[:0] = first
        rest = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([*first, rest] if rest else first)


def look_like_a_worker():
    """One process runs few files in place of a worker: what a worker's tests see of the command line."""
    is_alone = os.environ.pop("VERIFY_ALONE", None) is not None
    if is_alone:
        sys.argv[:] = ["-c"]
    return is_alone


own_environment = take_over_environment()
# A worker gets its options from the coordinator.
options_arrived = is_worker or "pushproof_pytest" in os.environ.get("PYTEST_ADDOPTS", "")
restore_options()
put_checkout_first()
is_alone = look_like_a_worker()
