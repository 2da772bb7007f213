"""The figures of predictions from cell to cell."""
