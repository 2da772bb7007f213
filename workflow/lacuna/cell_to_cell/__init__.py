"""Predicting a drug's profile in one cell from those in other cells."""
