"""City services."""
