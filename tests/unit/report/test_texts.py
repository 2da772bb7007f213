"""What the report says in words is true of the run: of its data, its methods and its splits."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml
from jinja2 import Environment, StrictUndefined
from own_data import FILES, LEVEL5, configuration
from project import ROOT, overlay

from lacuna.project.plan import Plan
from lacuna.report.origin import Origin
from lacuna.report.published_table import published_note

TEXTS = ROOT / "workflow/report"
PAGES = ["evaluation/methods", "evaluation/where", "report/filters", "report/published"]
NO_PLATES = {"evaluation": {"splits": {"plates": {"sizes": []}}}}
ALONE = {"completion": {"methods": [], "completed": []}}
OF_WELLS = r"Characteristic|vehicle|\bwells\b|\ba well\b|\bplates?\b|\bACD\b|gamma"


def made(files, *changes):
    config = configuration("data", files)
    for change in changes:
        config = overlay(config, change)
    return Plan.of(config)


RUNS = {
    "level3": made(FILES),
    "level5": made(LEVEL5, NO_PLATES),
    "tensor": made({"tensor": "large.mat"}, NO_PLATES),
    "one cell": made(FILES, ALONE),
    "ready-made signatures alone": made(LEVEL5, NO_PLATES, ALONE),
    "simulated": Plan.of(yaml.safe_load((ROOT / "config/config.yaml").read_text())),
}


def render(name, plan, **params):
    """Render a text as Snakemake does, on one line; what it asks for must be there."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    known = {"data": plan.dataset, "start": plan.inputs.start, "few": [], **params}
    wildcards = SimpleNamespace(dataset=plan.dataset)
    given = SimpleNamespace(config=plan.config, params=known, wildcards=wildcards)
    text = (TEXTS / f"{name}.rst").read_text()
    return " ".join(environment.from_string(text).render(snakemake=given).split())


def captions(plan):
    """Render the captions of all figures of a run, and of the pages of one with methods."""
    for figure in plan.figures.values():
        yield render(f"{figure.stage}/{figure.name}", plan, **figure.card.params(plan.config))
    for page in PAGES if plan.methods else PAGES[-1:]:
        yield render(page, plan)


@pytest.mark.parametrize(
    ("run", "said", "unsaid"),
    [
        (
            "level3",
            [
                "Signatures are Characteristic Directions of treated wells against the mean of the "
                "vehicle wells of their plate (gamma 0.5)",
                "random replicate sets of the same plates. The tensor holds experiments whatever",
                "1 cell and cells with at least 1 drug, averaged over dose and time and scaled "
                "to unit length; the small tensor is its densest block of at most 6 drugs and 2 "
                "cells. "
                "Each method",
                "held out are profiles (10 folds; large); drugs (4 folds; large); cells",
            ],
            "simulated|ready-made|p-value of at most|Translation|Retrieval|Single cells",
        ),
        (
            "level5",
            [
                "Signatures are ready-made (Level 5): taken as the files have them",
                "The tensor holds",
            ],
            f"{OF_WELLS}|simulated|ready-made tensor",
        ),
        (
            "tensor",
            [
                "Profiles are those of a ready-made tensor",
                "The tensor holds drugs in at least 1 cell",
            ],
            f"{OF_WELLS}|simulated|Level 5|experiments|p-value of at most",
        ),
        (
            "one cell",
            ["Characteristic Directions"],
            "tensor holds|cross-validation|controls|small tensor|table of methods|Hodos",
        ),
        (
            "ready-made signatures alone",
            ["ready-made (Level 5)"],
            f"{OF_WELLS}|tensor holds|Each method",
        ),
        (
            "simulated",
            ["Characteristic Directions", "with an ACD p-value of at most 0.1"],
            "ready-made",
        ),
    ],
)
def test_the_methods_paragraph_is_that_of_the_run(run, said, unsaid):
    text = render("report/run", RUNS[run])
    for words in said:
        assert words in text, text
    assert not re.search(unsaid, text), re.search(unsaid, text)
    assert "Everything random derives from the seed 2018." in text
    assert " ." not in text and ".." not in text


def test_series_of_two_kinds_are_told_apart():
    both = {"acquire": {"series": {"other": LEVEL5}}}
    plan = made(FILES, NO_PLATES, both)
    text = render("report/run", plan)
    assert "Some signatures are Characteristic Directions" in text
    assert "Other signatures are ready-made (Level 5)" in text
    assert "From wells and signatures to profiles" in render("report/filters", plan)


