"""What a translation consists of, and which mistakes in its block are named."""

import pytest

from lacuna.errors import LacunaError
from lacuna.project.plan import Plan
from lacuna.translation import checks, stage

TARGET = {"drug": "d", "set": "s"}
STUDY = {"study": "S", "treated": "t", "control": "c"}


def plan(**changes):
    block = {"landmarks": ["ratio"], "genome": ["ridge"]} | changes.pop("translation", {})
    config = {
        "dataset": "mine",
        "acquire": {"source": "simulator"},
        "completion": {"methods": [], "completed": []},
        "classification": {"completed": []},
        "translation": block,
    }
    return Plan.of(config | changes)


def test_a_run_without_methods_has_no_tensor_and_one_without_steps_no_translation():
    made = plan().results
    assert "results/mine/translation/model.h5" in made
    assert "results/mine/metrics.tsv" not in made
    assert not any("/tensor/" in file or "/evaluation/" in file for file in made)
    other = Plan.of({"dataset": "mine", "acquire": {"source": "simulator"}})
    assert "results/mine/metrics.tsv" in other.results
    assert not any("/translation/" in file for file in other.results)


def test_the_block_says_what_is_made():
    made = plan(translation={"types": [], "ageing": None}).results
    assert not any("signatures" in file or "ageing" in file for file in made)
    made = plan(
        translation={
            "types": ["trt_sh"],
            "genes_shown": ["A"],
            "targets": [{"drug": "d", "set": "s"}],
            "ageing": "simulated",
        }
    ).results
    folder = "results/mine/translation"
    for file in (
        "signatures/simulated_translation/gene_search.parquet",
        "signatures/simulated_translation/bridges.tsv",
        "ageing/genes.tsv",
        "figures/volcano.svg",
        "figures/bridge.png",
        "figures/ageing.tsv",
    ):
        assert f"{folder}/{file}" in made


def test_every_pair_of_steps_is_a_chain_and_each_file_is_made_once():
    config = plan(
        translation={
            "landmarks": ["ratio", "moments"],
            "genome": ["ridge", "nearest"],
            "end_to_end": ["moments"],
            "translated": ["moments", "end_to_end"],
        }
    ).config
    assert stage.chains(config) == [
        ("ratio", "ridge"),
        ("ratio", "nearest"),
        ("moments", "ridge"),
        ("moments", "nearest"),
        ("moments", "end_to_end"),
    ]
    files = stage.step_files(config)
    assert len(files) == len(set(files)) == 5
    assert stage.model_steps(config) == ["translation/steps/end_to_end/moments.h5"]
    assert stage.signature_steps(config) == [
        "translation/steps/landmarks/ratio.h5",
        "translation/steps/genome/ridge.h5",
    ]


def test_networks_alone_have_losses():
    config = plan(
        translation={"landmarks": ["ratio", "cyclegan"], "genome": ["ridge", "extrapolator"]}
    ).config
    assert stage.losses(config) == {
        "landmarks": ["translation/steps/landmarks/cyclegan_losses.tsv"],
        "genome": ["translation/steps/genome/extrapolator_losses.tsv"],
    }


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"landmarks": ["rato"]}, "unknown step 'rato'.*ratio"),
        ({"genome": ["rigde"]}, "unknown step 'rigde'.*ridge"),
        ({"options": {"rato": {}}}, "options: unknown step 'rato'"),
        ({"options": {"nearest": {"neighbors": 3}}}, "no option 'neighbors'"),
        ({"translated": ["moments", "ridge"]}, "translated: 'moments' is not among"),
        ({"translated": ["ratio", "nearest"]}, "translated: 'nearest' is not among"),
        ({"translated": ["ratio", "end_to_end"]}, "translated: 'ratio' is not among.*end_to_end"),
        ({"end_to_end": ["moments"]}, "end_to_end: 'moments' is not among"),
        (
            {"landmarks": ["ratio", "paired_ridge"], "end_to_end": ["paired_ridge"]},
            "learns from pairs",
        ),
        ({"lines_of": "lines"}, "lines_of: 'lines' is not among acquire: rnaseq"),
        ({"ageing": "lines"}, "ageing: 'lines' is not among acquire: rnaseq"),
        ({"targets": [TARGET | {"studies": [STUDY, STUDY]}]}, "'d' has the studies 'S' twice"),
        (
            {"targets": [TARGET | {"studies": [STUDY | {"control": "t"}]}]},
            "study 'S': treated and control are both 't'",
        ),
    ],
)
def test_mistakes_are_named(block, said):
    with pytest.raises(LacunaError, match=said):
        plan(translation=block)


