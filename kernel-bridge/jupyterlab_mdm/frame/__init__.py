"""Frames of any kind, read as slices."""