@pytest.mark.parametrize("run", ["level5", "tensor", "ready-made signatures alone"])
def test_where_no_well_was_seen_no_caption_speaks_of_wells(run):
    for text in captions(RUNS[run]):
        assert not re.search(OF_WELLS, text), text


@pytest.mark.parametrize("run", RUNS)
def test_snakemakes_first_page_leads_to_the_report_and_says_simulated(run):
    text = render("workflow", RUNS[run])
    assert "<../report.html>" in text
    assert ("**simulated**" in text) == (run == "simulated")


@pytest.mark.parametrize("run", RUNS)
def test_every_caption_can_be_rendered(run):
    texts = list(captions(RUNS[run]))
    assert len(texts) > (10 if RUNS[run].methods else 0)
    assert all(RUNS[run].dataset in text for text in texts)


def test_what_was_not_held_out_is_not_described():
    everything = render("evaluation/methods", RUNS["level3"])
    assert "held out are all profiles of a drug, of a cell, of a cell's linked plates" in everything
    assert "The noise ceiling is" in everything
    some = render("evaluation/methods", RUNS["level5"])
    assert "held out are all profiles of a drug, of a cell, so" in some
    assert "noise ceiling" not in some
    none = {"drugs": {"sizes": []}, "cells": {"sizes": []}, "plates": {"sizes": []}}
    only = made(FILES, {"evaluation": {"splits": none}})
    assert "Beside single profiles" not in render("evaluation/methods", only)
    one = made(FILES, {"completion": {"methods": ["dnpp"], "completed": ["dnpp"]}})
    assert "lead over" not in render("evaluation/methods", one)


def test_methods_that_do_not_run_are_not_named():
    few = made(FILES, {"completion": {"methods": ["dnpp", "kernel"], "completed": []}})
    texts = [render("report/run", few), *captions(few)]
    assert not [text for text in texts if re.search("1D-Mean|FaLRTC|Blend", text)]
    assert any("1D-Mean" in text for text in captions(RUNS["level3"]))


def test_densities_that_do_not_run_are_not_named():
    bare = {"evaluation": {"density": {"percents": []}}}
    text = render("report/run", made(FILES, bare))
    assert "density" not in text and "small tensor" not in text


def test_papers_are_named_whose_numbers_stand_beside_ours():
    nobodys = Origin("", "level5", None, [])
    note = published_note("mine", nobodys, "", ["Hodos 2018", "Jeon 2022"])
    assert "those of Hodos 2018 on a tensor of 2,130 drugs and 71 cells" in note
    assert "Umarov" not in note and "Hetzel" not in note
    assert "no comparison" in note
    assert published_note("mine", nobodys, "", []) == "This run has no number that a paper prints."


@pytest.mark.parametrize("name", ["profiles", "scores", "similarity"])
def test_a_retrieval_of_signatures_speaks_of_no_wells(name):
    caption = f"retrieval/retrieval_{name}"
    assert not re.search(OF_WELLS, render(caption, RUNS["level5"]))
    assert re.search(OF_WELLS, render(caption, RUNS["level3"]))


def test_steps_of_a_translation_that_do_not_run_are_not_named():
    def told(name, **block):
        plan = made(FILES)
        config = overlay(plan.config, {"translation": block})
        return render(f"translation/{name}", replace(plan, config=config))

    assert "Ridge on pairs" not in told("translation", landmarks=["ratio"])
    assert "Ridge on pairs" in told("translation", landmarks=["paired_ridge"])
    assert "CycleGAN" not in told(
        "translation_losses", landmarks=["ratio"], genome=["extrapolator"]
    )
    assert "extrapolator" not in told("translation_losses", landmarks=["cyclegan"], genome=[])


@pytest.mark.parametrize(
    "block",
    [
        {"translation": {"landmarks": ["ratio"]}},
        {"retrieval": {"methods": ["chance"]}},
        {"single_cell": {"models": {"m": {}}, "targets": {"t": {}}}},
    ],
)
def test_a_run_of_another_system_alone_claims_no_tensor(block):
    plan = RUNS["one cell"]
    text = render("report/run", replace(plan, config=overlay(plan.config, block)))
    assert not re.search("Characteristic|tensor holds|compares no|Each method|Hodos", text)
