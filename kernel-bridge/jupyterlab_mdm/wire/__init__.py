"""The protocol: twins of src/wire."""
