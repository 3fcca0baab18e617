"""Floods, fire and other hazards."""
