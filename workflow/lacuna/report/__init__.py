"""The report: its pages, and the numbers that the papers print."""
