"""The history of the tables of the compute network."""
