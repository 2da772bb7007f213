"""Every rule says in words what its jobs do, and the words can be filled."""

import re

import pytest
import yaml
from project import ROOT, TINY, overlay

from lacuna.project.job_words import MADE, describe_job, describe_jobs, fields_of
from lacuna.project.plan import Plan

DEMO = yaml.safe_load((ROOT / "config/config.yaml").read_text())
PLAN = Plan.of(overlay(DEMO, TINY))
TEXTS = {path.name: path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")}
TEXTS["Snakefile"] = (ROOT / "Snakefile").read_text()
# A rule, its first line, and the rest up to the next rule.
RULE = re.compile(
    r'^ *rule ?(\w*):\n(?: *"""(.*)"""\n)?((?:(?! *rule ?\w*:\n).*\n?)*)', re.MULTILINE
)
RULES = [(file, *rule) for file, text in TEXTS.items() for rule in RULE.findall(text)]


def test_all_rules_are_found():
    named = {name for _, name, *_ in RULES}
    assert {"", "all", "predict_folds", "write_report", "tabulate_translation"} <= named
    rules = (re.findall(r"^ *rule ?\w*:\n", text, re.MULTILINE) for text in TEXTS.values())
    assert len(RULES) == sum(map(len, rules))


@pytest.mark.parametrize(("file", "name", "text", "body"), RULES, ids=[rule[1] for rule in RULES])
def test_every_rule_says_what_it_does(file, name, text, body):
    assert text, f"{file}: rule {name} says in no docstring what its jobs do"
    assert text[0].isupper() or text[0] == "{"
    assert not text.endswith("."), "words of a line, not a sentence of a text"
    benchmark = re.search(r"benchmark:\n.*", body)
    known = set(re.findall(r"\{(\w+)\}", benchmark[0] if benchmark else ""))
    assert fields_of(text) - {*MADE} <= known - {"dataset"}


@pytest.mark.parametrize(
    ("rule", "wildcards", "said"),
    [
        (
            "predict_folds",
            {"size": "large", "split": "drugs", "method": "kernel", "batch": "0"},
            "Kernel predicts folds 1-2 of whole drugs, large tensor",
        ),
        (
            "predict_folds",
            {"size": "small", "split": "profiles", "method": "truth", "batch": "1"},
            "control: truth predicts folds 3 of single profiles, small tensor",
        ),
        (
            "measure_density",
            {"method": "falrtc", "batch": "0"},
            "FaLRTC predicts from ever fewer profiles, draws 1-2",
        ),
        (
            "classify_drugs",
            {"method": "my_variant", "model": "random_forest"},
            "Classify drugs by random forest, profiles completed by my_variant",
        ),
        ("make_signatures", {"series": "GSE92742"}, "Make signatures of GSE92742"),
    ],
)
def test_jobs_are_said_in_words(rule, wildcards, said):
    [text] = [text for _, name, text, _ in RULES if name == rule]
    assert describe_job(PLAN, rule, text, {"dataset": "demo", **wildcards}) == said


def test_figures_are_called_as_in_the_report():
    [text] = [text for file, _, text, _ in RULES if file == "figures.smk"]
    figure = PLAN.figures["density"]
    assert describe_job(PLAN, "draw_density", text, {"dataset": "demo"}) == (
        f"Draw {figure.card.label}"
    )


def test_a_rule_without_words_that_can_be_filled_goes_by_its_name():
    for text in (None, "", "Index {nothing}", "{0}", "{"):
        assert describe_job(PLAN, "index_profiles", text, {"dataset": "d"}) == "index profiles"


def test_of_several_jobs_what_they_differ_in_stays_open():
    text = "{method} predicts folds {folds} of {split}, {size} tensor"
    alike = {"dataset": "demo", "size": "large", "method": "kernel", "batch": "0"}
    jobs = [{**alike, "split": split} for split in ("drugs", "profiles")]
    told = describe_jobs(PLAN, "predict_folds", text, jobs)
    assert told == "Kernel predicts folds 1-2 of <split>, large tensor"
    assert describe_jobs(PLAN, "index_profiles", None, jobs) == "index profiles"
