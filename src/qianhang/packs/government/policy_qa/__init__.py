"""Policy and legal questions answered."""
