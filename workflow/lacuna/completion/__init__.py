"""Predicting the profiles that nobody measured: methods, controls, and how they are run."""
