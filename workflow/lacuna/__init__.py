"""Lacuna: fill the gaps in drug x gene x cell expression data."""
