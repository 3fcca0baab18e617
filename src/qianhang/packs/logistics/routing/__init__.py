"""Delivery routes."""
