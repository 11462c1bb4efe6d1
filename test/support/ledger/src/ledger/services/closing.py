"""Closing a year: what remains of income and expense goes to the capital account."""

from ledger.services.books import close_period, post_entry, trial_balance


def close_year(session, organization, first_day, last_day):
    """Moves the result to capital, closes the year, and gives the profit in cents."""
    moved = {code: -amount for code, amount in trial_balance(session, organization).items() if code >= "4000"}
    profit = sum(moved.values())
    if moved:
        post_entry(session, organization, last_day, {**moved, "3000": -profit}, text="Closing")
    close_period(session, organization, first_day, last_day)
    return profit


def reopen(session, period, reason):
    """Opens a closed period again, for auditors only."""
    if not reason:
        raise ValueError("a period is opened again for a reason only")
    period.closed = False
    for attribute in ("first_day", "last_day"):
        if getattr(period, attribute) is None:
            raise ValueError(f"the period has no {attribute}")
    session.flush()
    return period
