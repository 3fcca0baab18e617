"""What is measured of the plant: meters, lines between pools, chips put to the test."""
