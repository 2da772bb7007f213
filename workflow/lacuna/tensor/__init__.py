"""Signatures placed on a drug x cell grid: the observed profiles."""
