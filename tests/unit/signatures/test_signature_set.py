"""Signatures come back from their file, and those of several series are joined."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from wells import (
    join,
    plate,
    signatures_of,
)

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import build_tensor

NO_FILTER = {
    "max_p_value": 1,
    "unreplicated": "keep",
    "min_cells_per_drug": 1,
    "min_drugs_per_cell": 1,
}


@pytest.fixture
def wells():
    """Two batches: three plates alike, and one plate with a drug twice."""
    return join(
        *(plate(f"A_X{replicate}", list("abcdefgh")) for replicate in (1, 2, 3)),
        plate("B_X1", ["a", "b", "c", "c"], cell="PC3", vehicles=6),
    )


def test_they_come_back_from_a_file(tmp_path, wells):
    found = signatures_of(tmp_path, wells)
    SignatureSet.save(tmp_path / "signatures.h5", [found])
    again = SignatureSet.load(tmp_path / "signatures.h5")
    pd.testing.assert_frame_equal(again.table, found.table)
    np.testing.assert_array_equal(again.profiles, found.profiles)
    assert again.profiles.dtype == np.float32
    assert again.genes.tolist() == found.genes.tolist()


def test_drugs_without_a_name_are_still_distinct_after_a_file(tmp_path, wells):
    wells.loc[wells["drug"].isin(["a", "b", "c"]), "name"] = np.nan
    found = signatures_of(tmp_path, wells)
    SignatureSet.save(tmp_path / "signatures.h5", [found])
    again = SignatureSet.load(tmp_path / "signatures.h5")
    tensor, counts = build_tensor(found, **NO_FILTER)
    tensor_again, counts_again = build_tensor(again, **NO_FILTER)
    assert set(tensor.drugs) == set(tensor_again.drugs) == set("abcdefgh")
    pd.testing.assert_frame_equal(counts, counts_again)
    named = again.table["drug"].isin(["a", "b", "c"])
    assert again.table.loc[~named, "name"].tolist() == found.table.loc[~named, "name"].tolist()


@pytest.mark.parametrize("content", [None, b"", b"no HDF5"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    path = tmp_path / "signatures.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LacunaError, match=r"signatures\.h5"):
        SignatureSet.load(path)


def test_a_file_cut_short_is_refused(tmp_path, wells):
    path = tmp_path / "signatures.h5"
    SignatureSet.save(path, [signatures_of(tmp_path, wells)])
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(LacunaError, match=r"signatures\.h5"):
            SignatureSet.load(path)


def test_series_with_genes_in_another_order_are_joined(tmp_path, wells):
    first = signatures_of(tmp_path, wells)
    order = np.random.default_rng(0).permutation(len(first.genes))
    table = first.table.assign(batch="other")
    second = SignatureSet(table, first.profiles[:, order], first.genes[order])
    joined = SignatureSet.concatenate(iter([first, second]))
    assert joined.genes.tolist() == first.genes.tolist()
    np.testing.assert_array_equal(joined.profiles[:], np.vstack([first.profiles] * 2))
    expected = pd.concat([first.table, table], ignore_index=True)
    pd.testing.assert_frame_equal(joined.table, expected)


def test_series_with_other_genes_are_not_joined(tmp_path, wells):
    first = signatures_of(tmp_path, wells)
    fewer = replace(first, profiles=first.profiles[:, 1:], genes=first.genes[1:])
    with pytest.raises(LacunaError, match=r"different landmark genes \(20 and 19\)"):
        SignatureSet.concatenate([first, fewer])
