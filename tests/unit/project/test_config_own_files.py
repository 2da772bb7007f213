"""What a configuration of one's own files may leave out, and where its paths may begin."""

import pytest
from project import overlay

from lacuna.project.config import prepare

# The least that a configuration of real plates can say.
PLATES = {"dataset": "mine", "acquire": {"source": "files", "series": {"a": {"level3": "a.gctx"}}}}


@pytest.mark.parametrize("level", ["level3", "level5"])
def test_a_series_may_be_a_matrix_alone(level):
    series = {"series": {"a": {level: "a.gct"}}}
    made = prepare(PLATES | {"acquire": PLATES["acquire"] | series})
    assert made["acquire"]["series"] == series["series"]


def test_a_home_folder_is_expanded_in_every_path_and_nowhere_else(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    paths = {"mirror": ["~/data", "data/~/x", "~"], "sources": "~/s.tsv"}
    made = prepare(
        overlay(PLATES, {"acquire": paths, "evaluation": {"heatmaps": {"drugs": ["~root"]}}})
    )
    assert made["acquire"]["mirror"] == ["/home/me/data", "data/~/x", "/home/me"]
    assert made["acquire"]["sources"] == "/home/me/s.tsv"
    assert made["evaluation"]["heatmaps"]["drugs"] == ["~root"]
    assert prepare(made) == made
