"""The vocabulary: errors, units, manifest, inputs, results. Imports nothing of ours."""
