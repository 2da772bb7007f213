"""Drugs and genes in one tensor: told apart in every table, and never merged."""

import numpy as np
import pandas as pd
import pytest
from rows import OPEN, signatures

from lacuna.tensor.build import average_experiments
from lacuna.tensor.filters import DROPPED, filter_experiments
from lacuna.tensor.labels import describe_axes
from lacuna.tensor.substances import add_facts

KEY = "AAAAAAAAAAAAAA-UHFFFAOYSA-N"


def row(drug, name, pert_type, cell="1"):
    dose = 10.0 if pert_type == "trt_cp" else np.nan
    return {"drug": drug, "name": name, "pert_type": pert_type, "cell": cell, "dose": dose}


# A drug called like a gene, two hairpins of that gene, its consensus, and an id of two types.
ROWS = [
    row("BRD-1", "MET", "trt_cp"),
    row("BRD-2", "met", "trt_cp", "2"),
    row("H1", "MET", "trt_sh"),
    row("H2", "MET", "trt_sh", "2"),
    row("C1", "MET", "trt_sh.cgs"),
    row("X", "vorinostat", "trt_cp"),
    row("X", "vorinostat", "trt_poscon", "2"),
]


def built(**filters):
    made = signatures(ROWS)
    facts = pd.DataFrame({"drug": ["X", "BRD-1"], "name": "n", "inchi_key": KEY, "smiles": "C"})
    found = filter_experiments(add_facts(made.table, [facts]), **OPEN | filters)
    tensor = average_experiments(found.table, made)
    tables = {"drug_tables": [facts], "gene_tables": [], "cell_tables": []}
    return tensor, found, describe_axes(tensor, found.table, **tables)["drugs"]


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        (
            "name",
            [
                ("BRD-1; BRD-2", "trt_cp"),
                ("C1", "trt_sh.cgs"),
                ("H1; H2", "trt_sh"),
                ("X", "trt_cp"),
                ("X", "trt_poscon"),
            ],
        ),
        (
            "inchikey",
            [
                ("BRD-1; X", "trt_cp"),
                ("BRD-2", "trt_cp"),
                ("C1", "trt_sh.cgs"),
                ("H1", "trt_sh"),
                ("H2", "trt_sh"),
                ("X", "trt_poscon"),
            ],
        ),
        (
            "best_id",
            [
                ("BRD-1", "trt_cp"),
                ("C1", "trt_sh.cgs"),
                ("H1", "trt_sh"),
                ("X", "trt_cp"),
                ("X", "trt_poscon"),
            ],
        ),
    ],
)
def test_ids_of_several_types_are_never_merged(merge, expected):
    tensor, _, drugs = built(merge=merge)
    assert sorted(zip(drugs["ids"], drugs["pert_type"], strict=True)) == expected
    assert drugs["drug"].is_unique
    assert drugs["drug"].tolist() == tensor.drugs.tolist()


def test_an_id_of_two_types_is_told_apart_and_keeps_what_tables_know_of_it():
    _, _, drugs = built(merge="none")
    both = drugs[drugs["ids"] == "X"].set_index("drug")
    assert both["pert_type"].to_dict() == {"X": "trt_cp", "X (trt_poscon)": "trt_poscon"}
    assert both["smiles"].tolist() == ["C", "C"]
    assert both["name"].tolist() == ["vorinostat", "vorinostat"]


def test_steps_are_counted_for_all_and_for_each_type():
    tensor, found, _ = built(merge="best_id", min_cells_per_drug=1)
    steps = found.steps.set_index(["pert_type", "step"])["profiles"]
    assert list(found.steps["pert_type"].unique()) == [
        *("all", "trt_cp", "trt_poscon", "trt_sh", "trt_sh.cgs")
    ]
    by_step = found.steps.pivot_table("profiles", "step", "pert_type", sort=False)
    assert by_step["all"].equals(by_step.drop(columns="all").sum(axis=1).rename("all"))
    assert by_step.loc["signatures"].to_dict() == {
        "all": 7,
        "trt_cp": 3,
        "trt_poscon": 1,
        "trt_sh": 2,
        "trt_sh.cgs": 1,
    }
    assert by_step["all"].iloc[-1] and steps["all"].iloc[-1] == len(tensor)
    gone = found.dropped.query("what == 'experiment'")
    assert list(found.dropped) == DROPPED
    assert sorted(zip(gone["drug"], gone["pert_type"], strict=True)) == [
        ("BRD-2", "trt_cp"),
        ("H2", "trt_sh"),
    ]
