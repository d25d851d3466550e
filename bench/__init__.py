"""The time-cost test: ours and the others one could use instead, side by side, on real work."""
