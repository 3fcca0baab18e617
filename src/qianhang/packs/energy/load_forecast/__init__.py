"""Day-ahead load."""
