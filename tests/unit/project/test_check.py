"""What strangers met is told before a run: each of their mistakes, by the words that it needs."""

import shutil

import numpy as np
import pandas as pd
import pytest
from own_data import (
    FILES,
    LEVEL5,
    change_matrix,
    change_table,
    configuration,
    expression,
    prepared,
    read,
    write_matrix,
    write_plates,
    write_signatures,
)
from wells import write_text

from lacuna import command
from lacuna.errors import LacunaError
from lacuna.project.check import check
from lacuna.project.check_values import find_in_expression, find_in_signatures
from lacuna.project.config import prepare

NOWHERE = "nowhere.tsv"  # nothing can be downloaded


@pytest.fixture
def data(tmp_path):
    return write_plates(tmp_path / "data")


def checked(folder, files=FILES, **changes):
    return check(prepared(folder, files, **changes), NOWHERE)


def texts(report):
    return "\n".join(report.lines())


def where(test, value):
    """Replace a column's values that a test picks."""
    return lambda old: old.mask(test(old), value(old) if callable(value) else value)


def treated(old):
    return old.ne("-666")


def test_a_series_without_a_mistake_has_no_finding(data):
    report = checked(data)
    assert report.findings == []
    said = texts(report)
    for words in (
        "62 wells on 4 plates: trt_cp (46), ctl_vehicle (16)",
        "vehicle wells per plate: 4",
        "plates that replicate each other: 2 batches of 2 plates",
        "replicate wells per experiment: 2 (23)",
        "doses: 10 uM (46)",
        "times: 24 h (46)",
        "12 drugs x 2 cells, 23 pairs of them: A375 (24), PC3 (22)",
        f"{data / FILES['level3']}: 62 columns x 30 rows",
        "23 experiments, each with a p-value",
        "profiles (single profiles), large: 10 folds, possible 22",
        "cells (whole cells), large: 2 folds, possible 2",
    ):
        assert words in said, words
    assert said.splitlines()[-1] == (
        "mine: 0 errors, 0 warnings: nothing seen here keeps this run from its report."
    )


def like_named(data):
    two = write_plates(data.parent / "two", cells=("VCAP", "MCF7"))
    series = {"series": {"mine": FILES, "other": FILES}, "mirror": [str(data), str(two)]}
    return {"acquire": series}


def level3_as_level5(data):
    wells = read(data / FILES["inst_info"]).rename(columns={"inst_id": "sig_id"})
    write_text(wells, data / "signatures.txt")
    files = {"level5": FILES["level3"], "sig_info": "signatures.txt"}
    return {"files": files, "evaluation": {"splits": {"plates": {"sizes": []}}}}


def linear(data):
    change_matrix(data, lambda values: 2**values)


def minus_666(data):
    def change(values):
        values[:10] = -666
        return values

    change_matrix(data, change)


def zeros(data):
    def change(values):
        values[3:5, 7] = 0
        return values

    change_matrix(data, change)


def z_scores(data):
    change_matrix(data, lambda values: (values - values.mean(axis=0)) / values.std(axis=0))


def unit_rows(data):
    def change(values):
        values = values - values.mean(axis=0)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    change_matrix(data, change)


def log_doses(data):
    change_table(data, "inst_info", pert_dose=where(treated, _halves))


def _halves(old):
    return pd.Series(np.where(np.arange(len(old)) % 2, "-1.5", "1"), old.index)


def minutes(data):
    change_table(data, "inst_info", pert_time="360", pert_time_unit="min")


def minutes_called_hours(data):
    change_table(data, "inst_info", pert_time="360")


def unknown_unit(data):
    change_table(data, "inst_info", pert_dose_unit=where(treated, "mg/mL"))


def some_unknown_units(data):
    def change(old):
        return old.mask(treated(old) & (np.arange(len(old)) % 3 == 0), "ng/mL")

    change_table(data, "inst_info", pert_dose_unit=change)


def decimal_comma(data):
    change_table(data, "inst_info", pert_dose=where(treated, "3,33"))


def own_types(data):
    names = {"trt_cp": "compound", "ctl_vehicle": "DMSO"}
    change_table(data, "inst_info", pert_type=lambda old: old.map(names))


def plates_named_rep(data):
    change_table(data, "inst_info", rna_plate=lambda old: old.str.replace("_X", "_rep"))


