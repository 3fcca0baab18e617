"""Where emergency stations stand."""
