"""What was used, what it costs, who owes whom: usage, prices, charges, statements, one ledger."""