def replicates_on_one_plate(data):
    change_table(data, "inst_info", rna_plate=lambda old: old.str.replace("_X2", "_X1"))


def no_vehicles(data):
    change_table(data, "inst_info", pert_type="trt_cp", pert_dose="10", pert_dose_unit="um")


def text_as_matrix(data):
    (data / FILES["level3"]).write_text("id\tA\tB\n100\t1\t2\n")


def gct(data):
    (data / FILES["level3"]).write_text("#1.3\n1\t2\t0\t0\nid\tA\tB\n100\t1\t2\n")


def cut_short(data):
    path = data / FILES["level3"]
    path.write_bytes(path.read_bytes()[:3000])


def probes(data):
    change_matrix(data, rows=lambda gene: f"{gene}_at")


def symbols(data):
    change_matrix(data, rows=lambda gene: f"SYMBOL{gene}")


def other_wells(data):
    change_table(data, "inst_info", inst_id=lambda old: "OTHER_" + old)


def lower_case(data):
    change_table(data, "inst_info", inst_id=lambda old: old.str.lower())


def failed_wells(data):
    wells = read(data / FILES["inst_info"])
    write_text(pd.concat([wells, wells[-3:].assign(inst_id=["a", "b", "c"])]), data / "wells.txt")


def transposed(data):
    wells, genes = read(data / FILES["inst_info"]), read(data / FILES["gene_info"])
    values = np.full((len(genes), len(wells)), 8.0, np.float32)
    write_matrix(data / FILES["level3"], values, wells["inst_id"], genes["pr_gene_id"])


def level5_as_level3(data):
    write_signatures(data)
    files = {**FILES, "level3": LEVEL5["level5"], "inst_info": LEVEL5["sig_info"]}
    return {"files": files}


def swapped(data):
    files = {**FILES, "pert_info": FILES["gene_info"], "gene_info": FILES["pert_info"]}
    return {"files": files}


def csv(data):
    read(data / FILES["inst_info"]).to_csv(data / FILES["inst_info"], index=False)


def utf_16(data):
    path = data / FILES["inst_info"]
    path.write_bytes(path.read_text().encode("utf-16"))


def nan(data):
    def change(values):
        values[5, 5] = np.nan
        return values

    change_matrix(data, change)


def no_cells(data):
    write_text(read(data / FILES["inst_info"]).drop(columns="cell_id"), data / FILES["inst_info"])


def misspelt_mirror(data):
    return {"acquire": {"mirror": str(data.parent / "dat")}}


def missing_file(data):
    (data / FILES["gene_info"]).unlink()


def one_cell(data):
    shutil.rmtree(data)
    write_plates(data, cells=("A375",))


def one_drug(data):
    wells = read(data / FILES["inst_info"])
    kept = wells[wells["pert_id"].isin(["DMSO", "BRD-03"])]
    write_text(kept, data / FILES["inst_info"])
    values = np.random.default_rng(0).uniform(4, 14, (len(kept), 30)).astype(np.float32)
    write_matrix(data / "plates.gctx", values, read(data / "genes.txt")["pr_gene_id"], kept.inst_id)
    return {"tensor": {"unreplicated": "drop"}}


def paper_thresholds(data):
    return {"tensor": {"max_p_value": 0.1, "unreplicated": "drop", "min_cells_per_drug": 3}}


def densities(data):
    return {"evaluation": {"density": {"percents": [10, 20]}}}


def default_splits(data):
    return {"evaluation": {"splits": {"drugs": {"folds": 40}, "cells": {"folds": 5}}}}


