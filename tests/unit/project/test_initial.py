"""From a folder of files to a configuration that fits them, unedited."""

import shutil

import pandas as pd
import pytest
import yaml
from own_data import FILES, LEVEL5, expression, read, write_matrix, write_plates, write_signatures
from wells import write_text

from lacuna import command
from lacuna.io.convert import convert
from lacuna.io.gctx import write_gctx
from lacuna.project.config import prepare


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(folder, *words):
    status = command.main(["init", str(folder), *words])
    return status, prepare(yaml.safe_load(open("my.yaml"))) if status == 0 else None


def test_a_folder_of_plates(folder, capsys):
    write_plates(folder / "My plates (2)")
    status, config = init("My plates (2)")
    assert status == 0, capsys.readouterr()
    assert config["dataset"] == "My-plates-2"
    assert config["acquire"]["source"] == "files"
    assert config["acquire"]["series"] == {"plates": FILES}
    assert config["tensor"]["unreplicated"] == "keep"
    splits = config["evaluation"]["splits"]
    assert splits["cells"]["folds"] == 2
    assert splits["drugs"]["folds"] == 5
    assert splits["plates"]["sizes"] == []  # one group a cell
    said = capsys.readouterr().out
    assert "wells.txt: inst_info" in said
    assert said.splitlines()[-1].startswith("My-plates-2: 0 errors")
    written = (folder / "my.yaml").read_text()
    assert "max_p_value: 1  # 23 of 23 pairs can have a p-value" in written
    assert "cells: {folds: 2}  # 2 cells" in written


def test_a_folder_of_signatures(folder, capsys):
    write_signatures(folder / "sigs")
    status, config = init("sigs", "--dataset", "ready")
    assert status == 0, capsys.readouterr()
    assert config["dataset"] == "ready"
    assert config["acquire"]["series"] == {"signatures": LEVEL5}
    assert config["tensor"]["min_cells_per_drug"] == 3
    assert config["evaluation"]["splits"]["plates"]["sizes"] == []


def test_a_folder_of_one_cell_line(folder, capsys):
    write_plates(folder / "one", cells=("A375",))
    status, config = init("one")
    assert status == 0, capsys.readouterr()
    assert config["completion"]["methods"] == []
    assert "No drug is in two cells (1 cell line: 'A375')" in (folder / "my.yaml").read_text()


def test_one_drug_in_many_cells(folder, capsys):
    write_signatures(folder / "one", drugs=1, cells=9)
    status, config = init("one")
    assert status == 0, capsys.readouterr()
    assert config["evaluation"]["splits"]["drugs"]["sizes"] == []


def test_files_are_told_by_what_is_in_them_and_series_kept_apart(folder, capsys):
    data = write_plates(folder / "data")
    write_signatures(data)
    for number, path in enumerate(sorted(data.iterdir())):
        shutil.move(path, data / f"{number}.{'gctx' if path.suffix == '.gctx' else 'txt'}")
    status, config = init("data")
    series = config["acquire"]["series"].values()
    assert sorted(key for files in series for key in files) == sorted(
        [*FILES, *LEVEL5, "gene_info", "pert_info"]
    )
    [plates] = [files for files in series if "level3" in files]
    assert "inst_id" in read(data / plates["inst_info"])
    [ready] = [files for files in series if "level5" in files]
    assert "sig_id" in read(data / ready["sig_info"])
    assert status == 0, capsys.readouterr()


def test_what_cannot_be_told_apart_is_asked(folder, capsys):
    data = write_plates(folder / "data")
    write_matrix(data / "stray.gctx", expression(3), range(100, 130), ["x", "y", "z"])
    write_text(read(data / "genes.txt"), data / "genes_too.txt")
    (data / "notes.txt").write_text("what\twhen\nplates\tMay\n")
    status, _ = init("data")
    said = capsys.readouterr().out
    assert status == 0
    assert "QUESTION  stray.gctx: a matrix of 3 columns ('x', 'y' and 1 more)" in said
    assert "QUESTION  plates.gctx: 'genes.txt', 'genes_too.txt' may all be its gene_info" in said
    assert "notes.txt: a table of unknown use" in said


