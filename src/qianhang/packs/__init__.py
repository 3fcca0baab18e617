"""Scenario packs, a folder each: the industry knowledge, and nothing else."""
