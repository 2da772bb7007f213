"""Plain methods that predict conditions, one file each."""
