"""Tables larger than memory scored in blocks by a kept model, on this machine or any pool."""