def test_files_that_are_missing_are_named(monkeypatch):
    real = {
        "source": "files",
        "series": {"s": {"level3": "a", "inst_info": "b", "pert_info": "c", "gene_info": "d"}},
    }
    with pytest.raises(LacunaError, match="no RNA-seq to learn from"):
        plan(acquire=real)
    rnaseq = {"lines": {"expression": "e", "unit": "tpm"}}
    with pytest.raises(LacunaError, match="needs a series with a baseline"):
        plan(acquire=real | {"rnaseq": rnaseq}, translation={"lines_of": "lines"})
    with pytest.raises(LacunaError, match="paired_ridge learns from samples measured both ways"):
        plan(
            acquire=real | {"rnaseq": rnaseq},
            translation={"landmarks": ["ratio", "paired_ridge"]},
        )
    monkeypatch.setitem(checks.PACKAGES, "missing-package", "no_such_module")
    with pytest.raises(LacunaError, match=r"missing-package.*pip install 'lacuna\[translation\]'"):
        plan()


def test_a_baseline_is_a_matrix_of_lines_and_no_screen():
    real = {
        "source": "files",
        "series": {
            "plates": {"level3": "a", "inst_info": "b", "pert_info": "c", "gene_info": "d"},
            "lines": {"level5": "e", "sig_info": "f", "pert_info": "g", "baseline": "h"},
        },
        "rnaseq": {"cells": {"expression": "i", "unit": "tpm"}},
    }
    config = plan(acquire=real, translation={"lines_of": "cells"}).config
    assert stage.screens(config) == ["plates"]
    matrices = stage.l1000(config, "mine")
    assert [file["series"] for file in matrices] == ["plates", "lines"]
    assert matrices[1]["matrix"] == "results/mine/signatures/lines/baseline.gctx"
    assert stage.pair_matrix(config, "mine") == [matrices[1]["matrix"]]
    assert stage.pair_genes(config, "mine") == ["results/mine/acquire/plates/d"]


def test_studies_of_drugs_are_read_and_never_trained_on():
    other = {"drug": "e", "set": "s", "studies": [STUDY | {"study": "R"}, STUDY]}
    asked = [TARGET | {"studies": [STUDY]}, other, TARGET]
    config = plan(translation={"targets": asked}).config
    assert stage.preparation(config, "mine")["studies"] == ["R", "S"]
    assert stage.targets(config, "mine")["rnaseq"][0]["unit"] == "counts"
    assert any("samples" in file for file in stage.study_files(config, "mine"))
    made = plan(translation={"targets": asked}).results
    assert "results/mine/translation/figures/drug_studies.svg" in made
    config = plan(translation={"targets": [TARGET]}).config
    assert stage.preparation(config, "mine")["studies"] == []
    assert stage.study_files(config, "mine") == stage.targets(config, "mine")["rnaseq"] == []
    made = plan(translation={"targets": [TARGET]}).results
    assert not any("drug_studies" in file for file in made)
    assert "results/mine/translation/pages/signatures.html" in made
    made = plan(translation={"types": ["trt_cp"]}).results
    assert not any("pages/signatures" in file for file in made)
