"""Structures and profiles in one space: which compound did this, and what would that one do."""
