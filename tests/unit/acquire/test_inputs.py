"""Which files a data set has follows from its configuration alone."""

import pytest

from lacuna.acquire.inputs import Inputs
from lacuna.project.config_schema import fill_defaults, read_schemas
from lacuna.simulation import parameters

COLUMNS = {"drug": "product_name", "line": "cell_type", "smiles": "SMILES"}


def configured(**changes) -> dict:
    block = {
        "source": "files",
        "simulator": {"generator": "clustered", "drugs": 10, "cells": 3, "mechanisms": 2},
        "mirror": None,
        "series": {
            "wells": {"level3": "w.gctx.gz", "inst_info": "w.txt", "pert_info": "w_drugs.txt"},
            "ready": {"level5": "r.gctx", "sig_info": "r.txt", "baseline": "r_cells.gctx"},
        },
        "annotations": {"table": "drugs.tsv"},
        "gene_sets": ["hallmark.gmt", "own.gmt"],
        "chip_atlas": ["MYC.1.tsv"],
        "external": {"profiles": "p.tsv", "samples": "s.tsv"},
        "rnaseq": {"lines": {"expression": "e.tsv", "unit": "tpm", "samples": "e_samples.tsv"}},
        "genes": "genes.tsv",
        "gene_facts": "facts.tsv",
        "pairs": {"level3": "q.gctx", "gene_info": "q_genes.txt", "table": "pairs.tsv"},
        "cells": {
            "plex": {"expression": "c.h5ad", "scale": "counts", "columns": COLUMNS},
            "op3": {"ranks": "op3.npz", "structures": "op3.tsv"},
        },
        "vectors": {"grover": "g.parquet"},
    }
    return {"dataset": "mine", "acquire": block | changes}


def test_every_file_lies_in_the_folder_of_its_series_or_of_what_it_holds():
    inputs = Inputs.of(configured())
    assert inputs.path("mine", "wells", "level3") == "results/mine/acquire/wells/w.gctx.gz"
    assert inputs.annotations("mine") == {"table": "results/mine/acquire/annotations/drugs.tsv"}
    assert inputs.gene_sets("mine") == [
        "results/mine/acquire/gene_sets/hallmark.gmt",
        "results/mine/acquire/gene_sets/own.gmt",
    ]
    assert inputs.chip_atlas("mine") == ["results/mine/acquire/chip_atlas/MYC.1.tsv"]
    assert inputs.external("mine") == {
        "profiles": "results/mine/acquire/external/p.tsv",
        "samples": "results/mine/acquire/external/s.tsv",
    }


def test_all_files_are_named_once_each():
    files = Inputs.of(configured()).all_files("mine")
    assert len(files) == len(set(files)) == 6 + 1 + 3 + 2 + 2 + 1 + 1 + 3 + 3 + 1
    assert {file.split("/")[-2] for file in files} == {
        *("wells", "ready", "annotations", "gene_sets", "chip_atlas", "external", "rnaseq", "cells")
    }


def test_files_of_single_cells_and_of_vectors_share_a_folder():
    inputs = Inputs.of(configured())
    folder = "results/mine/acquire/cells"
    assert inputs.cells_files("mine") == {
        "plex": {"expression": f"{folder}/c.h5ad"},
        "op3": {"structures": f"{folder}/op3.tsv", "ranks": f"{folder}/op3.npz"},
    }
    assert inputs.vectors("mine") == {"grover": f"{folder}/g.parquet"}


def test_what_is_not_said_of_an_h5ad_of_cells_is_filled_in():
    block = fill_defaults(configured()["acquire"], read_schemas()["acquire"])
    assert Inputs.of({"acquire": block}).cells["plex"] == {
        "expression": "c.h5ad",
        "scale": "counts",
        "layer": None,
        "columns": COLUMNS | {"dose": None, "control": None, "pathway": None},
        "unit": "uM",
        "control": "DMSO",
    }


def test_two_targets_may_read_one_file():
    twice = {name: {"expression": "c.h5ad", "columns": {}} for name in ("one", "other")}
    files = Inputs.of(configured(cells=twice)).all_files("mine")
    assert files.count("results/mine/acquire/cells/c.h5ad") == 1


def test_simulated_cells_are_one_target_of_that_name():
    inputs = Inputs.of(configured(source="simulator"))
    (name,) = inputs.cells
    assert name == "simulated"
    file = "results/mine/acquire/simulated_single_cell/SIMULATED_single_cell_cells.h5ad"
    assert inputs.cells_files("mine") == {"simulated": {"expression": file}}
    schema = read_schemas()["acquire"]["properties"]["cells"]["additionalProperties"]
    assert fill_defaults(inputs.cells[name], schema) == inputs.cells[name]
    assert set(inputs.cells[name]["columns"]) == set(schema["properties"]["columns"]["properties"])
    assert inputs.vectors("mine") == {}


def test_series_are_told_apart_by_their_kinds_of_files():
    inputs = Inputs.of(configured())
    assert inputs.series_with("level3") == ["wells"]
    assert inputs.series_with("level5") == inputs.series_with("baseline") == ["ready"]
    assert inputs.paths("mine", "sig_info") == ["results/mine/acquire/ready/r.txt"]
    assert inputs.paths("mine", "cell_info") == []


def test_a_file_that_a_series_lacks_is_an_error_not_a_path():
    with pytest.raises(KeyError):
        Inputs.of(configured()).path("mine", "ready", "level3")


