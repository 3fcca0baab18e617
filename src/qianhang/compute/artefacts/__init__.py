"""Result files that a job names: collected once it has ended, kept by content, taken home."""
