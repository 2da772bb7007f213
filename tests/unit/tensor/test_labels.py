"""Drugs, cells and genes are described in the order of the tensor."""

import numpy as np
import pandas as pd
from rows import OPEN, named, of_pairs

from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import build_tensor
from lacuna.tensor.labels import describe_axes


def test_the_axes_are_described_in_the_tensors_order():
    made = named(("b", "Beta", "2"), ("a", "Alpha", "2"), ("a", "Alpha", "1"), ("c", np.nan, "2"))
    tensor, _ = build_tensor(made, **OPEN)
    first = pd.DataFrame({"drug": ["b", "z"], "inchi_key": ["KB", "KZ"], "smiles": [np.nan, "Z"]})
    later = pd.DataFrame({"drug": ["a", "b"], "inchi_key": ["KA", "no"], "smiles": ["A", "B"]})
    genes = pd.DataFrame({"gene": ["g1"], "symbol": ["S1"], "landmark": [True]})
    cells = pd.DataFrame({"cell": ["2"], "lineage": ["skin"]})
    axes = describe_axes(
        tensor, made, drug_tables=[first, later], gene_tables=[genes], cell_tables=[cells]
    )
    assert axes["drugs"].fillna("-").to_numpy().tolist() == [
        ["a", "Alpha", 2, "KA", "A"],
        ["b", "Beta", 1, "KB", "B"],
        ["c", "-", 1, "-", "-"],
    ]
    assert axes["cells"].fillna("-").to_numpy().tolist() == [["2", 3, "skin"], ["1", 1, "-"]]
    assert list(axes["genes"]["gene"]) == list(tensor.genes)
    assert axes["genes"].set_index("gene")["symbol"].to_dict()["g1"] == "S1"


def test_a_drug_without_a_name_has_none_after_a_file(tmp_path):
    made = named(("a", "Alpha", "1"), ("b", np.nan, "1"))
    SignatureSet.save(tmp_path / "signatures.h5", [made])
    made = SignatureSet.load(tmp_path / "signatures.h5")
    tensor, _ = build_tensor(made, **OPEN)
    axes = describe_axes(tensor, made, drug_tables=[], gene_tables=[], cell_tables=[])
    assert axes["drugs"]["name"].fillna("").tolist() == ["Alpha", ""]


def test_axes_without_any_table_are_described():
    made = of_pairs("a 1", "b 1")
    tensor, _ = build_tensor(made, **OPEN)
    axes = describe_axes(tensor, made, drug_tables=[], gene_tables=[], cell_tables=[])
    assert list(axes["drugs"]["drug"]) == ["a", "b"]
    assert axes["drugs"][["inchi_key", "smiles"]].isna().all(axis=None)
