"""Road ice."""
