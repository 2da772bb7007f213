"""Which types of treatments become signatures, and what each is held against."""

import numpy as np
import pandas as pd
import pytest
from wells import join, noise, plain_direction, plate, signatures_of

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.sig_info import read_signatures
from lacuna.signatures.left_out import drugs_left_out
from lacuna.signatures.level5 import count_signatures, import_signatures
from lacuna.signatures.make import choose_types, count_wells, sort_wells

BOTH = ["trt_cp", "trt_sh"]


def genes_plate(name, hairpins, vectors=4):
    """A plate of shRNA: its controls are wells of an empty vector, and doses are volumes."""
    wells = plate(name, hairpins, vehicles=vectors)
    kinds = wells["kind"].map({"ctl_vehicle": "ctl_vector", "trt_cp": "trt_sh"})
    return wells.assign(kind=kinds, dose=np.nan, unknown_dose="1.5 µL")


@pytest.fixture
def wells():
    mixed = genes_plate("A_X1", ["h1", "h2"]).assign(well=lambda w: "v" + w["well"])
    return join(plate("A_X1", ["a", "b"]), mixed, genes_plate("B_X1", ["h1"], vectors=1))


def test_genes_are_held_against_the_vector_of_their_plate_and_drugs_against_the_vehicle(
    tmp_path, wells
):
    expression = noise(wells)
    made = signatures_of(tmp_path, choose_types(wells, BOTH), expression)
    assert made.table[["drug", "pert_type"]].to_numpy().tolist() == [
        ["a", "trt_cp"],
        ["b", "trt_cp"],
        ["h1", "trt_sh"],
        ["h2", "trt_sh"],
    ]
    assert made.table["dose"].isna().tolist() == [False, False, True, True]
    on_a = wells["plate"].eq("A_X1")
    for drug, control in {"a": "ctl_vehicle", "h2": "ctl_vector"}.items():
        [treated] = expression[on_a & wells["drug"].eq(drug)]
        controls = expression[on_a & wells["kind"].eq(control)]
        expected = plain_direction(treated, controls, gamma=0.5)
        [row] = made.profiles[np.flatnonzero(made.table["drug"] == drug)]
        assert np.allclose(row, expected, atol=1e-4)


def test_wells_are_counted_by_their_type(wells):
    counts = count_wells(choose_types(wells, BOTH)).set_index("use")["wells"]
    assert counts.to_dict() == {
        "compound": 2,
        "vehicle": 4,
        "trt_sh": 2,
        "vector": 4,
        "left out: plate with fewer than 2 vector wells": 2,
    }
    only = count_wells(choose_types(wells, ["trt_sh"])).set_index("use")["wells"]
    assert only["left out: neither of a wanted pert_type nor its control"] == 6
    assert sort_wells(wells).equals(sort_wells(choose_types(wells, ["trt_cp"])))
    assert not sort_wells(wells).isin(["trt_sh", "vector"]).any()


def test_a_gene_that_falls_out_is_no_drug_of_its_id(wells):
    wells = join(wells, plate("A_X1", ["h3"], vehicles=0), genes_plate("B_X1", ["h3"], vectors=0))
    found = drugs_left_out(choose_types(wells, BOTH))
    few = "1 wells left out: plate with fewer than 2 vector wells"
    assert found[["drug", "pert_type", "why"]].to_numpy().tolist() == [["h3", "trt_sh", few]]


def test_a_type_that_is_not_there_is_said_with_those_that_are(tmp_path, wells):
    with pytest.raises(LacunaError, match=r"no treated well \(pert_type 'trt_oe'\).*ctl_vector"):
        signatures_of(tmp_path, choose_types(wells, ["trt_oe"]))


def test_ready_made_signatures_of_the_types_that_are_asked_for_are_taken(tmp_path):
    info = pd.DataFrame(
        {
            "sig_id": ["s0", "s1", "s2", "s3"],
            "pert_id": ["BRD-1", "TP53", "TRCN1", "DMSO"],
            "pert_type": ["trt_cp", "trt_sh.cgs", "trt_sh", "ctl_vehicle"],
            "cell_id": "MCF7",
            "pert_idose": ["10 uM", "-666", "-666", "-666"],
            "pert_itime": "96 h",
        }
    )
    info.to_csv(tmp_path / "sig_info.txt", sep="\t", index=False)
    genes = np.array(["g0", "g1", "g2"])
    values = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    columns = pd.DataFrame(index=info["sig_id"])
    write_gctx(tmp_path / "level5.gctx", values, pd.DataFrame(index=genes), columns)
    table = read_signatures(tmp_path / "sig_info.txt")

    def read(*types):
        with Gctx(tmp_path / "level5.gctx") as matrix:
            [made] = import_signatures(matrix, table, genes, types, "z")
        return made

    made = read("trt_sh.cgs", "trt_cp")
    assert made.table["drug"].tolist() == ["BRD-1", "TP53"]
    assert made.table["pert_type"].tolist() == ["trt_cp", "trt_sh.cgs"]
    assert np.array_equal(made.profiles, values[:2])
    assert read("trt_sh").table["drug"].tolist() == ["TRCN1"]
    counts = count_signatures(table, ["trt_sh.cgs", "trt_cp"]).set_index("use")["signatures"]
    assert counts.to_dict() == {
        "compound": 1,
        "trt_sh.cgs": 1,
        "left out: of another pert_type": 2,
    }
    with pytest.raises(LacunaError, match=r"pert_type trt_oe; types found are 'trt_cp \(1\)'"):
        read("trt_oe")
