"""How much a drug's effect differs between cells."""

import numpy as np
import pytest
from toy import clustered

from lacuna.tensor.specificity import cell_specificity


def test_cell_specificity_is_the_mean_over_pairs():
    tensor = clustered()
    found = cell_specificity(tensor.profiles, tensor.drug).set_index("drug")
    for drug in range(len(tensor.drugs)):
        mine = tensor.profiles[tensor.drug == drug].astype(float)
        pairs = [(a, b) for a in range(len(mine)) for b in range(a)]
        assert (drug in found.index) == (len(mine) > 1)
        if pairs:
            expected = np.mean([1 - mine[a] @ mine[b] for a, b in pairs])
            assert found.loc[drug, "specificity"] == pytest.approx(expected, abs=1e-5)
            assert found.loc[drug, "cells"] == len(mine)


def test_profiles_of_zeros_are_unrelated():
    found = cell_specificity(np.zeros((3, 4)), np.array([2, 2, 2]))
    assert found.to_dict("list") == {"drug": [2], "cells": [3], "specificity": [1.0]}
