"""The division of drugs for predictions from cell to cell."""

import numpy as np
import pandas as pd
import pytest
from studied import inchi_key
from toy import clustered, grid

from lacuna.cell_to_cell.study import (
    OTHER_CELL,
    OTHER_TEST,
    OTHER_TRAINING,
    TEST,
    TRAINING,
    TWIN,
    choose_added,
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
    table = division_table(divide(tensor, cells, 30, np.random.default_rng(0)))
    inside = table[table["cell"].isin(["c0", "c1", "c3"])]
    assert set(inside["part"]) == {TRAINING, TEST}
    assert set(table.drop(inside.index)["part"]) == {OTHER_CELL}
    parts = inside.groupby("drug")["part"].agg(set)
    assert parts.map(len).eq(1).all()
    paired = inside["drug"].value_counts().loc[lambda count: count > 1].index
    tests = parts.index[parts.map(lambda part: TEST in part)]
    assert len(tests) == round(0.3 * len(paired))
    assert tests.isin(paired).all()


def whole(drugs, cells=2):
    """Every drug in every cell."""
    rng = np.random.default_rng(0)
    return grid(rng.normal(size=(drugs, cells, 10)), np.ones((drugs, cells), bool))


def drawn(tensor, keys=None, types=None, percent=30, cells=(0, 1)):
    table = pd.DataFrame({"drug": tensor.drugs})
    if keys is not None:
        table["inchi_key"] = keys
    if types is not None:
        table["pert_type"] = types
    return divide(tensor, np.array(cells), percent, np.random.default_rng(0), table)


def test_salts_and_stereo_twins_are_on_one_side():
    tensor = whole(40)
    keys = [inchi_key(n // 4, n % 4) for n in range(40)]
    study = drawn(tensor, keys)
    tests, trained = ({*study.take(part).drug} for part in (TEST, TRAINING))
    assert not {drug // 4 for drug in tests} & {drug // 4 for drug in trained}
    assert len(tests) == 12
    other = drawn(tensor, [None, "", "not a key", *keys[3:]])
    assert len(set(other.group[:4])) == 4  # without a key each is alone


def test_without_keys_drugs_are_drawn_as_ever():
    tensor = whole(40)
    rng = np.random.default_rng(0)
    expected = rng.permutation(np.arange(40))[:12]
    assert {*drawn(tensor).take(TEST).drug} == {*expected}


def test_a_twin_of_a_test_drug_in_one_cell_alone_is_neither_trained_on_nor_tested():
    rng = np.random.default_rng(0)
    measured = np.ones((20, 2), bool)
    measured[10:, 1] = False
    tensor = grid(rng.normal(size=(20, 2, 10)), measured)
    keys = [inchi_key(n % 10) for n in range(20)]
    study = drawn(tensor, keys)
    tests = {*study.take(TEST).drug}
    assert {*study.take(TWIN).drug} == {drug + 10 for drug in tests}
    assert {*study.take(TRAINING).drug} == {*range(20)} - tests - {drug + 10 for drug in tests}


def test_genes_are_divided_apart_from_drugs():
    tensor = whole(40)
    types = np.where(np.arange(40) < 10, "trt_sh", "trt_cp")
    study = drawn(tensor, types=types)
    counts = {part: len({*study.take(part).drug}) for part in sorted(set(study.part))}
    assert counts == {TRAINING: 21, TEST: 9, OTHER_TRAINING: 7, OTHER_TEST: 3}
    assert (types[study.take(OTHER_TEST).drug] == "trt_sh").all()
    assert (types[study.inside.drug] == "trt_cp").all()
    alone = drawn(tensor, types=["trt_sh"] * 40)  # a tensor of genes is studied as one of drugs
    assert {*alone.part} == {TRAINING, TEST}


def test_too_few_drugs_no_pairs_and_one_cell_are_told_in_words():
    with pytest.raises(LacunaError, match=r"3 drugs have profiles .* too few to hold out 10 %"):
        divide(whole(3), np.array([0, 1]), 10, np.random.default_rng(0))
    with pytest.raises(LacunaError, match=r"1 drug has profiles .* too few to hold out 50 %"):
        divide(whole(1), np.array([0, 1]), 50, np.random.default_rng(0))
    apart = grid(np.ones((4, 2, 5)), np.eye(2, dtype=bool)[[0, 1, 0, 1]])
    with pytest.raises(LacunaError, match="no drug has profiles in two of the cells 'c0', 'c1'"):
        divide(apart, np.array([0, 1]), 50, np.random.default_rng(0))
    with pytest.raises(LacunaError, match="has 1 cell, from which no other can be predicted"):
        choose_cells(whole(9, cells=1), 2)
    with pytest.raises(LacunaError, match=r"4 drugs have profiles .* to train on the others"):
        drawn(whole(4), [inchi_key(1)] * 4, percent=50)  # all are one compound


def test_added_cells_are_the_best_covered_others_or_as_named():
    tensor, cells = clustered(), np.array([0, 3])
    assert choose_added(tensor, cells, 2).tolist() == [1, 2]
    assert choose_added(tensor, cells, 9).tolist() == [1, 2, 4]
    assert choose_added(tensor, cells, ["c4", "c1"]).tolist() == [4, 1]
    with pytest.raises(LacunaError, match="added_cells: the tensor has no cell 'c7'"):
        choose_added(tensor, cells, ["c7"])
    with pytest.raises(LacunaError, match="added_cells: 'c3' is a cell of the study already"):
        choose_added(tensor, cells, ["c3"])
