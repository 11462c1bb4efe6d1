class LedgerError(Exception):
    """Something the books do not allow."""


class UnbalancedEntry(LedgerError):
    def __init__(self, difference):
        super().__init__(f"debits and credits differ by {difference} cents")
        self.difference = difference


class PeriodClosed(LedgerError):
    def __init__(self, day):
        super().__init__(f"the period of {day.isoformat()} is closed")


class UnknownRate(LedgerError):
    def __init__(self, source, target):
        super().__init__(f"no rate from {source} to {target}")
