"""Transport and logistics on roads."""
