"""Step 2: landmark genes of RNA-seq become all genes.

Each module has `STEP`, its card, and `fit(training, rng, **options) -> FittedStep`, and
`restore(state)`, which makes the same of what `FittedStep.state` gave.
"""