MISTAKES = [  # what was done; does it stop a run; what is said
    (like_named, True, ["wells.txt", "is read for mine (inst_info) and other (inst_info)", "two"]),
    (level3_as_level5, False, ["plates.gctx: no value is negative", "mean cosine", "(Level 3)"]),
    (linear, False, ["plates.gctx: values reach", "before the logarithm?", "log2"]),
    (minus_666, False, ["plates.gctx: 300 values are -666", "in 10 columns (10 of them whole)"]),
    (zeros, False, ["plates.gctx: 2 values of 2 wells are exactly 0", "missing"]),
    (z_scores, False, ["plates.gctx", "are negative, centred on", "z-scores (Level 4)"]),
    (unit_rows, False, ["plates.gctx", "unit rows (signatures)", "under level5"]),
    (log_doses, False, ["wells.txt, column pert_dose", "are negative ('-1.5')", "logarithms?"]),
    (minutes, False, ["wells.txt, column pert_time_unit", "in minutes (46 rows)", "Divide by 60"]),
    (minutes_called_hours, False, ["wells.txt, column pert_time", "above 240 h ('360'): minutes?"]),
    (unknown_unit, True, ["column pert_dose_unit", "'mg/mL' (46 rows)", "Known are nM, uM"]),
    (unknown_unit, True, ["no compound well can be used", "dose in an unknown unit' (46 rows)"]),
    (some_unknown_units, False, ["unknown unit are left out: 'ng/mL'", "convert"]),
    (decimal_comma, True, ["'3,33' (46 rows)", "decimal comma", "3.33"]),
    (own_types, True, ["'compound' (46 rows)", "'DMSO' (16 rows)", "trt_cp", "ctl_vehicle"]),
    (plates_named_rep, False, ["'MINE_A375_24H_rep1', 'MINE_A375_24H_rep2'", "_X1, _X2"]),
    (replicates_on_one_plate, False, ["replicates of 23 experiments share a plate"]),
    (no_vehicles, True, ["no compound well", "0 plates with 2 or more vehicle wells"]),
    (text_as_matrix, True, ["plates.gctx: this is a table of text", "not damaged"]),
    (gct, True, ["plates.gctx: this is GCT text", "not damaged"]),
    (cut_short, True, ["plates.gctx: ", "cut short or damaged"]),
    (probes, True, ["30 rows of the matrix are no pr_gene_id", "'100_at'", "look like '100'"]),
    (symbols, True, ["30 are symbols (pr_gene_symbol)"]),
    (other_wells, True, ["plates.gctx: 62 rows of inst_info", "None match", "'OTHER_MINE"]),
    (lower_case, True, ["differ in upper and lower case", "in the matrix 'MINE_A375_24H_X1:A01'"]),
    (failed_wells, True, ["3 rows of inst_info", "no column in the matrix: 'a', 'b', 'c'."]),
    (transposed, True, ["its rows are the ids of inst_info", "is transposed"]),
    (level5_as_level3, True, ["signatures.txt: no column inst_id", "It looks like sig_info"]),
    (swapped, True, ["drugs.txt: no column pr_gene_id", "looks like pert_info", "swapped"]),
    (swapped, True, ["genes.txt: no column pert_id", "looks like gene_info", "swapped"]),
    (csv, True, ["wells.txt: no column inst_id", "separated by tabs; these look like CSV"]),
    (utf_16, True, ["wells.txt: holds a zero byte", "UTF-8"]),
    (nan, True, ["plates.gctx: column", "is nan", "finite"]),
    (no_cells, True, ["wells.txt: no column cell_id"]),
    (misspelt_mirror, True, ["ERROR  acquire: mirror: the folder", "dat does not exist"]),
    (missing_file, True, ["series: mine: gene_info: 'genes.txt' is not there; looked in"]),
    (one_cell, True, ["1 cell line, 'A375'", "Signatures, p-values and the quality of plates"]),
    (one_cell, True, ["10 folds, but 0 profiles of drugs with more than one", "completed: []}"]),
    (one_drug, True, ["2 have too few other drugs on its plates", "unreplicated: keep"]),
    (paper_thresholds, True, ["This would work: tensor: {", "leaves 23 profiles at most"]),
    (densities, False, ["density: percents", "small tensor (6 x 2, 12 profiles) has too few"]),
    (default_splits, True, ["40 folds, but 12 drugs. This would work: drugs: {folds: 12}"]),
    (default_splits, True, ["5 folds, but 2 cells. This would work: cells: {folds: 2}"]),
]


@pytest.mark.parametrize(("make", "stops", "said"), MISTAKES)
def test_a_mistake_is_told_by_its_cause(data, make, stops, said):
    changes = make(data) or {}
    report = checked(data, changes.pop("files", FILES), **changes)
    found = [str(finding) for finding in report.findings]
    assert any(all(words in finding for words in said) for finding in found), found
    assert bool(report.errors) == stops
    assert ("cannot reach its report" in report.verdict) == stops


def test_a_dose_with_its_unit_is_read(data):
    unit = {"pert_dose_unit": "", "pert_dose": where(treated, "10 um")}
    change_table(data, "inst_info", **unit)
    report = checked(data)
    assert report.findings == []
    assert "doses: 10 uM (46)" in texts(report)


