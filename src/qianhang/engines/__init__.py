"""Engines: arrays in, arrays out; no store, no jobs, no words of any industry."""
