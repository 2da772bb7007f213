"""Wells of the bulk screen pass the filters of the paper, in its order, and are counted."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.single_cell import bulk
from lacuna.single_cell.interface import CONTROL

GENES = ["10", "20", "30"]


def series(folder, rows, name="one", smiles=None, genes=GENES, seed=0):
    """Write a series: rows of (drug, name, line, dose, unit), and how often."""
    folder = folder / name
    folder.mkdir()
    table = [row[:-1] for row in rows for _ in range(row[-1])]
    wells = pd.DataFrame(
        table, columns=["pert_id", "pert_iname", "cell_id", "pert_dose", "pert_dose_unit"]
    )
    wells.insert(0, "inst_id", [f"{name}:{number}" for number in range(len(wells))])
    wells["pert_type"] = np.where(wells["pert_id"] == "DMSO", "ctl_vehicle", "trt_cp")
    wells.loc[wells["pert_id"] == "POS", "pert_type"] = "trt_poscon"
    wells = wells.assign(rna_plate="P", pert_time="24", pert_time_unit="h")
    wells.to_csv(folder / "wells.txt", sep="\t", index=False)
    rng = np.random.default_rng(seed)
    values = rng.uniform(4, 14.5, (len(wells), len(genes))).astype(np.float32)
    write_gctx(
        folder / "l3.gctx",
        values[::-1],  # the matrix has another order than the table
        pd.DataFrame(index=pd.Index(genes, name="id")),
        pd.DataFrame(index=pd.Index(wells["inst_id"][::-1], name="id")),
    )
    said = pd.Series(smiles or {}, dtype=object).rename("canonical_smiles").rename_axis("pert_id")
    said.reset_index().to_csv(folder / "pert.txt", sep="\t", index=False)
    symbols = {"10": "A", "20": "B", "30": "C"}
    info = {"pr_gene_id": genes, "pr_gene_symbol": [symbols.get(gene, gene) for gene in genes]}
    pd.DataFrame(info).assign(pr_is_lm="1").to_csv(folder / "gene.txt", sep="\t", index=False)
    files = {
        "matrix": "l3.gctx",
        "wells": "wells.txt",
        "pert_info": "pert.txt",
        "gene_info": "gene.txt",
    }
    made = {kind: str(folder / file) for kind, file in files.items()}
    return {"series": name, "level": "level3", **made}, pd.DataFrame(values, wells["inst_id"])


VEHICLE = ("DMSO", "DMSO", "X", "-666", "-666", 4)
ALL = [
    VEHICLE,
    ("D1", "one", "X", "10", "um", 4),
    ("D1", "one", "X", "9.99999", "uM", 3),
    ("D1", "one", "Y", "500", "nM", 3),
    ("D2", "two", "X", "10", "um", 5),  # a name of 5 wells
    ("D3", "three", "X", "10", "um", 6),  # without a structure
    ("D4", "four", "X", "10", "um", 6),  # a secret
    ("D5", "five", "X", "1", "%", 3),  # no concentration
    ("D5", "five", "X", "-666", "-666", 2),
    ("D5", "five", "X", "3", "um", 5),  # then a structure of 5 wells
    ("D6", "six", "X", "10", "um", 7),  # unreadable
    ("D7", "seven", "X", "10", "um", 7),  # one, with a salt
    ("POS", "pos", "X", "10", "um", 3),
]
SMILES = {
    "D1": "CC(=O)O",
    "D2": "CCO",
    "D3": "-666",
    "D4": "restricted",
    "D5": "CCC",
    "D6": "C1CC",
    "D7": "CC(=O)[O-].[Na+]",
}


def read(prepared):
    return np.concatenate([block["X"] for block in prepared.blocks])


def test_the_filters_of_the_paper_in_its_order(tmp_path):
    screen, _ = series(tmp_path, ALL, smiles=SMILES)
    found = bulk.prepare([screen])
    account, left_out = found.account.tables()
    assert account[["step", "observations", "drugs"]].to_numpy().tolist() == [
        ["treated with a compound, or with the vehicle", 55, 7],
        ["of names with 6 wells or more", 50, 6],
        ["of a structure that is told", 38, 4],
        ["of a known dose", 33, 4],
        ["of structures with 6 wells or more", 28, 3],
        ["of a structure that can be read", 21, 1],
    ]
    assert found.drugs.index.tolist() == ["one"]  # of most wells
    assert found.kind == "bulk"
    said = left_out.set_index("name")["why"].to_dict()
    assert said["six"] == "SMILES that cannot be read"
    assert said["seven"] == "the same structure as one"
    assert said["trt_poscon"] == "neither a compound nor a vehicle"
    assert said["Y"].startswith("no controls")


def test_wells_have_their_own_values_conditions_and_doses(tmp_path):
    screen, values = series(tmp_path, ALL, smiles=SMILES)
    found = bulk.prepare([screen])
    rows = read(found)
    np.testing.assert_array_equal(rows, values.loc[found.obs.index])
    assert found.genes.tolist() == ["A", "B", "C"]
    control = found.obs["control"]
    assert (found.obs.loc[control, ["drug", "line", "dose"]] == [CONTROL, "X", 0.0]).all(axis=None)
    treated = found.obs[~control]
    assert treated.groupby(["line", "dose"]).size().to_dict() == {("X", 10.0): 14, ("Y", 0.5): 3}


def test_several_series_share_structures_and_genes(tmp_path):
    first, one = series(
        tmp_path, [VEHICLE, ("D1", "one", "X", "10", "um", 4)], smiles={"D1": "restricted"}
    )
    rows = [("D1", "one", "Z", "10", "um", 4), ("D8", "eight", "Z", "1", "um", 8)]
    second, other = series(tmp_path, rows, "two", {"D1": "CCO"}, genes=["30", "10", "20"], seed=1)
    table = tmp_path / "more.csv"
    table.write_text("D8, CCCN\nD1, CCCCCC\nD9, C\n")
    found = bulk.prepare([first, second], [table])
    assert found.drugs["smiles"].to_dict() == {"one": "CCO", "eight": "CCCN"}
    values = pd.concat([one, other.set_axis([2, 0, 1], axis=1)]).sort_index(axis=1)
    np.testing.assert_array_equal(read(found), values.loc[found.obs.index])
    assert set(found.obs["line"]) == {"X", "Z"}


def test_two_structures_under_one_name_are_two_drugs(tmp_path):
    rows = [VEHICLE, ("D1", "one", "X", "1", "um", 6), ("D2", "one", "X", "1", "um", 7)]
    screen, _ = series(tmp_path, rows, smiles={"D1": "CCO", "D2": "CCN"})
    found = bulk.prepare([screen])
    assert found.drugs.loc["one", "smiles"] == "CCN"
    assert len(found.drugs) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: [], "no Level 3 series"),
        (lambda s: [s | {"level": "level5"}], "'one' are signatures"),
        (lambda s: [s, s | {"series": "again"}], "stands in more than one series"),
    ],
)
def test_what_is_no_screen_is_refused(tmp_path, change, said):
    screen, _ = series(tmp_path, ALL, smiles=SMILES)
    with pytest.raises(LacunaError, match=said):
        bulk.prepare(change(screen))


def test_wells_without_a_column_are_left_out_and_counted(tmp_path):
    screen, _ = series(tmp_path, ALL, smiles=SMILES)
    table = pd.read_csv(screen["wells"], sep="\t", dtype=str)
    failed = table.iloc[:3].assign(inst_id=["x", "y", "z"])
    pd.concat([failed, table]).to_csv(tmp_path / "more.txt", sep="\t", index=False)
    found = bulk.prepare([screen | {"wells": tmp_path / "more.txt"}])
    expected = bulk.prepare([screen])
    pd.testing.assert_frame_equal(found.obs, expected.obs)
    left_out = found.account.tables()[1]
    why = left_out["why"].eq("no column in the matrix")
    assert left_out.loc[why, "count"].tolist() == [3]


def test_tables_of_another_matrix_are_refused(tmp_path):
    one, _ = series(tmp_path, ALL, smiles=SMILES)
    two, _ = series(tmp_path, ALL[:3], "two", SMILES)
    with pytest.raises(LacunaError, match="Less than half of the smaller side has a partner"):
        bulk.prepare([one | {"wells": two["wells"]}])
    short, _ = series(
        tmp_path, [("D1", "one", "X", "1", "um", 9)], "three", SMILES, genes=[*GENES[:2], "99"]
    )
    with pytest.raises(LacunaError, match="has 2 of the 3 landmark genes"):
        read(bulk.prepare([one, short]))


def test_nothing_left_is_refused_with_the_step(tmp_path):
    screen, _ = series(tmp_path, ALL[:2], smiles={})
    with pytest.raises(LacunaError, match="of names with 6 wells or more"):
        bulk.prepare([screen])


def test_lincs_mini(mini):
    found = bulk.prepare([mini])
    account, _ = found.account.tables()
    assert account["observations"].tolist() == [1406, 400, 394, 394, 390, 390]
    assert account["drugs"].tolist()[-1] == len(found.drugs) == 53
    rows = read(found)
    assert rows.shape == (390, 978)
    with Gctx(mini["matrix"]) as matrix:
        genes = pd.read_csv(mini["gene_info"], sep="\t", dtype=str).set_index("pr_gene_symbol")
        ids = genes.loc[found.genes, "pr_gene_id"]
        np.testing.assert_array_equal(rows[::50], matrix.read(ids, found.obs.index[::50]))
    assert found.obs["control"].sum() == 62
