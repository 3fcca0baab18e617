"""Short-term road speeds."""
