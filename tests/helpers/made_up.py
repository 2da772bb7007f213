"""Scores of predictions from cell to cell, for the tests."""

import numpy as np
import pandas as pd


def made_up(settings, drugs=12, seed=0):
    """Scores of two profiles of each drug."""
    rng = np.random.default_rng(seed)
    tables = [
        pd.DataFrame(
            {
                "setting": setting,
                "drug": np.repeat([f"d{i}" for i in range(drugs)], 2),
                "cell": ["c0", "c1"] * drugs,
                "inputs": 1,
                "pearson": rng.normal(0.5 + shift, 0.1, 2 * drugs),
                "copy": rng.normal(0.3, 0.1, 2 * drugs),
            }
        )
        for setting, shift in settings.items()
    ]
    return pd.concat(tables, ignore_index=True)
