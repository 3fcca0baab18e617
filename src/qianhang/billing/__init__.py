"""What use of compute costs, and who pays: the ledger, prices, statements, vouchers."""
