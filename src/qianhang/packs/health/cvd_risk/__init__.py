"""Ten-year cardiovascular risk."""
