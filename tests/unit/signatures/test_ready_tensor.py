"""A tensor that others made enters as our own does."""

import numpy as np
import pandas as pd
import pytest
from matlab import names, tensor, write_v5, write_v73
from rows import OPEN

from lacuna.errors import LacunaError
from lacuna.io.geo import read_drugs
from lacuna.io.matlab import MatlabTensor
from lacuna.signatures.ready_tensor import count_profiles, import_tensor
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import build_tensor
from lacuna.tensor.filters import filter_experiments
from lacuna.tensor.labels import describe_axes

T = tensor(9, 12, 5)
IDS = names(T)


def imported(path):
    with MatlabTensor(path) as found:
        SignatureSet.save(path.with_suffix(".h5"), import_tensor(found))
    return SignatureSet.load(path.with_suffix(".h5"))


@pytest.mark.parametrize("write", [write_v5, write_v73])
def test_the_grid_is_the_tensor_again(tmp_path, write):
    signatures = imported(write(tmp_path / "large.mat", T))
    grid, steps = build_tensor(signatures, **OPEN)
    measured = ~np.isnan(T[:, 0])
    assert len(grid) == measured.sum() == steps["profiles"].iloc[-1]
    assert grid.genes.tolist() == IDS["geneIds"]
    for profile, drug, cell in zip(grid.profiles, grid.drug, grid.cell, strict=True):
        d = IDS["pertIds"].index(grid.drugs[drug])
        c = IDS["cellIds"].index(grid.cells[cell])
        np.testing.assert_allclose(profile, T[d, :, c], atol=1e-6)
    assert (np.diff(grid.measured.sum(axis=1)) <= 0).all()
    assert (grid.reliability["plates"] == -1).all()


def test_what_a_tensor_does_not_say_is_unknown(tmp_path):
    table = imported(write_v5(tmp_path / "large.mat", T)).table
    assert table[["dose", "time", "acd", "p_value"]].isna().all(axis=None)
    assert set(table["batch"]) == set(table["name"]) == {""}
    assert set(table["replicates"]) == {1}
    assert count_profiles(len(table))["signatures"].tolist() == [(~np.isnan(T[:, 0])).sum()]


def test_profiles_of_another_length_are_scaled(tmp_path):
    once, twice = (imported(write_v5(tmp_path / f"{n}.mat", T * n)).profiles[:] for n in (1, 2))
    np.testing.assert_allclose(once, twice, atol=1e-6)


def test_names_come_from_the_table_of_drugs(tmp_path):
    signatures = imported(write_v5(tmp_path / "large.mat", T))
    grid, _ = build_tensor(signatures, **OPEN)
    experiments = filter_experiments(signatures.table, **OPEN).table
    info = pd.DataFrame({"pert_id": IDS["pertIds"][:8], "pert_iname": "same name"})
    info.to_csv(tmp_path / "pert_info.txt", sep="\t", index=False)
    tables = {"gene_tables": [], "cell_tables": []}
    drugs = describe_axes(
        grid, experiments, drug_tables=[read_drugs(tmp_path / "pert_info.txt")], **tables
    )["drugs"].set_index("drug")
    # The authors have chosen among ids of one name already: none is dropped, all are named.
    assert len(drugs) == 9
    assert set(drugs["name"].dropna()) == {"same name"}
    assert drugs["name"].isna()[IDS["pertIds"][8]]
    nameless = describe_axes(grid, experiments, drug_tables=[], **tables)["drugs"]
    assert nameless["name"].isna().all()


def test_profiles_that_say_nothing_are_named(tmp_path):
    zero = T.copy()
    zero[2, :, 2] = 0
    with pytest.raises(LacunaError, match=r"'BRD-002' in cell 'C2XX' are 0 in every gene"):
        imported(write_v5(tmp_path / "zero.mat", zero))
    with pytest.raises(LacunaError, match=r"none\.mat: holds no profile: variable T is NaN"):
        imported(write_v5(tmp_path / "none.mat", np.full(T.shape, np.nan)))
