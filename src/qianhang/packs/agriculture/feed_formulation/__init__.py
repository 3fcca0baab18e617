"""Least-cost dairy rations."""
