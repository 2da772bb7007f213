"""Step 1: landmark genes as L1000 measures them become landmark genes as RNA-seq does.

Each module has `STEP`, its card, and `fit(training, rng, **options) -> FittedStep`, and
`restore(state)`, which makes the same of what `FittedStep.state` gave.
"""
