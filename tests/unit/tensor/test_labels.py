"""Drugs, cells and genes are described in the order of the tensor."""

from dataclasses import replace

import numpy as np
import pandas as pd
from rows import OPEN, named, of_pairs

from lacuna.io.landmarks import landmarks
from lacuna.io.tsv import read_table, write_table
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import average_experiments
from lacuna.tensor.filters import filter_experiments
from lacuna.tensor.labels import describe_axes
from lacuna.tensor.profiles import ProfileSet


def filtered(made: SignatureSet, **filters: str) -> tuple[ProfileSet, pd.DataFrame]:
    """The tensor, and the experiments that it was made of."""
    left = filter_experiments(made.table, **OPEN | filters).table
    return average_experiments(left, made), left


def test_the_axes_are_described_in_the_tensors_order():
    made = named(("b", "Beta", "2"), ("a", "Alpha", "2"), ("a", "Alpha", "1"), ("c", np.nan, "2"))
    first = pd.DataFrame({"drug": ["b", "z"], "inchi_key": ["KB", "KZ"], "smiles": [np.nan, "Z"]})
    later = pd.DataFrame({"drug": ["a", "b"], "inchi_key": ["KA", "no"], "smiles": ["A", "B"]})
    genes = pd.DataFrame({"gene": ["g1"], "symbol": ["S1"], "landmark": [True]})
    cells = pd.DataFrame({"cell": ["2"], "lineage": ["skin"]})
    tensor, left = filtered(made)
    axes = describe_axes(
        tensor, left, drug_tables=[first, later], gene_tables=[genes], cell_tables=[cells]
    )
    assert axes["drugs"].fillna("-").to_numpy().tolist() == [
        ["a", "Alpha", "trt_cp", 2, "KA", "A", "a"],
        ["b", "Beta", "trt_cp", 1, "KB", "B", "b"],
        ["c", "-", "trt_cp", 1, "-", "-", "c"],
    ]
    assert axes["cells"].fillna("-").to_numpy().tolist() == [["2", 3, "skin"], ["1", 1, "-"]]
    assert list(axes["genes"]["gene"]) == list(tensor.genes)
    assert axes["genes"].set_index("gene")["symbol"].to_dict()["g1"] == "S1"


def test_a_merged_drug_has_the_id_and_name_with_most_cells_and_names_all_ids(tmp_path):
    made = named(
        *(("9", "drug", "1"), ("10", "DRUG", "1"), ("10", "DRUG", "2"), ("7", "Drug", "3")),
        ("5", "another", "1"),
    )
    # What no table says of the drug's own id is taken from another id, the first that says it.
    table = pd.DataFrame(
        {
            "drug": ["7", "9", "10", "5"],
            "inchi_key": ["K7", "K9", "K10", np.nan],
            "smiles": ["S7", "S9", np.nan, np.nan],
        }
    )
    tensor, left = filtered(made, merge="name")
    axes = describe_axes(tensor, left, drug_tables=[table], gene_tables=[], cell_tables=[])
    write_table(axes["drugs"], tmp_path / "drugs.tsv")
    assert read_table(tmp_path / "drugs.tsv").fillna("-").to_numpy().tolist() == [
        ["10", "DRUG", "trt_cp", 3, "K10", "S7", "10; 7; 9"],
        ["5", "another", "trt_cp", 1, "-", "-", "5"],
    ]


def test_a_drug_without_a_name_has_none_after_a_file(tmp_path):
    made = named(("a", "Alpha", "1"), ("b", np.nan, "1"))
    SignatureSet.save(tmp_path / "signatures.h5", [made])
    tensor, left = filtered(SignatureSet.load(tmp_path / "signatures.h5"))
    axes = describe_axes(tensor, left, drug_tables=[], gene_tables=[], cell_tables=[])
    assert axes["drugs"]["name"].fillna("").tolist() == ["Alpha", ""]


def test_axes_without_any_table_are_described():
    tensor, left = filtered(of_pairs("a 1", "b 1"))
    axes = describe_axes(tensor, left, drug_tables=[], gene_tables=[], cell_tables=[])
    assert list(axes["drugs"]["drug"]) == ["a", "b"]
    assert axes["drugs"][["inchi_key", "smiles"]].isna().all(axis=None)


def test_landmarks_without_a_table_of_genes_are_called_as_lincs_calls_them():
    grid, left = filtered(of_pairs("a 1", "b 1"))
    ids = landmarks()["entrez"].to_numpy()[: len(grid.genes)]
    tensor = replace(grid, genes=ids)
    table = pd.DataFrame({"gene": ids[:1], "symbol": ["OWN"]})
    axes = describe_axes(tensor, left, drug_tables=[], gene_tables=[table], cell_tables=[])
    expected = ["OWN", *landmarks()["symbol"][1 : len(ids)]]
    assert list(axes["genes"]["symbol"]) == expected
