"""Ranks become normal scores, signatures one for each drug and line, and 0 stays untested."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.smiles import read_smiles
from lacuna.single_cell.signatures import normal_scores, prepare_level5, prepare_ranks

STRUCTURES = pd.Series({"a/b": "CCO", "salt": "CC(=O)[O-].[Na+]", "acid": "CC(=O)O"})
LINES, DRUGS, GENES = ["B", "N_K"], ["a/b", "none", "salt", "acid"], [f"G{n}" for n in range(6)]


def ranks(path, change=None, **others):
    rng = np.random.default_rng(0)
    rank = np.stack([[rng.permutation(6) for _ in DRUGS] for _ in LINES]).astype(np.int16)
    if change:
        change(rank)
    arrays = {"rank": rank, "cells": LINES, "drugs": DRUGS, "genes": GENES} | others
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return rank


def test_a_rank_becomes_the_quantile_of_its_place(tmp_path):
    rank = ranks(tmp_path / "r.npz")
    found = prepare_ranks(tmp_path / "r.npz", STRUCTURES)
    assert found.kind == "signatures"
    rows = next(found.blocks)["X"]
    place = ((found.obs["drug"] == "a/b") & (found.obs["line"] == "N_K")).to_numpy().argmax()
    expected = [norm.ppf(1 - (value + 0.5) / 6) for value in rank[1, 0]]  # 0 is most up
    np.testing.assert_allclose(rows[place], expected, rtol=1e-6)
    assert not found.obs["control"].any()
    assert set(found.obs["dose"]) == {1.0}
    assert found.genes.tolist() == GENES


def test_scores_are_normal():
    scores = normal_scores(np.random.default_rng(0).permutation(5000))
    assert scores.mean() == pytest.approx(0, abs=1e-6)
    assert scores.std() == pytest.approx(1, abs=0.01)
    assert scores.dtype == np.float32


def test_drugs_without_structure_are_named_and_one_structure_is_one_drug(tmp_path):
    rank = ranks(tmp_path / "r.npz")
    found = prepare_ranks(tmp_path / "r.npz", STRUCTURES)
    assert sorted(found.drugs.index) == ["a/b", "acid"]  # of equals, the first in the alphabet
    table = found.account.tables()[1].set_index("name")
    assert table.loc["none", ["what", "why", "count"]].tolist() == ["drug", "missing", 2]
    assert table.loc["salt", "why"] == "the same structure as acid"
    # Both have a signature in each line: their mean.
    rows = next(found.blocks)["X"]
    place = ((found.obs["drug"] == "acid") & (found.obs["line"] == "B")).to_numpy().argmax()
    expected = normal_scores(rank[0, 2:4]).mean(axis=0)
    np.testing.assert_allclose(rows[place], expected, atol=1e-6)
    assert len(found.obs) == 4


@pytest.mark.parametrize(
    ("change", "others", "said"),
    [
        (
            lambda rank: rank.__setitem__((1, 2, 0), rank[1, 2, 1]),
            {},
            "1 profiles, .*'salt' in 'N_K'",
        ),
        (lambda rank: rank.__iadd__(1), {}, "no ranks from 0 to 5"),
        (None, {"genes": [*GENES, "G7"]}, "rank has shape"),
        (None, {"cells": ["B", "B"]}, "a name in cells stands twice"),
        (None, {"drugs": None}, "has no array 'drugs'; it has 'cells', 'genes', 'rank'"),
        (None, {"drugs": np.array([*DRUGS[:3], None], object)}, "cannot be read as .npz"),
    ],
)
@pytest.mark.fault("a file of ranks is not what it should be", "it is refused, the fault named")
def test_what_are_no_ranks_is_refused(tmp_path, change, others, said):
    ranks(tmp_path / "r.npz", change, **others)
    with pytest.raises(LacunaError, match=said):
        prepare_ranks(tmp_path / "r.npz", STRUCTURES)


def test_a_file_of_ranks_that_is_cut_short_is_damaged(tmp_path):
    ranks(tmp_path / "r.npz")
    data = (tmp_path / "r.npz").read_bytes()
    (tmp_path / "r.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedFile, match=r"r\.npz"):
        prepare_ranks(tmp_path / "r.npz", STRUCTURES)
    with pytest.raises(LacunaError, match="no such file"):
        prepare_ranks(tmp_path / "none.npz", STRUCTURES)


def test_no_structure_at_all_is_refused(tmp_path):
    ranks(tmp_path / "r.npz")
    with pytest.raises(LacunaError, match="no treated observation is left"):
        prepare_ranks(tmp_path / "r.npz", pd.Series({"others": "CC"}))


def level5(folder, table, values):
    """Write signatures: rows of (signature, drug, line, kind), and their scores of 3 genes."""
    sig = pd.DataFrame(table, columns=["sig_id", "pert_id", "cell_id", "pert_type"])
    sig = sig.assign(pert_iname="name of " + sig["pert_id"], pert_dose="5", pert_dose_unit="um")
    sig = sig.assign(pert_time="24", pert_time_unit="h")
    sig.to_csv(folder / "sig.txt", sep="\t", index=False)
    write_gctx(
        folder / "l5.gctx",
        np.array(values, np.float32),
        pd.DataFrame(index=pd.Index(["11", "12", "13"], name="id")),
        pd.DataFrame(index=pd.Index(sig["sig_id"], name="id")),
    )
    pert = {"pert_id": ["D1", "D2", "D3"], "canonical_smiles": ["CCO", "-666", "OCC"]}
    pd.DataFrame(pert).to_csv(folder / "pert.txt", sep="\t", index=False)
    genes = {"pr_gene_id": ["13", "11", "12"], "pr_gene_symbol": ["C", "A", "B"], "pr_is_lm": "1"}
    pd.DataFrame(genes).to_csv(folder / "gene.txt", sep="\t", index=False)
    files = {"sig_info": "sig.txt", "pert_info": "pert.txt", "gene_info": "gene.txt"}
    return {"level5": folder / "l5.gctx"} | {kind: folder / name for kind, name in files.items()}


TABLE = [
    ("s1", "D1", "X", "trt_cp"),
    ("s2", "D1", "X", "trt_cp"),
    ("s3", "D3", "Y", "trt_cp"),
    ("s4", "D2", "X", "trt_cp"),
    ("s5", "D1", "X", "trt_sh"),
]
VALUES = [[1, 0, 2], [3, 0, 0], [-1, 4, 5], [9, 9, 9], [9, 9, 9]]


def test_signatures_of_one_drug_and_line_are_averaged_where_they_tested(tmp_path):
    found = prepare_level5(level5(tmp_path, TABLE, VALUES))
    assert found.obs[["drug", "line"]].to_numpy().tolist() == [
        ["name of D1", "X"],
        ["name of D1", "Y"],  # D3 is the same structure
    ]
    rows = next(found.blocks)["X"]
    assert found.genes.tolist() == ["C", "A", "B"]
    np.testing.assert_array_equal(rows, [[2, 2, 0], [5, -1, 4]])
    said = found.account.tables()[1].set_index("name")
    assert said.loc["trt_sh", "count"] == 1
    assert said.loc["name of D2", "why"] == "missing"


def test_without_gene_info_rows_are_symbols(tmp_path):
    files = level5(tmp_path, TABLE, VALUES)
    del files["gene_info"]
    assert prepare_level5(files).genes.tolist() == ["11", "12", "13"]


def test_signatures_that_the_matrix_lacks_are_named(tmp_path):
    files = level5(tmp_path, TABLE, VALUES)
    table = pd.read_csv(files["sig_info"], sep="\t")
    table.replace("s2", "s9").to_csv(files["sig_info"], sep="\t", index=False)
    with pytest.raises(LacunaError, match=r"1 signatures are not in .*'s9'"):
        prepare_level5(files)


def test_op3_has_113_drugs_in_4_types(shared_data):
    folder = shared_data / "op3-ranks"
    found = prepare_ranks(folder / "op3_ranks.npz", read_smiles(folder / "op3_drugs.tsv"))
    assert (len(found.obs), len(found.drugs), len(found.genes)) == (452, 113, 6349)
    assert set(found.obs["line"]) == {"B", "NK", "T", "Myeloid"}
    rows = next(found.blocks)["X"]
    np.testing.assert_allclose(rows.std(axis=1), 1, atol=2e-3)
    missing = found.account.tables()[1]
    assert (missing["why"] == "missing").sum() == 22


def test_tahoe_keeps_its_scores(shared_data):
    folder = shared_data / "tahoe-ranks"
    files = {
        kind: folder / f"TAHOE24_{kind}.txt.gz" for kind in ("sig_info", "pert_info", "gene_info")
    }
    files["level5"] = folder / "TAHOE24_Level5_ranks_n2492x978.gctx"
    found = prepare_level5(files)
    # 73 have SMILES; of these two are other names of a drug among them.
    assert (len(found.drugs), found.obs["line"].nunique(), len(found.genes)) == (71, 24, 978)
    said = found.account.tables()[1]
    assert (said["what"] == "name").sum() == 2
    assert len(found.obs) == len(found.obs[["drug", "line"]].drop_duplicates())
    rows = next(found.blocks)["X"]
    assert (rows == 0).mean() == pytest.approx(0.21, abs=0.01)
    with Gctx(files["level5"]) as matrix:
        info = pd.read_csv(files["sig_info"], sep="\t").set_index("sig_id")
        genes = pd.read_csv(files["gene_info"], sep="\t", dtype=str)
        averaged = set(said["why"].str.removeprefix("the same structure as "))
        alone = np.flatnonzero(~found.obs["drug"].isin(averaged))
        for place in alone[[0, 500, 1500]]:
            drug, line = found.obs.iloc[place][["drug", "line"]]
            here = info.index[(info["pert_iname"] == drug) & (info["cell_id"] == line)]
            np.testing.assert_array_equal(rows[[place]], matrix.read(genes["pr_gene_id"], here))
