"""Traffic signals by pressure."""
