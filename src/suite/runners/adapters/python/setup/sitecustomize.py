"""Imported by every Python that `database.setup` starts in a worktree: its code takes precedence over an installed checkout.

Only path entries of another checkout get a counterpart, directly before them, so that the order of other entries stays.
"""

import os
import sys

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(here))
from pushproof_checkout import editable_roots, twin_of  # noqa: E402

sys.path.pop(0)


def put_checkout_first():
    mapped = [twin_of(root) for root in editable_roots()]
    entries = [[twin_of(entry), entry] for entry in sys.path]
    sys.path[:] = [path for pair in entries for path in pair if path is not None] + [twin for twin in mapped if twin]


def hand_on():
    """This file hides the environment's own sitecustomize."""
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != here]
    this = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        sys.modules["sitecustomize"] = this


put_checkout_first()
hand_on()
