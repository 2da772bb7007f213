"""Asking a finished tensor: the index of its profiles, and the searches in it."""
