"""The tables of GEO, well written and badly written."""

import gzip

import numpy as np
import pandas as pd
import pytest
from wells import (
    INST_INFO,
    ODD_NAMES,
    all_match,
    inst_info,
    overwritten,
    packed_wells,
    refused,
    write_text,
)

from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_cells, read_drugs, read_genes, read_wells, unpack

MINI = "lincs-mini/MINI_Broad_LINCS_"
COLUMNS = {"well", "plate", "batch", "drug", "name", "kind", "dose", "time", "cell"}
COLUMNS |= {"unknown_dose", "unknown_time"}
COLUMNS |= {"row", "column"}
GENES = pd.DataFrame(
    {
        "pr_gene_id": ["780", "7849", "2978"],
        "pr_gene_symbol": ["DDR1", "PAX8", "GUCA1A"],
        "pr_gene_title": ["a", "b", "c"],
        "pr_is_lm": ["1", "0", "1"],
        "pr_is_bing": ["1", "1", "1"],
    }
)


def wells_of(folder, *changes):
    return read_wells(write_text(inst_info(*changes), folder / "inst_info.txt"))


# Wells


def test_a_well_of_phase_1_is_read(tmp_path):
    wells = wells_of(tmp_path, {})
    assert set(wells) == COLUMNS
    np.testing.assert_equal(
        wells.iloc[0].to_dict(),
        {
            "well": "CPC006_A375_6H_X1:0",
            "plate": "CPC006_A375_6H_X1",
            "batch": "CPC006_A375_6H",
            "drug": "BRD-1",
            "name": "aspirin",
            "kind": "trt_cp",
            "dose": 10.0,
            "unknown_dose": np.nan,
            "time": 6.0,
            "unknown_time": np.nan,
            "cell": "A375",
            "row": 1,
            "column": 3,
        },
    )


def test_both_phases_give_the_same(tmp_path):
    phase_1 = inst_info({}, {"pert_type": "ctl_vehicle"}, {"pert_dose": "-666"})
    phase_2 = phase_1.rename(columns={"rna_plate": "det_plate", "rna_well": "det_well"})
    phase_2 = phase_2.assign(lincs_phase="2", pert_mfc_id="BRD-1-2-3")
    phase_2 = phase_2[sorted(phase_2)]  # another order of columns
    first, second = (
        read_wells(write_text(table, tmp_path / "inst_info.txt")) for table in (phase_1, phase_2)
    )
    pd.testing.assert_frame_equal(first, second)


def test_packed_and_plain_give_the_same(tmp_path):
    plain = write_text(inst_info({}, {}), tmp_path / "inst_info.txt")
    packed = tmp_path / "inst_info.txt.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    pd.testing.assert_frame_equal(read_wells(plain), read_wells(packed))


def test_wells_stay_in_file_order(tmp_path):
    wells = wells_of(tmp_path, {"inst_id": "b"}, {"inst_id": "c"}, {"inst_id": "a"})
    assert list(wells["well"]) == ["b", "c", "a"]


@pytest.mark.parametrize("missing", ["-666", "-666.0", "-666.00", "", "NA", "NaN"])
@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("pert_iname", "name"),
        ("pert_dose", "dose"),
        ("pert_dose_unit", "dose"),
        ("pert_time", "time"),
    ],
)
def test_what_stands_for_a_missing_value_is_missing(tmp_path, missing, field, name):
    wells = wells_of(tmp_path, {field: missing}, {})
    assert wells[name].isna().tolist() == [True, False]


@pytest.mark.parametrize(("field", "name"), [("pert_dose", "dose"), ("pert_time", "time")])
def test_minus_666_is_missing_with_any_number_of_digits(tmp_path, field, name):
    assert wells_of(tmp_path, {field: "-666.000000"})[name].isna().all()


def test_a_series_without_any_dose_is_read(tmp_path):
    wells = wells_of(tmp_path, *[{"pert_dose": "-666", "pert_dose_unit": "-666"}] * 3)
    assert wells["dose"].isna().all()
    assert wells["dose"].dtype == float


@pytest.mark.parametrize(
    ("dose", "unit", "micromolar"),
    [
        ("10", "um", 10),
        ("10.0", "UM", 10),
        ("10.000000", "uM", 10),
        ("9.99999", "um", 10),
        (" 10 ", " um ", 10),
        ("10", "µM", 10),  # micro sign
        ("10", "μM", 10),  # Greek mu
        ("10 µM", "um", 10),
        ("1e1", "um", 10),
        ("88.8", "um", 88.8),
        ("0.04", "um", 0.04),
        ("0", "um", 0),
        ("500", "nM", 0.5),
        ("2", "mM", 2000),
        ("3000000", "pM", 3),
    ],
)
def test_doses_become_micromolar(tmp_path, dose, unit, micromolar):
    wells = wells_of(tmp_path, {"pert_dose": dose, "pert_dose_unit": unit})
    assert wells["dose"].tolist() == [micromolar]


