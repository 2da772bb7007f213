"""One space for profiles and molecules, learned from wells whose compound is known.

`align` is the entry, with its options; the rest imports PyTorch and is imported where used.
"""
