"""Drift over time: what differs, since when, why, and what became of it."""
