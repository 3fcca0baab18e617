"""Water-quality events."""
