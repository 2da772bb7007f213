"""A simulated screen with a planted truth, written as GEO would have shipped it.

`biology` plants how drugs act in cells, `screen` measures that on plates, and `write` puts it into
files whose names say that they are simulated.
"""