def test_all_is_said_at_once(data):
    linear(data)
    minutes(data)
    report = checked(data, **default_splits(data))
    keys = [finding.where for finding in report.findings]
    assert [str(data / "wells.txt") in keys[0], str(data / "plates.gctx") in keys[1]] == [True] * 2
    assert [finding.where for finding in report.errors] == [
        "evaluation: splits: drugs",
        "evaluation: splits: cells",
    ]


def test_a_data_set_says_where_its_data_come_from(data):
    config = configuration(data)
    del config["acquire"]["source"]
    with pytest.raises(LacunaError, match=r"acquire: 'source' is missing.*source: files"):
        prepare(config)
    config["acquire"]["source"] = "simulator"
    with pytest.raises(LacunaError, match="source is simulator, but files are named under series"):
        prepare(config)


def test_signatures_of_one_cell_are_a_run_of_their_own(data):
    one_cell(data)
    alone = {"completion": {"methods": [], "completed": []}}
    assert checked(data, **alone).errors == []


def test_what_can_be_downloaded_is_no_error(data, tmp_path):
    missing_file(data)
    table = tmp_path / "sources.tsv"
    row = ["genes.txt", "https://example.org/genes.txt", "2048", "", "", "somewhere"]
    columns = ["file", "url", "bytes", "sha256", "licence", "origin"]
    write_text(pd.DataFrame([row], columns=columns), table)
    report = check(prepared(data), table)
    assert report.errors == []
    assert "gene_info: genes.txt: will be downloaded, 2.05 kB, from https" in texts(report)


def test_series_with_other_genes_are_named(data):
    other = write_plates(data.parent / "other", cells=("VCAP", "MCF7"))
    files = {kind: f"b_{name}" for kind, name in FILES.items()}
    for kind, name in FILES.items():
        shutil.copy(other / name, data / files[kind])
    both = {"acquire": {"series": {"mine": FILES, "b": files}}}
    assert checked(data, **both).errors == []
    genes = read(data / files["gene_info"])
    genes.loc[:1, "pr_is_lm"] = "0"
    write_text(genes, data / files["gene_info"])
    [error] = checked(data, **both).errors
    assert "series: b" in error.where
    assert "28 genes and those of mine 30; 2 are in one only: '100', '101'" in error.what


def test_the_command_prints_all_and_its_status_says_whether_a_run_gets_there(
    data, tmp_path, monkeypatch, capsys
):
    import yaml

    monkeypatch.chdir(tmp_path)
    for change, status, last in [({}, 0, "0 errors"), (default_splits(data), 1, "2 errors")]:
        (tmp_path / "my.yaml").write_text(yaml.safe_dump(configuration(data, **change)))
        assert command.main(["check", "--configfile", "my.yaml"]) == status
        printed = capsys.readouterr().out.splitlines()
        assert printed[0] == "Files"
        assert printed[-1].startswith(f"mine: {last}")


def test_real_plates_and_their_configuration(shared_data, monkeypatch, request):
    import yaml

    monkeypatch.chdir(request.config.rootpath)
    config = yaml.safe_load((request.config.rootpath / "config/lincs-mini.yaml").read_text())
    folders = ("lincs-mini", "mirror", "gene-sets")
    config["acquire"]["mirror"] = [str(shared_data / folder) for folder in folders]
    report = check(prepare(config))
    assert report.errors == [], texts(report)
    said = texts(report)
    assert "1,429 wells on 4 plates" in said
    assert "cells (whole cells), large: 2 folds, possible 2" in said


def test_one_cause_is_told_once(data):
    log_doses(data)
    assert [finding.where.split(", ")[1] for finding in checked(data).findings] == [
        "column pert_dose"
    ]


def test_values_of_few_wells_are_enough_to_be_told():
    values = expression(40)
    assert list(find_in_expression(values, "m")) == []
    values[3] = 2 ** values[3]
    [finding] = find_in_expression(values, "m")
    assert f"values reach {values[3].max():,.0f}" in finding.what


def test_expression_with_holes_is_no_signature():
    values = expression(40)
    values[:, 0] = 0
    [finding] = find_in_signatures(values, range(40), "m")
    assert "no value is negative" in finding.what
    assert list(find_in_signatures(values - values.mean(axis=0), range(40), "m")) == []
