"""A double-entry ledger: amounts are whole cents, debits positive, credits negative."""
