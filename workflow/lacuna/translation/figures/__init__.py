"""The figures of what is done with translated profiles."""
