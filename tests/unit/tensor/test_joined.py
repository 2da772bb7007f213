"""Tables beside a tensor are joined by name: the order of their rows says nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import axes_of, clustered

from lacuna.completion.interface import SideInformation
from lacuna.errors import LacunaError
from lacuna.evaluation.splits import fold_table
from lacuna.io.tsv import write_table
from lacuna.tensor.joined import described, of_profiles, read_described, read_of_profiles

TENSOR = clustered(drugs=7, cells=4)
FOLD = np.arange(len(TENSOR)) % 5
TABLE = fold_table(TENSOR, FOLD)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(TENSOR))))
def test_what_is_said_of_profiles_does_not_depend_on_the_order_of_rows(order):
    assert np.array_equal(of_profiles(TENSOR, TABLE.iloc[order], "fold", "folds.tsv"), FOLD)


@pytest.mark.parametrize("axis", ["drugs", "cells", "genes"])
def test_what_is_said_of_an_axis_does_not_depend_on_the_order_of_rows(axis):
    table = axes_of(TENSOR)[axis].assign(number=range(len(getattr(TENSOR, axis))))
    more = pd.concat([table, table.iloc[:1].replace(regex={"[dcg]0": "another"})])
    shuffled = more.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(described(TENSOR, axis, shuffled, "a.tsv"), table)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda table: table[1:], "has no row for drug 'd0' in cell"),
        (lambda table: pd.concat([table, table[-1:]]), "has more than one row for drug 'd6'"),
        (lambda table: table.replace({"d3": "d33"}), "has no row for drug 'd3' in cell"),
        (
            lambda table: pd.concat([table, table[-1:].assign(drug="d9")]),
            "has a row for a profile that is not there: drug 'd9'",
        ),
    ],
)
def test_a_table_of_other_profiles_is_refused(tmp_path, spoil, said):
    write_table(spoil(TABLE), tmp_path / "folds.tsv")
    with pytest.raises(LacunaError, match=said) as error:
        read_of_profiles(TENSOR, tmp_path / "folds.tsv", "fold")
    assert str(tmp_path / "folds.tsv") in str(error.value)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda table: table[:-2], r"has no row for drug 'd5' of the tensor \(2 of 7 drugs"),
        (lambda table: pd.concat([table, table[:1]]), "drug 'd0' has more than one row"),
    ],
)
def test_a_table_of_other_drugs_is_refused(tmp_path, spoil, said):
    write_table(spoil(axes_of(TENSOR)["drugs"]), tmp_path / "drugs.tsv")
    with pytest.raises(LacunaError, match=said) as error:
        read_described(TENSOR, "drugs", tmp_path / "drugs.tsv")
    assert str(tmp_path / "drugs.tsv") in str(error.value)


@pytest.fixture
def side(tmp_path):
    """Two tables that methods read, and how to spoil them."""
    drugs = pd.DataFrame({"drug": TENSOR.drugs, "smiles": [f"{'C' * (n + 1)}" for n in range(7)]})
    baseline = pd.DataFrame(np.arange(4 * 40).reshape(4, 40), columns=TENSOR.genes)
    baseline.insert(0, "cell", TENSOR.cells)

    def read(of_drugs=lambda table: table, of_cells=lambda table: table):
        write_table(of_drugs(drugs), tmp_path / "drugs.tsv")
        write_table(of_cells(baseline), tmp_path / "baseline.tsv")
        return SideInformation.read(TENSOR, tmp_path / "drugs.tsv", tmp_path / "baseline.tsv")

    return read


def test_structures_and_baselines_are_found_by_name(side):
    expected = side()
    found = side(lambda table: table[::-1], lambda table: table[::-1][table.columns[::-1]])
    assert found.smiles.tolist() == expected.smiles.tolist()
    assert np.array_equal(found.baseline, expected.baseline)


def test_a_cell_may_have_no_baseline(side):
    found = side(of_cells=lambda table: table[:-1])
    assert np.isnan(found.baseline).all(axis=1).tolist() == [False, False, False, True]
    assert side(of_cells=lambda table: table.loc[[], ["cell"]]).baseline is None


@pytest.mark.fault(
    "a table of structures or of baseline expression without some of its drugs or genes",
    "refused by name; before, methods took the rest as not known",
)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"of_drugs": lambda table: table[:5]}, r"drugs\.tsv: has no row for drug 'd5'"),
        ({"of_cells": lambda t: t.drop(columns="g39")}, r"baseline\.tsv: has no column .* 'g39'"),
        ({"of_cells": lambda t: pd.concat([t, t[:1]])}, "cell 'c0' has more than one row"),
    ],
)
def test_tables_that_lack_drugs_or_genes_are_refused(side, spoil, said):
    with pytest.raises(LacunaError, match=said):
        side(**spoil)
