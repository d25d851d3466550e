"""Clusters and runs."""
