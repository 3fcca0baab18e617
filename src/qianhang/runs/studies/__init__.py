"""What-if studies that people ask for in the console: kept, carried out apart, looked at again."""
