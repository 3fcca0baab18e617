"""Unit commitment and dispatch."""
