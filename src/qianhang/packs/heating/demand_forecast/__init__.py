"""Heat demand of substations."""
