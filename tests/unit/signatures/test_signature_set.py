"""Signatures come back from their file, and those of several series are joined."""

import numpy as np
import pandas as pd
import pytest
from wells import (
    join,
    plate,
    signatures_of,
)

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import SignatureSet, common_genes
from lacuna.tensor.build import build_tensor
from lacuna.vectors import unit_rows

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


def with_genes(made, genes, **changes):
    """The same signatures over some of the genes, in this order."""
    at = pd.Index(made.genes).get_indexer(genes)
    profiles = unit_rows(made.profiles[:, at])
    return SignatureSet(made.table.assign(**changes), profiles, np.array(genes, dtype=object))


def test_of_series_with_other_genes_the_common_ones_are_taken(tmp_path, wells):
    first = signatures_of(tmp_path, wells)
    genes = list(first.genes)
    second = with_genes(first, ["new", *genes[::-1][:-2]], batch="other")
    second.profiles[:, 0] = 0.5  # of the gene that the first series lacks
    joined = SignatureSet.concatenate([first, second])
    assert joined.genes.tolist() == genes[2:]  # in the order of the first series
    left = first.profiles[:, 2:]
    expected = left / np.linalg.norm(left, axis=1, keepdims=True)
    np.testing.assert_allclose(joined.profiles[:], np.vstack([expected] * 2), atol=1e-6)
    assert len(joined.table) == 2 * len(first.table)
    places = np.arange(len(joined.table))
    np.testing.assert_allclose(joined.sum_by(places, len(places)), joined.profiles[:])


def test_the_genes_that_are_left_out_are_named_with_the_series_that_lack_them():
    found = common_genes({"a": ["3", "1", "2", "4"], "b": ["4", "5", "1", "3"], "c": "31452"})
    assert found.genes.tolist() == ["3", "1", "4"]
    assert found.left_out.to_dict("list") == {"gene": ["2", "5"], "series": ["b", "a"]}
    assert found.lines() == [
        "1 genes are left out of all series, '5': a lacks them; 3 are left.",
        "1 genes are left out of all series, '2': b lacks them; 3 are left.",
    ]
    alike = common_genes({"a": ["2", "1"], "b": ["1", "2"]})
    assert alike.genes.tolist() == ["2", "1"]
    assert alike.left_out.empty and alike.lines() == []


def test_with_fewer_than_half_of_the_smaller_series_genes_nothing_is_joined():
    large = [str(gene) for gene in range(100)]
    for theirs in (["0", "1", "x", "y"], ["0"]):
        assert common_genes({"a": large, "b": theirs}).genes.tolist() == theirs[:2]
    for theirs in (["0", "x", "y"], ["x", "y"], ["SYMBOL0"]):
        with pytest.raises(LacunaError, match=r"series: b: [01] of its \d genes.*a 100 \('0', '1'"):
            common_genes({"a": large, "b": theirs})
