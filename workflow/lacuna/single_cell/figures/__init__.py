"""The figures of single cells."""
