"""Single cells under drugs that no cell saw, carried over from bulk (chemCPA 2022)."""
