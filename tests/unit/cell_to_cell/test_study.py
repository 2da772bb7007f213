"""The division of drugs for predictions from cell to cell."""

import numpy as np
import pytest
from toy import clustered

from lacuna.cell_to_cell.study import (
    OTHER_CELL,
    TEST,
    TRAINING,
    choose_cells,
    divide,
    division_table,
)
from lacuna.errors import LacunaError


def test_cells_are_counted_from_the_best_covered_or_named():
    tensor = clustered()
    assert choose_cells(tensor, 3).tolist() == [0, 1, 2]
    assert choose_cells(tensor, ["c4", "c1"]).tolist() == [4, 1]
    with pytest.raises(LacunaError, match="cells is 9, but the tensor has 5"):
        choose_cells(tensor, 9)
    with pytest.raises(LacunaError, match="no cell 'c7'"):
        choose_cells(tensor, ["c1", "c7"])


def test_whole_drugs_of_two_or_more_of_the_cells_are_held_out():
    tensor, cells = clustered(drugs=60), np.array([0, 1, 3])
    table = division_table(tensor, divide(tensor, cells, 30, np.random.default_rng(0)))
    inside = table[table["cell"].isin(["c0", "c1", "c3"])]
    assert set(inside["part"]) == {TRAINING, TEST}
    assert set(table.drop(inside.index)["part"]) == {OTHER_CELL}
    parts = inside.groupby("drug")["part"].agg(set)
    assert parts.map(len).eq(1).all()
    paired = inside["drug"].value_counts().loc[lambda count: count > 1].index
    tests = parts.index[parts.map(lambda part: TEST in part)]
    assert len(tests) == round(0.3 * len(paired))
    assert tests.isin(paired).all()


def test_too_few_drugs_are_an_error():
    with pytest.raises(LacunaError, match="too few to hold out 10 %"):
        divide(clustered(drugs=3), np.array([0, 1]), 10, np.random.default_rng(0))