@pytest.mark.parametrize(
    ("dose", "unit"),
    [("10", "ng/ul"), ("1", "%"), ("10", "-666"), ("ten", "um"), ("-", "um"), ("1.2.3", "um")],
)
def test_a_dose_that_is_no_concentration_is_missing(tmp_path, dose, unit):
    assert wells_of(tmp_path, {"pert_dose": dose, "pert_dose_unit": unit})["dose"].isna().all()


@pytest.mark.parametrize("dose", ["0.1|0.2", "1,000", "10-20"])
def test_a_dose_that_is_not_one_number_is_not_read_as_its_beginning(tmp_path, dose):
    wells = wells_of(tmp_path, {"pert_dose": dose}, {"pert_dose": "-666"})
    assert wells["dose"].isna().all()
    assert wells["unknown_dose"].fillna("none").tolist() == [f"{dose} um", "none"]


@pytest.mark.parametrize(
    ("time", "unit", "hours"),
    [("6", "h", 6), ("24", "H", 24), ("96.0", "hours", 96), ("6", "-666", 6), ("3", "d", 72)],
)
def test_times_are_hours(tmp_path, time, unit, hours):
    wells = wells_of(tmp_path, {"pert_time": time, "pert_time_unit": unit})
    np.testing.assert_equal(wells["time"].item(), hours)


@pytest.mark.parametrize(
    ("plate", "batch"),
    [
        ("CPC006_HT115_6H_X1", "CPC006_HT115_6H"),
        ("CPC006_HT115_6H_X12", "CPC006_HT115_6H"),
        ("CPC006_A375_6H_X3_B5_DUO52HI53LO", "CPC006_A375_6H"),
        ("REP.A001_A375_24H_X1_B22", "REP.A001_A375_24H"),
        ("CPC004_VCAP_24H_X4_F1B3_DUO52HI53LO", "CPC004_VCAP_24H"),
        ("PBIOA017_MCF7_24H_X1.L2_B31", "PBIOA017_MCF7_24H"),
        ("ABY001_A375_XH_X1_B15", "ABY001_A375_XH"),
        ("PLATE1", "PLATE1"),
    ],
)
def test_a_batch_is_the_plates_that_differ_only_in_replicate(tmp_path, plate, batch):
    assert wells_of(tmp_path, {"rna_plate": plate})["batch"].tolist() == [batch]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_both_encodings_are_read(tmp_path, encoding):
    table = inst_info({"pert_iname": "naïve", "pert_dose_unit": "µM", "cell_id": "é"})
    wells = read_wells(write_text(table, tmp_path / "a.txt", encoding))
    assert wells[["name", "dose", "cell"]].iloc[0].tolist() == ["naïve", 10, "é"]


def test_odd_names_survive(tmp_path):
    changes = [{"pert_id": name, "pert_iname": name, "cell_id": name} for name in ODD_NAMES]
    wells = wells_of(tmp_path, *changes)
    for column in ("drug", "name", "cell"):
        assert list(wells[column]) == ODD_NAMES


def test_a_quote_does_not_swallow_the_lines_after_it(tmp_path):
    wells = wells_of(tmp_path, {"pert_iname": '"2-APB'}, {}, {"pert_iname": '3"'}, {})
    assert list(wells["name"]) == ['"2-APB', "aspirin", '3"', "aspirin"]


# Wells at fault


NOT_NEEDED = {"rna_well", "pert_iname", "pert_dose_unit", "pert_time_unit"}


@pytest.mark.parametrize("column", [name for name in INST_INFO if name not in NOT_NEEDED])
def test_a_missing_column_is_named(tmp_path, column):
    table = inst_info({}).drop(columns=column)
    refused(read_wells, write_text(table, tmp_path / "a.txt"), f"no column {column}", "it has")


def test_a_column_spelt_otherwise_is_hinted_at(tmp_path):
    table = inst_info({}).rename(columns={"pert_id": "pert-id"})
    refused(read_wells, write_text(table, tmp_path / "a.txt"), "did you mean 'pert-id'")


def test_without_a_plate_both_names_are_said(tmp_path):
    table = inst_info({}).drop(columns="rna_plate")
    refused(read_wells, write_text(table, tmp_path / "a.txt"), "rna_plate or det_plate")


def test_a_well_that_stands_twice_is_named(tmp_path):
    table = inst_info({}, {"inst_id": "P:A1"}, {"inst_id": "P:A1", "cell_id": "PC3"}, {})
    refused(read_wells, write_text(table, tmp_path / "a.txt"), "inst_id 'P:A1' stand in more")


def test_a_well_without_an_id_is_refused(tmp_path):
    table = inst_info({}, {}, {"inst_id": "-666"}, {}, {"inst_id": ""})
    refused(read_wells, write_text(table, tmp_path / "a.txt"), "empty in 2 rows", "line 4")


