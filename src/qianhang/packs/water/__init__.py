"""Water supply."""
