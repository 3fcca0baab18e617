"""Balance of a heating network."""