def test_the_simulator_takes_the_place_of_configured_files():
    inputs = Inputs.of(configured(source="simulator"))
    files = inputs.all_files("mine")
    # The truths are written, too, but nothing of a run may come from them.
    screen = {*parameters.ALL_FILES} - {parameters.TRUTH}
    transcriptome = {*parameters.TRANSLATION_FILES.values()} - {
        parameters.TRANSLATION_FILES[truth] for truth in ("truth", "age_genes")
    }
    structures = {*parameters.RETRIEVAL_FILES.values()} - {parameters.RETRIEVAL_FILES["truth"]}
    cells = {*parameters.SINGLE_CELL_FILES.values()} - {parameters.SINGLE_CELL_FILES["truth"]}
    expected = {f"results/mine/acquire/simulated/{name}" for name in screen}
    expected |= {f"results/mine/acquire/simulated_retrieval/{name}" for name in structures}
    expected |= {f"results/mine/acquire/simulated_single_cell/{name}" for name in cells}
    expected |= {f"results/mine/acquire/simulated_translation/{name}" for name in transcriptome}
    assert set(files) == expected
    assert len(files) == len(expected)
    assert inputs.downloaded_folders == []


def test_folders_of_downloads_are_those_of_all_files():
    inputs = Inputs.of(configured())
    assert set(inputs.downloaded_folders) == {
        file.split("/")[-2] for file in inputs.all_files("mine")
    }


def test_simulated_data_never_go_without_the_word():
    assert Inputs.of(configured(source="simulator")).title("mine") == "mine (simulated data)"
    assert Inputs.of(configured()).title("mine") == "mine"


@pytest.mark.parametrize(
    ("mirror", "mirrors"),
    [(None, ()), ("folder", ("folder",)), (["one", "two"], ("one", "two"))],
)
def test_a_mirror_is_none_one_or_several(mirror, mirrors):
    assert Inputs.of(configured(mirror=mirror)).mirrors == mirrors


def test_a_run_starts_from_one_kind_or_from_none():
    def kind(*kinds, **changes):
        series = {f"s{n}": {kind: "file", "pert_info": "p"} for n, kind in enumerate(kinds)}
        return Inputs.of(configured(series=series, **changes)).kind

    assert kind("level3", "level3") == "level3"
    assert kind("tensor") == "tensor"
    assert kind("level5") == "level5"
    assert kind("level3", "level5") == kind() == kind("level3", source="simulator") == ""


def test_a_data_set_without_extras_has_only_its_series():
    inputs = Inputs.of(
        configured(
            annotations={},
            gene_sets=[],
            external={},
            chip_atlas=[],
            rnaseq={},
            genes=None,
            gene_facts=None,
            pairs={},
            cells={},
            vectors={},
        )
    )
    assert inputs.annotations("mine") == inputs.external("mine") == {}
    assert inputs.gene_sets("mine") == []
    assert len(inputs.all_files("mine")) == 6


def test_a_baseline_that_is_given_counts_before_that_of_the_vehicle_wells():
    both = {"level3": "w.gctx", "baseline": "b.gctx"}
    series = {"both": both, "ready": {"level5": "r.gctx"}, "wells": {"level3": "w.gctx"}}
    assert Inputs.of(configured(series=series)).baselines("mine") == [
        "results/mine/signatures/both/given_baseline.tsv",
        "results/mine/signatures/wells/baseline.tsv",
    ]


def test_tables_that_a_series_does_not_name_are_made_from_its_matrix_or_its_wells():
    series = {
        "alone": {"level3": "a.gct"},
        "wells": {"level3": "w.gctx", "inst_info": "w.txt", "gene_info": "g.txt"},
        "ready": {"level5": "r.h5ad", "pert_info": "p.txt"},
        "tensor": {"tensor": "t.mat"},
    }
    inputs = Inputs.of(configured(series=series))
    made = {name: inputs.made(name) for name in series}
    assert made == {
        "alone": ["inst_info", "gene_info", "pert_info"],
        "wells": ["pert_info"],
        "ready": ["sig_info", "gene_info"],
        "tensor": [],
    }
    tables = "results/mine/signatures/{}/tables/{}.tsv".format
    came = "results/mine/acquire/{}/{}".format
    for name, kinds in made.items():
        for kind in kinds:
            assert inputs.path("mine", name, kind) == tables(name, kind)
    matrix = "results/mine/signatures/{}/{}.gctx".format
    for name, kind, source in [
        ("alone", "inst_info", matrix("alone", "level3")),
        ("alone", "gene_info", matrix("alone", "level3")),
        ("alone", "pert_info", tables("alone", "inst_info")),
        ("wells", "pert_info", came("wells", "w.txt")),
        ("ready", "sig_info", matrix("ready", "level5")),
    ]:
        assert inputs.made_from("mine", name, kind) == source
    for name, kind, file in [
        ("alone", "inst_info", "a.gct"),
        ("alone", "pert_info", "a.gct"),
        ("wells", "pert_info", "w.txt"),
        ("ready", "gene_info", "r.h5ad"),
    ]:
        assert inputs.came_in("mine", name, kind) == came(name, file)
    assert inputs.paths("mine", "pert_info") == [
        *(tables("alone", "pert_info"), tables("wells", "pert_info"), came("ready", "p.txt"))
    ]
    assert inputs.path_if_given("mine", "alone", "inst_info") == []
    assert not {path for path in inputs.all_files("mine") if "/tables/" in path}


def test_the_table_that_came_says_which_way_round_a_matrix_is():
    inputs = Inputs.of(configured())
    assert inputs.names_of("mine", "wells", "level3") == ["results/mine/acquire/wells/w.txt"]
    assert inputs.names_of("mine", "ready", "level5") == ["results/mine/acquire/ready/r.txt"]
    assert inputs.names_of("mine", "ready", "baseline") == []
    alone = Inputs.of(configured(series={"a": {"level3": "a.gct"}}))
    assert alone.names_of("mine", "a", "level3") == []
