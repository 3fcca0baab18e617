"""Water-saving irrigation."""
