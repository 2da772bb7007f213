"""The figures of the observed profiles."""
