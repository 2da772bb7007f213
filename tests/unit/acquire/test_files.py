"""A configuration names a file by its name, or by a mapping that says where it is to be had."""

import re
from pathlib import Path

import pytest
import yaml

import lacuna.project
from lacuna.acquire.files import NAME, change_files, file_name, name_files
from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.sources import Wanted
from lacuna.project.config import prepare

SUM = "0" * 64
PLATES = {"inst_info": "i.txt", "pert_info": "p.txt", "gene_info": "g.txt"}


def configured(**acquire):
    block = {"source": "files", "series": {"one": {"level3": "a.gctx", **PLATES}}}
    return {"dataset": "mine", "acquire": block | acquire}


def series(**files):
    return configured(series={"one": {"level3": "a.gctx", **PLATES, **files}})


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("w.txt", "w.txt"),
        ({"file": "w.txt"}, "w.txt"),
        ({"path": "/data/a b/w (1).txt"}, "w (1).txt"),
        ({"path": "w.txt", "file": "v.txt"}, "v.txt"),
        ({"url": "https://there/of/w%20x.txt.gz?download=1"}, "w x.txt.gz"),
    ],
)
def test_the_name_of_a_file_is_said_or_taken_from_where_it_is(file, name):
    config = prepare(series(inst_info=file))
    inputs = Inputs.of(config)
    assert inputs.path("mine", "one", "inst_info") == f"results/mine/acquire/one/{name}"
    said = {} if isinstance(file, str) else {key: file[key] for key in file if key != "file"}
    known = inputs.wanted("mine", "one", name)
    assert known == {"dataset": "mine", "series": "one", "file": name, **said}
    assert Wanted(**known).key == ("mine", "one", name)
    assert prepare(config) == config


def test_home_is_expanded_in_paths_and_mirrors(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    config = series(inst_info={"path": "~/w.txt"})
    config["acquire"]["mirror"] = ["~/held", "~", "here"]
    inputs = Inputs.of(prepare(config))
    assert inputs.wanted("mine", "one", "w.txt")["path"] == "/home/me/w.txt"
    assert inputs.mirrors == ("/home/me/held", "/home/me", "here")


def test_a_mapping_may_stand_wherever_a_file_is_named():
    target = {"ranks": "r.npz", "structures": "s.tsv"}
    whole = {
        "annotations": {"table": "drugs.tsv"},
        "gene_sets": ["a.gmt", "b.gmt"],
        "external": {"profiles": "x.tsv", "samples": "y.tsv"},
        "rnaseq": {"lines": {"expression": "e.tsv", "unit": "tpm", "samples": "f.tsv"}},
        "genes": "genes.tsv",
        "gene_facts": "facts.tsv",
        "pairs": {"level3": "q.gctx", "gene_info": "h.txt", "table": "t.tsv"},
        "cells": {"op3": target},
        "vectors": {"path": "g.parquet"},  # a name of the user's own, no mapping
    }
    plain = prepare(configured(**whole))
    folders = set()

    def elsewhere(folder, file, at):
        folders.add((folder, file))
        return {"path": f"/data/{folder}/{file}"}

    mapped = {**plain, "acquire": change_files(plain["acquire"], elsewhere)}
    assert prepare(mapped) == mapped
    files, same = Inputs.of(mapped), Inputs.of(plain)
    assert files.all_files("mine") == same.all_files("mine")
    assert len(folders) == len(same.all_files("mine"))
    for folder, file in folders:
        assert files.wanted("mine", folder, file)["path"] == f"/data/{folder}/{file}"
        assert "path" not in same.wanted("mine", folder, file)


@pytest.mark.fault(
    "two files of one name in one series, from two places",
    "refused before the run starts, with both; another name for one of them is asked for",
)
def test_two_files_of_one_name_in_one_folder_are_refused():
    here, there = {"path": "/data/a/info.txt"}, {"path": "/data/b/info.txt"}
    with pytest.raises(LacunaError) as error:
        prepare(series(inst_info=here, pert_info=there))
    for said in ("series: one: pert_info", "'info.txt'", *here.values(), *there.values(), "file:"):
        assert said in str(error.value)
    prepare(series(inst_info=here, pert_info=there | {"file": "drugs.txt"}))
    prepare(series(inst_info=here, pert_info=here))
    two = {"one": {"level5": "a", "sig_info": here}, "two": {"level5": "a", "sig_info": there}}
    prepare(configured(series=two))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({}, ["one: inst_info", "{}"]),
        ({"sha256": SUM}, ["one: inst_info: says neither file nor path nor url"]),
        ({"pth": "/a"}, ["one: inst_info: unknown key 'pth'", "did you mean 'path'"]),
        ({"path": "/data/a;b.txt"}, ["one: inst_info", "'/data/a;b.txt'", "{file: ..., path"]),
        ({"path": "/data/.."}, ["one: inst_info", "'/data/..'"]),
        ({"url": "https://there/"}, ["one: inst_info", "no name"]),
        ({"file": "a/b.txt"}, ["inst_info: file: 'a/b.txt' is not the plain name of a file"]),
        ({"file": "b.txt", "url": "http://there/b.txt"}, ["inst_info: url", "plain http"]),
        ({"file": "b.txt", "sha256": "12"}, ["inst_info: sha256: '12' is not 64 hexadecimal"]),
        ("a/b.txt", ["inst_info: 'a/b.txt' is not the plain name of a file"]),
        (3, ["inst_info: 3 is a whole number; expected a text or a block of keys"]),
    ],
)
def test_what_is_wrong_with_a_file_is_named(file, said):
    with pytest.raises(LacunaError) as error:
        prepare(series(inst_info=file))
    assert all(part in str(error.value) for part in said), error.value


def test_names_of_genes_are_names_of_files_or_nothing():
    assert prepare(configured(genes=None))["acquire"]["genes"] is None
    with pytest.raises(LacunaError, match=r"acquire: genes: '\.\./g\.tsv' is not the plain name"):
        prepare(configured(genes="../g.tsv"))
    with pytest.raises(LacunaError, match="acquire: gene_facts: 3 is a whole number"):
        prepare(configured(gene_facts=3))


def test_the_pattern_is_that_of_the_schema():
    common = yaml.safe_load((Path(lacuna.project.__path__[0]) / "common.yaml").read_text())
    assert common["$defs"]["file_name"]["pattern"] == f"^{NAME.pattern}(?!\n)$"
    assert re.fullmatch(common["$defs"]["file_name"]["pattern"], "w.txt")


def test_a_block_may_lack_keys():
    assert name_files({"vectors": {"a": {"path": "v.tsv"}}})[1] == {
        ("cells", "v.tsv"): {"path": "v.tsv"}
    }
    assert file_name("v.tsv", "here") == "v.tsv"
