"""The figures of the classification."""
