"""Sea and coast."""
