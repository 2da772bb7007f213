"""A simulated screen, written as GEO would have shipped it."""
