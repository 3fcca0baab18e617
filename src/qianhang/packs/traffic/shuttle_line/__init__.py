"""Fixed-route shuttles held at regular intervals."""
