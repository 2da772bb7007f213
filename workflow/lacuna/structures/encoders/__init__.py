"""Encoders: a structure becomes a vector.

Each module has `ENCODER`, its card, and `encode(smiles, **options)`, which gives raw vectors,
float32 of shape (m, size): what scales them is learnt on training molecules, see
`lacuna.structures.scaling`. An encoder that is trained with the alignment has
`network(**options)` in place of `encode`.
"""