@pytest.mark.parametrize(
    "read", [read_wells, read_genes, read_drugs, read_cells], ids=lambda read: read.__name__
)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "not a tab-separated table"),
        (b"\n", "not a tab-separated table"),
        (gzip.compress(b"", mtime=0), "not a tab-separated table"),
        (b"<html><body>404</body></html>\n", "no column"),
        (b"a\tb\n1\t2\n1\t2\t3\n", "not a tab-separated table"),
        (b"\x1f\x8b", "cannot be decompressed"),
        (b"\x1f\x8bno gzip at all", "cannot be decompressed"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, read, content, said):
    if content is not None:
        (tmp_path / "a.txt.gz").write_bytes(content)
    refused(read, tmp_path / "a.txt.gz", said)


def test_a_folder_is_no_table(tmp_path):
    refused(read_wells, tmp_path)


@pytest.mark.parametrize("share", [0.005, 0.1, 0.5, 0.9, 1])
def test_a_packed_table_cut_short_is_refused(tmp_path, share):
    content = packed_wells(tmp_path)
    path = tmp_path / "inst_info.txt.gz"
    path.write_bytes(content[: min(int(share * len(content)), len(content) - 1)])
    refused(read_wells, path, "cut short")


def test_a_damaged_packed_table_is_refused(tmp_path):
    path = tmp_path / "inst_info.txt.gz"
    for content in overwritten(packed_wells(tmp_path)):
        path.write_bytes(content)
        refused(read_wells, path)


# Genes, drugs, cells


def test_genes_are_read(tmp_path):
    genes = read_genes(write_text(GENES, tmp_path / "a.txt"))
    assert list(genes["gene"]) == ["780", "7849", "2978"]
    assert list(genes["symbol"]) == ["DDR1", "PAX8", "GUCA1A"]
    assert list(genes["landmark"]) == [True, False, True]


def test_a_gene_that_stands_twice_is_named(tmp_path):
    twice = pd.concat([GENES, GENES.iloc[:1]])
    refused(read_genes, write_text(twice, tmp_path / "a.txt"), "pr_gene_id '780'")


def test_genes_without_landmarks_are_refused(tmp_path):
    path = write_text(GENES.assign(pr_is_lm="0"), tmp_path / "a.txt")
    refused(read_genes, path, "no row has pr_is_lm = 1")


def test_drugs_are_read_with_and_without_structures(tmp_path):
    full = pd.DataFrame(
        {
            "pert_id": ["a", "b"],
            "pert_iname": ["aspirin", "-666"],
            "inchi_key": ["K", "-666"],
            "canonical_smiles": ["-666", "C#N"],
        }
    )
    drugs = read_drugs(write_text(full, tmp_path / "a.txt"))
    assert drugs.fillna("missing").to_dict("list") == {
        "drug": ["a", "b"],
        "name": ["aspirin", "missing"],
        "inchi_key": ["K", "missing"],
        "smiles": ["missing", "C#N"],
    }
    bare = read_drugs(write_text(full[["pert_id"]], tmp_path / "a.txt"))
    assert list(bare) == list(drugs)
    assert bare[["name", "inchi_key", "smiles"]].isna().all(axis=None)


def test_cells_are_read(tmp_path):
    table = pd.DataFrame({"cell_id": ["A375", "PC3"], "primary_site": ["skin", "-666"]})
    cells = read_cells(write_text(table, tmp_path / "a.txt"))
    assert cells.fillna("missing").to_numpy().tolist() == [["A375", "skin"], ["PC3", "missing"]]


# Real files


def test_the_real_series_is_read_and_belongs_together(shared_data, tmp_path):
    wells = read_wells(shared_data / f"{MINI}inst_info.txt.gz")
    genes = read_genes(shared_data / f"{MINI}gene_info.txt.gz")
    drugs = read_drugs(shared_data / f"{MINI}pert_info.txt.gz")
    assert len(wells) == 1429
    assert genes["landmark"].sum() == 978
    assert set(wells["drug"]) - set(drugs["drug"]) <= {"DMSO"}
    compounds = wells[wells["kind"] == "trt_cp"]
    assert compounds["dose"].notna().all()
    cpc006 = compounds[compounds["plate"].str.startswith("CPC006")]
    both = set.intersection(*(set(each["drug"]) for _, each in cpc006.groupby("cell")))
    assert len(both) == 344  # the README of the data says so
    assert set(wells["batch"]) == {"CPC006_A375_6H", "CPC006_HT115_6H", "LJP005_A375_24H"}
    unpack(shared_data / f"{MINI}Level3_INF_mlr12k_n1429x978.gctx.gz", tmp_path / "level3.gctx")
    with Gctx(tmp_path / "level3.gctx") as matrix:
        all_match(matrix, wells, genes)
    assert wells["row"].between(1, 16).all() and wells["column"].between(1, 24).all()
    assert not wells.duplicated(["plate", "row", "column"]).any()
