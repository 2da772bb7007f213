"""Bytes of others and of our own: the only place that knows how a file is laid out."""
