"""The figures of a retrieval."""
