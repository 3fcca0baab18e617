"""The pools that there are, one file each."""
