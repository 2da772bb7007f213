"""Captions of the page are those that Snakemake shows, and say where they are wrong."""

import pytest
from docutils.core import publish_parts
from judged_run import plan_of
from project import ROOT

from lacuna.errors import LacunaError
from lacuna.report.captions import render

CONFIG = plan_of().config


def test_a_caption_is_rendered_as_snakemake_does():
    text = (ROOT / "workflow/report/evaluation/overview.rst").read_text()
    html = render(text, {"data": "demo (simulated data)"}, CONFIG, "overview")
    assert html.startswith("<p><strong>What was measured and how well the rest is predicted; demo")
    assert "clearly above 1D-Mean" in html
    assert "{%" not in html and "{{" not in html
    assert publish_parts("*a*", writer="html")["body"].strip() == "<p><em>a</em></p>"
    assert render("*a*", {}, CONFIG, "a").strip() == "<p><em>a</em></p>"


def test_wildcards_params_and_config_are_known():
    text = "{{ snakemake.wildcards.dataset }} {{ snakemake.params.x }} {{ snakemake.config.seed }}"
    assert "demo 7 2018" in render(text, {"x": 7}, CONFIG, "a")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ snakemake.params.missing }}", "missing"),
        ("{% if %}", "Expected an expression"),
        ("**never closed", "start-string without end-string"),
        (".. include:: /etc/passwd", "include"),
        (".. raw:: html\n\n   <script>1</script>", "raw"),
    ],
)
def test_a_faulty_caption_is_named(text, named):
    with pytest.raises(LacunaError, match=r"caption of evaluation/figures/x\.svg") as raised:
        render(text, {}, CONFIG, "evaluation/figures/x.svg")
    assert named in str(raised.value)


def test_markup_in_names_stays_text():
    html = render("{{ snakemake.params.data }}", {"data": "<script>alert(1)</script>"}, CONFIG, "a")
    assert "<script" not in html and "&lt;script&gt;" in html
