"""The figures of a whole run."""
