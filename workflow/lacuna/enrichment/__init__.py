"""Which gene sets do drugs move? Asked of cell groups and of single completed profiles."""
