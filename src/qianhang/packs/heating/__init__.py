"""District heating."""
