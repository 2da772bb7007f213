"""Scores of predictions from cell to cell, for the tests."""

import numpy as np
import pandas as pd


def made_up(settings, drugs=12, seed=0, repeats=1, reference="", between=0.0, cells=2):
    """Scores of a profile of each drug in each cell, of repeats that differ by so much."""
    rng = np.random.default_rng(seed)
    count = cells * drugs
    tables = [
        pd.DataFrame(
            {
                "setting": setting,
                "reference": reference,
                "training": setting,
                "repeat": repeat,
                "drug": np.repeat([f"d{i}" for i in range(drugs)], cells),
                "pert_type": "trt_cp",
                "cell": [f"c{number}" for number in range(cells)] * drugs,
                "given": ["c1", "c0"] * drugs if cells == 2 else "",
                "inputs": 1,
                "pearson": rng.normal(0.5 + shift, 0.1, count) + between * rng.normal(),
                "copy": rng.normal(0.3, 0.1, count),
            }
        )
        for setting, shift in settings.items()
        for repeat in range(1, repeats + 1)
    ]
    return pd.concat(tables, ignore_index=True)