def test_tables_go_to_the_matrix_that_they_know_best_then_to_the_one_called_alike(folder, capsys):
    data = folder / "data"
    for number, cells in enumerate([("A375", "PC3"), ("VCAP", "MCF7")]):
        own = write_plates(folder / "own", cells=cells)
        genes = read(own / "genes.txt")
        lost = genes["pr_gene_id"][number]  # each series lacks another gene
        write_text(genes[genes["pr_gene_id"] != lost], own / "genes.txt")
        kept = genes["pr_gene_id"][genes["pr_gene_id"] != lost]
        wells = read(own / "wells.txt")["inst_id"]
        write_matrix(own / "plates.gctx", expression(len(wells))[:, : len(kept)], kept, wells)
        data.mkdir(exist_ok=True)
        for path in own.iterdir():
            # Genes are called after the other series: what is in them counts.
            name = 1 - number if path.name == "genes.txt" else number
            shutil.move(path, data / f"series{name}_{path.name}")
    status, config = init("data")
    said = capsys.readouterr().out
    assert status == 0, said
    assert "may all be" not in said
    for number in (0, 1):
        files = config["acquire"]["series"][f"series{number}_plates"]
        assert files["gene_info"] == f"series{1 - number}_genes.txt"
        assert files["pert_info"] == f"series{number}_drugs.txt"


def write_alone(folder, name, **facts):
    """Write plates as one matrix that says itself what its wells and genes are."""
    write_plates(folder / "tables")
    wells = read(folder / "tables/wells.txt").set_index("inst_id").assign(**facts)
    genes = read(folder / "tables/genes.txt").set_index("pr_gene_id")
    write_gctx(folder / "made.gctx", expression(len(wells)), genes, wells)
    (folder / "data").mkdir()
    convert(folder / "made.gctx", folder / "data" / name)


@pytest.mark.parametrize("name", ["mine.gct", "mine.gctx", "mine.h5ad"])
def test_a_matrix_that_says_all_itself_needs_no_table(folder, capsys, name):
    write_alone(folder, name)
    status, config = init("data")
    said = capsys.readouterr().out
    assert status == 0, said
    assert config["acquire"]["series"] == {"mine": {"level3": name}}
    assert "23 of 23 pairs can have a p-value" in (folder / "my.yaml").read_text()
    assert "62 wells on 4 plates: trt_cp (46), ctl_vehicle (16)" in said


def test_what_is_wrong_within_a_matrix_is_told_by_its_name(folder, capsys):
    write_alone(folder, "mine.gct", pert_time="360")
    status, _ = init("data")
    said = capsys.readouterr().out
    assert status == 0, said
    assert "WARNING  data/mine.gct, column pert_time: " in said
    assert "/tmp" not in said.replace(str(folder), "")


def test_a_configuration_that_is_there_is_not_overwritten(folder, capsys):
    write_plates(folder / "data")
    (folder / "my.yaml").write_text("dataset: dear\n")
    assert init("data")[0] == 1
    assert "my.yaml: is there already" in capsys.readouterr().err
    assert (folder / "my.yaml").read_text() == "dataset: dear\n"


def test_a_folder_without_a_series_is_refused(folder, capsys):
    assert init("nowhere")[0] == 1
    assert "nowhere: no such folder" in capsys.readouterr().err
    (folder / "data").mkdir()
    (folder / "data/notes.txt").write_text("a\tb\n1\t2\n")
    assert init("data")[0] == 1
    said = capsys.readouterr().err
    assert "no series of plates or signatures" in said
    assert "notes.txt: a table of unknown use" in said
    assert not (folder / "my.yaml").exists()


@pytest.mark.parametrize("name", ["lincs-mini", "lincs-cells", "tahoe-ranks"])
def test_real_folders(shared_data, name, capsys):
    status, config = init(shared_data / name, "--dataset", name)
    assert status == 0, capsys.readouterr()
    [files] = config["acquire"]["series"].values()
    wanted = {
        "lincs-mini": {"level3", "inst_info", "pert_info", "gene_info"},
        "lincs-cells": {"level5", "sig_info", "pert_info", "baseline"},
        "tahoe-ranks": {"level5", "sig_info", "pert_info", "gene_info"},
    }
    assert set(files) == wanted[name]


def test_ids_of_one_name_in_a_folder_are_merged(folder, capsys):
    data = write_signatures(folder / "sigs")
    names = {f"BRD-{number:02d}": f"drug {number}" for number in range(12)} | {"BRD-05": "DRUG 4"}
    drugs = pd.DataFrame({"pert_id": names.keys(), "pert_iname": names.values()})
    write_text(drugs, data / "drugs.txt")
    status, config = init("sigs")
    assert status == 0, capsys.readouterr()
    assert config["tensor"]["merge"] == "name"
    written = (folder / "my.yaml").read_text()
    assert "merge: name  # 2 ids share 1 name, as 'BRD-04', 'BRD-05': averaged as one" in written
    assert "ids of one name merged: 60 profiles, 11 drugs" in capsys.readouterr().out
