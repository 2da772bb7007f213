"""Every method at every question: what stands in the tables, and what scores become of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from retrieval_world import LINES, METHODS, align_first, rank

from lacuna.io.tsv import read_table
from lacuna.retrieval.card import available
from lacuna.retrieval.compare import ORACLE, RAW, Row, rows_of
from lacuna.retrieval.metrics import METRICS
from lacuna.retrieval.oracle_jobs import judge_oracles
from lacuna.retrieval.rank_jobs import read_network
from lacuna.retrieval.score_jobs import MAIN, read_ranks, score, score_retrieval
from lacuna.retrieval.tables import sections, sentences, wide

MAIN_ROWS = " and ".join(f"{column} == {value!r}" for column, value in MAIN._asdict().items())


def test_all_rows_of_the_paper_are_there():
    rows = rows_of(["double_nearest", "cca", "correlation"], ["morgan", "admet"], ["aligned"])
    expected = {
        Row(profile, molecule, method)
        for method in ("double_nearest", "cca")
        for profile in (RAW, "aligned")
        for molecule in ("morgan", "admet", "aligned")
    }
    assert set(rows) == expected | {Row("aligned", "aligned", "correlation")}
    assert len(rows) == 13


def test_controls_stand_once_and_every_alignment_has_its_correlation():
    rows = rows_of(["popularity", "correlation"], ["morgan", "admet"], ["one", "two"])
    assert rows == [
        Row(RAW, "morgan", "popularity"),
        Row("one", "one", "correlation"),
        Row("two", "two", "correlation"),
    ]


def test_every_query_is_asked_of_every_row(stage):
    main = stage.ranks.query(MAIN_ROWS)
    wells = main.groupby(["profile", "molecule", "method"])["name"].nunique()
    methods = wells[wells.index.get_level_values("method") != ORACLE]
    assert methods.min() == methods.max()
    # Two methods that see all kinds of profiles and molecules, and two that stand once.
    assert len(methods) == 2 * 2 * 3 + 2
    assert (main["rank"] >= 1).all() and (main["rank"] <= main["library"]).all()
    assert set(stage.ranks["method"]) == {*METHODS, ORACLE} <= {*available(), ORACLE}


def test_twins_can_only_help_and_plates_only_shrink_the_library(stage):
    names = ["profile", "molecule", "method", "name"]
    wells = stage.ranks.query("level == 'well' and direction == 'structure'").set_index(names)
    own = wells.query("right == 'own' and within == 'library'")
    twins = wells.query("right == 'twins'")["rank"].reindex(own.index)
    assert (twins <= own["rank"]).all()
    plates = wells.query("within == 'plate'")
    assert (plates["library"] <= own["library"].reindex(plates.index)).all()


def test_a_lone_well_is_counted_out_of_its_own_oracle(stage):
    main = stage.ranks.query(MAIN_ROWS)
    oracle = main.query("method == 'oracle' and molecule == 'test_line' and profile == 'raw'")
    wells = main.query("method == 'cca' and profile == 'raw' and molecule == 'morgan'")
    count = wells.groupby("drug")["name"].nunique()
    assert set(wells["drug"]) - set(oracle["drug"]) == set(count.index[count < 2])


def test_scores_have_chance_and_intervals(stage, tmp_path):
    metrics, leads, curves = score(read_ranks([stage.ranked["ranks"]]), seed=1)
    main = metrics.query(MAIN_ROWS)
    assert set(metrics["metric"]) == set(METRICS)
    assert np.isfinite(main[["value", "chance"]].to_numpy()).all()
    inside = main[main["low"].notna()]
    assert (inside["low"] <= inside["value"]).all() and (inside["value"] <= inside["high"]).all()
    library = stage.ranks.query(MAIN_ROWS)["library"].iloc[0]
    chance = main.query("metric == 'mrr' and method == 'popularity'")["chance"].iloc[0]
    assert chance == pytest.approx(np.mean(1 / np.arange(1, library + 1)))
    assert set(leads["reference"]) == {"aligned / aligned / correlation"}
    assert set(curves["curve"]) == {"recall", "precision"}


def test_folds_are_pooled_each_among_its_own_library(stage):
    ranks = read_ranks([stage.ranked["ranks"]])
    double = pd.concat([ranks, ranks.assign(fold=1)])
    once, twice = (score(table, seed=1)[0].query(MAIN_ROWS) for table in (ranks, double))
    merged = once.merge(twice, on=["profile", "molecule", "method", "metric"])
    assert np.allclose(merged["value_x"], merged["value_y"])
    assert (merged["queries_y"] == 2 * merged["queries_x"]).all()


def test_what_was_found_is_said_against_chance(stage):
    metrics, _, _ = score(read_ranks([stage.ranked["ranks"]]), seed=1)
    lines = {"training": ["A", "B"], "validation": ["B"]}

    def said(value):
        value = np.where(metrics["method"] == ORACLE, 0.9, value)
        return sentences(metrics.assign(value=value, low=value - 0.01, high=value + 0.01), lines)

    chance, rows = metrics["chance"], 2 * 2 * 3 + 2
    nothing = said(chance + 0.005)
    assert "cannot be told" in nothing[0] and "IS NOT ABOVE CHANCE" in nothing[1]
    assert f"0 of {rows} rows" in nothing[1]
    another = said(chance + np.where(metrics["method"] == "cca", 0.05, 0))
    assert "IS NOT ABOVE CHANCE" in another[0] and f"6 of {rows} rows" in another[0]
    own = metrics["method"] == "correlation"
    assert "is above chance" in said(chance + np.where(own, 0.05, 0))[0]
    assert "a line that is trained on (B)" in nothing[-1]
    assert "a line that is trained on" not in sentences(metrics, lines | {"validation": []})[-1]


def test_the_page_shows_every_row_and_what_was_left_out(stage, tmp_path):
    made = {
        name: str(tmp_path / f"{name}.tsv")
        for name in ("metrics", "differences", "curves", "neighbours", "regressions")
    }
    score_retrieval([stage.ranked["ranks"]], [stage.ranked["neighbours"]], made, 1)
    judge_oracles(stage.cut, str(tmp_path / "oracles.tsv"), lines=LINES, seed=1)
    files = {name: made[name] for name in ("metrics", "differences", "regressions")}
    files |= {name: stage.files[name] for name in ("account", "left_out")}
    files |= {"oracles": str(tmp_path / "oracles.tsv")}
    shown = sections({name: read_table(path) for name, path in files.items()})
    page = "".join(table.to_html() for _, table in shown)
    for said in (
        "Morgan",
        "RDKit 2D",
        "aligned",
        "Oracle",
        "Popularity",
        "of a structure that can",
    ):
        assert said in page
    table = wide(read_table(made["metrics"]), MAIN._asdict())
    assert table["profile"].iloc[-1] == "chance"
    assert len(table) == 2 * 2 * 3 + 2 + 4 + 1
    regressions = read_table(made["regressions"])
    assert {"tanimoto", "molecule_aligned", "profile_raw", "genes_changed"} <= set(
        regressions["feature"]
    )
    oracles = read_table(str(tmp_path / "oracles.tsv"))
    assert {"centred by plate", "difference from controls", "treated"} <= set(oracles["block"])
    assert oracles["value"].notna().all()


def test_the_same_seed_gives_the_same_ranks(stage, tmp_path):
    made = {name: str(tmp_path / name) for name in stage.ranked}
    rank(stage.cut, stage.encoded, [stage.aligned["model"]], made)
    for name, path in made.items():
        assert Path(path).read_bytes() == Path(stage.ranked[name]).read_bytes(), name


def test_settings_are_searched_on_validation_drugs_alone(stage, tmp_path):
    made = {name: str(tmp_path / name) for name in ("model", "losses", "trials")}
    small = {"epochs": 1, "batch": 64, "profile_layers": [8], "molecule_layers": []}
    options = small | {"append": "descriptors"}
    align_first(stage.cut, stage.encoded, made, options, trials=2)
    trials = read_table(made["trials"])
    assert trials["median_rank"].notna().all() and len(trials) == 2
    source, network = read_network(made["model"])
    assert (source.encoder, source.append) == ("morgan", "descriptors")
    best = trials.loc[trials["median_rank"].idxmin()]
    assert network.network.shape.dimensions == best["dimensions"]
    assert network.network.shape.width == 512 + 217
