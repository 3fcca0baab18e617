"""Pump schedules."""
