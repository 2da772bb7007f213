"""What the page says and shows, what basal states tell, what moves, and the paper's numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold, signature_fold
from judged_world import entangled, the_judged_world
from sklearn.metrics import r2_score

from lacuna.errors import LacunaError
from lacuna.io.tsv import write_table
from lacuna.report.page import write_page
from lacuna.report.published import compare, gather_numbers
from lacuna.single_cell.averages import read_scores
from lacuna.single_cell.claims import label_of, sentences
from lacuna.single_cell.disentangled import disentanglement
from lacuna.single_cell.interface import TEST, TRAINING
from lacuna.single_cell.metrics import METRICS
from lacuna.single_cell.moved import moved
from lacuna.single_cell.published import ENCODERS, encoder_of, numbers
from lacuna.single_cell.tables import NO_TABLE, NOT_HERE, beside_published, sections, wide

ROOT = Path(__file__).parents[3]
PUBLISHED = pd.read_csv(ROOT / "resources/published.tsv", sep="\t").query("table == 'single_cell'")
FILES = ("metrics", "differences", "disentanglement", "moved")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return the_judged_world(tmp_path_factory)


def ours(judged):
    files = {f"single_cell_{name}": [judged.output[name]] for name in FILES}
    compared = compare(PUBLISHED, gather_numbers(files))
    return compared.assign(key=PUBLISHED["key"].to_numpy())


def test_runs_that_fail_are_marked_and_kept(judged):
    table = judged.tables["disentanglement"]
    assert len(table) == 2 * 2 * 2 * 4
    drug = table[(table["of"] == "drug") & (table["way"] == "held_out")]
    assert set(drug[drug["start"] == "scratch"]["passes"]) == {False}
    assert set(drug[drug["start"] == "overlap"]["passes"]) == {True}
    assert not table[table["start"] == "scratch"]["best"].any()
    metrics = judged.tables["metrics"]
    assert {"scratch", "overlap"} <= set(metrics["start"])
    own = read_scores(judged.scores)
    own = own[(own["metric"] == "r2_clipped") & (own["fold"] == "drugs_1") & (own["seed"] == 1)]
    own = own[(own["genes"] == "deg_pooled") & (own["start"] == "overlap")]
    row = table[(table["fold"] == "drugs_1") & (table["seed"] == 1)]
    row = row[row["start"] == "overlap"].iloc[0]
    assert row["r2_deg"] == pytest.approx(own["value"].mean(), abs=1e-5)


def test_the_five_best_tell_the_line_least_among_those_that_pass_for_the_drug(tmp_path, judged):
    rows, paths = [], {}
    rng = np.random.default_rng(0)
    for seed in range(9):
        drug, line = (0.5 if seed in (0, 4) else 0.06), float(rng.uniform(0.5, 0.9))
        rows.append((seed, drug, line))
        table = entangled(
            [("drug", "published", drug, 0.05, 0.09), ("line", "published", line, 0.5, 0.7)]
        )
        path = tmp_path / f"{seed}.tsv"
        write_table(table, path)
        paths["toy", "random_0", "m", "scratch", seed] = str(path)
    found = disentanglement(paths, read_scores(judged.scores))
    passing = sorted((line, seed) for seed, drug, line in rows if drug < 0.09)
    assert set(found[found["best"]]["seed"]) == {seed for _, seed in passing[:5]}
    assert found.groupby("seed")["best"].nunique().eq(1).all()
    write_table(table.drop(columns="way"), path)
    with pytest.raises(LacunaError, match=r"8.tsv: no column 'way'"):
        disentanglement(paths, read_scores(judged.scores))
    assert disentanglement({}, read_scores(judged.scores)).empty


def test_what_moves_is_counted_as_the_paper_does():
    fold, _ = planted_fold(np.random.default_rng(0), noise=0.2, own=0.2, common=0.3)
    found = moved(fold, "toy").set_index(["what", "genes"])
    table = fold.conditions
    explained, drugs, cells, own, pooled = [], {}, [], [], []
    everything = table["control"] & (table["role"] != TEST)
    of_all = np.average(
        fold.mean[everything.to_numpy()], axis=0, weights=table["observations"][everything]
    )
    for row in table[~table["control"]].itertuples():
        of = everything & (table["line"] == row.line)
        guess = np.average(fold.mean[of.to_numpy()], axis=0, weights=table["observations"][of])
        value = r2_score(fold.mean[row.Index], guess)
        if row.role == TRAINING:
            explained.append(value > 0.65)
            cells.append(row.observations)
            drugs[row.drug] = drugs.get(row.drug, False) or value <= 0.65
        elif row.role == TEST and row.dose == 10:
            own.append(max(value, 0))
            pooled.append(max(r2_score(fold.mean[row.Index], of_all), 0))
    value = found["value"]
    assert 0 < value["conditions_explained", "all"] < 1
    assert value["conditions_explained", "all"] == pytest.approx(np.mean(explained))
    weighed = np.average(explained, weights=cells)
    assert value["observations_explained", "all"] == pytest.approx(weighed)
    assert value["drugs_moved", "all"] == pytest.approx(np.mean(list(drugs.values())))
    assert found.loc[("drugs_moved", "all"), "of"] == len(drugs)
    assert value["control_own", "all"] == pytest.approx(np.mean(own), abs=1e-5)
    assert value["control_pooled", "all"] == pytest.approx(np.mean(pooled), abs=1e-5)
    assert value["control_own", "all"] > value["control_pooled", "all"]
    single, _ = signature_fold(np.random.default_rng(0))
    assert moved(single, "toy").empty


def test_the_first_sentence_says_whether_a_network_leads(judged):
    said = sentences(judged.tables)
    assert said[0].startswith("A network leads the mean of the training drugs in: toy, drugs held")
    assert "1 of 2 networks leads" in said[1] or "2 of 2 networks lead" in said[1]
    lead = judged.tables["differences"].query(
        "start == 'overlap' and against == 'line_mean' and dose == 'all' and genes == 'all' "
        "and metric == 'specific_pearson'"
    )
    assert f"{lead['value'].item():.3g} [{lead['low'].item():.3g}, " in said[1]
    behind = judged.tables | {
        "differences": judged.tables["differences"].assign(
            value=lambda t: -t["value"].abs(), low=lambda t: -t["low"].abs() - 1
        )
    }
    said = sentences(behind)
    assert said[0].startswith("No network leads the mean of the training drugs in any data")
    assert "no network leads" in said[1]
    chance = judged.tables | {"differences": judged.tables["differences"].assign(p_holm=0.2)}
    assert sentences(chance)[0].startswith("No network leads")
    few = judged.tables | {
        "differences": judged.tables["differences"].assign(low=np.nan, high=np.nan)
    }
    assert "too few drugs for intervals" in sentences(few)[1]
    assert sentences(few)[0].startswith("No data here can tell whether a network leads")
    # one drug alone has no score beyond the line mean: it is told by its change
    table = few["differences"]
    single = few | {"differences": table[table["metric"] != "specific_pearson"]}
    assert sentences(single)[1:3] == sentences(few)[1:3]


def test_of_signatures_leads_are_told_by_the_correlation_of_profiles(judged):
    table = judged.tables["differences"]
    signatures = judged.tables | {"differences": table[table["metric"] != "change_pearson"]}
    said = sentences(signatures)
    assert " in r, over " in said[1]


def test_tables_have_controls_on_top_intervals_and_chance(judged):
    shown = dict(sections(judged.tables))
    table = shown["toy, drugs held out: all genes, all doses"]
    assert table["who"].iloc[0] == "chance"
    assert table["who"].iloc[1:4].tolist() == ["Control", "Other half", "Random drug"]
    assert table["who"].iloc[-1].startswith("rdkit")
    marked = {METRICS[name].label + " *" for name in METRICS if METRICS[name].flatters}
    assert {name for name in table if name.endswith("*")} <= marked
    assert "[" in table["r of the change"].iloc[5]
    state = table.set_index("who")["basal state"]
    assert state["rdkit, from scratch"] == "FAILS: 0 of 4 runs pass"
    assert state["rdkit, pretrained, overlap"] == "passes"
    heading = "toy, drugs held out: r² clipped at 0, 10 µM, as Tables 2 and 3 of the paper"
    clipped = shown[heading].set_index("who")
    metrics = judged.tables["metrics"]
    row = metrics[(metrics["metric"] == "r2_clipped") & (metrics["dose"] == "10")]
    row = row[(row["method"] == "control") & (row["genes"] == "deg_pooled")].iloc[0]
    assert clipped.loc["Control", "median, listed genes, all doses"] == f"{row['median']:.3g}"
    assert clipped.loc["Control", "mean, listed genes, all doses"].startswith(
        f"{row['value']:.3g} ["
    )
    by_dose = shown["toy, drugs held out: by dose, all genes"]
    assert "r² *, 0.1 µM" in by_dose
    assert len(shown["Leads of networks, and of plain methods over the line mean"]) > 10
    over = shown["The same, over runs"]
    assert set(over["runs"]) == {"all: 4", "five best: 4"}
    assert wide(metrics[:0], {}).empty


def test_one_dose_has_one_table(judged):
    one = {
        name: table[table["dose"].isin(["all", "10"])] if "dose" in table else table
        for name, table in judged.tables.items()
    }
    headings = [heading for heading, _ in sections(one)]
    assert sum("all genes, all doses" in heading for heading in headings) == 1
    assert not any("10 µM" in heading for heading in headings)


def test_the_page_is_written(judged, tmp_path):
    tables = judged.tables | {"published": ours(judged), "account": pd.DataFrame({"step": ["x"]})}
    write_page(tmp_path / "page.html", "Single cells", sentences(tables), sections(tables))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "A network leads the mean" in page
    assert page.count("<table") == len(sections(tables))
    shown = page.split("<script>")[0]
    assert "nan" not in shown.casefold().replace("nanomolar", "")


def test_a_run_without_networks_has_a_page(judged):
    tables = {
        "metrics": judged.tables["metrics"].query("start.isna()"),
        "differences": judged.tables["differences"].query("start.isna()"),
        "disentanglement": judged.tables["disentanglement"][:0],
        "moved": judged.tables["moved"],
    }
    assert sentences(tables)[0].startswith("No data here can tell whether a network leads")
    assert len(sections(tables)) >= 5


def test_labels():
    assert label_of("line_mean") == "Line mean"
    assert label_of("rdkit", "scratch") == "rdkit, from scratch"
    assert encoder_of("descriptors") == "RDKit"
    assert encoder_of("grover") == "GROVER"
    assert encoder_of("jt_vae") == encoder_of("JT-VAE") == encoder_of("jtvae") == "JT-VAE"
    assert encoder_of("morgan") == ""


def test_all_tables_of_the_paper_are_there():
    count = PUBLISHED.groupby("place").size()
    assert count["table 1"] == 6 * 4
    assert count["table 2"] == count["table 3"] == 7 * 4
    assert count["table 8"] == 6 * 5
    assert count["table 9"] == count["table 10"] == 3 * 4
    assert set(PUBLISHED["paper"]) == {"Hetzel 2022"}
    value = PUBLISHED.set_index("key")["value"]
    assert value["shared/RDKit/pretrained/median/deg"] == 0.72
    assert value["shared/baseline/mean/all"] == 0.63
    assert value["extended/GROVER/pretrained/mean/deg"] == 0.41
    assert value["extended/baseline/median/deg"] == 0.09
    assert value["random/weave/five/r2_deg"] == 0.65
    assert value["random/MPNN/best/line"] == 0.24
    assert value["shared/JT-VAE/p/non-pretrained/all"] == 0.0001
    assert value["extended/RDKit/p/non-pretrained/deg"] == 0.037
    assert value["observations_explained"] == 0.96


def test_numbers_of_a_run_find_the_papers(judged):
    found = ours(judged).set_index("key")
    metrics = judged.tables["metrics"]
    row = metrics[(metrics["metric"] == "r2_clipped") & (metrics["dose"] == "10")]
    row = row[(row["genes"] == "deg_pooled") & (row["start"] == "overlap")].iloc[0]
    assert found.loc["extended/RDKit/pretrained/mean/deg", "ours"] == row["value"]
    assert found.loc["extended/RDKit/pretrained/median/deg", "ours"] == row["median"]
    assert found.loc["extended/RDKit/pretrained/mean/deg", "low"] == row["low"]
    assert found.loc["extended/baseline/mean/all", "ours"] > 0
    assert found.filter(like="shared/", axis=0)["ours"].isna().all()
    assert found.filter(like="GROVER", axis=0)["ours"].isna().all()
    differences = judged.tables["differences"]
    t = differences[(differences["metric"] == "r2_clipped") & (differences["dose"] == "10")]
    t = t[(t["start"] == "overlap") & (t["genes"] == "all") & (t["against_start"] == "scratch")]
    key = "extended/RDKit/p/non-pretrained/all"
    assert found.loc[key, "ours"] == t["t_p"].item()
    assert found.loc["line_accuracy/pretrained", "ours"] == pytest.approx(0.605)
    assert found.loc["most_frequent/line", "ours"] == 0.5
    explained = judged.tables["moved"].query("what == 'drugs_moved'")
    assert found.loc["drugs_moved", "ours"] == pytest.approx(explained["value"].mean())
    number = (explained["value"] * explained["of"]).mean()
    assert found.loc["drugs_moved/number", "ours"] == pytest.approx(number)
    assert numbers({}).empty


def test_tables_1_and_8_are_of_observations_held_out(judged, tmp_path):
    table = judged.tables["disentanglement"].assign(split="random", best=True)
    table.loc[table["seed"] == 1, "accuracy"] += 0.1
    write_table(table, tmp_path / "d.tsv")
    found = numbers({"single_cell_disentanglement": [tmp_path / "d.tsv"]}).set_index("key")["ours"]
    rows = table[(table["start"] == "scratch") & (table["way"] == "published")]
    lines = rows[rows["of"] == "line"]
    assert found["random/RDKit/five/line"] == pytest.approx(lines["accuracy"].mean())
    assert found["random/RDKit/five/r2_deg"] == pytest.approx(lines["r2_deg"].mean())
    best = lines.loc[lines["r2_deg"].idxmax()]
    assert found["random/RDKit/best/line"] == pytest.approx(best["accuracy"])
    assert set(found.index[found.index.str.startswith("random")]) <= set(PUBLISHED["key"])


def test_encoders_without_vectors_are_named_and_not_dropped(judged):
    table = beside_published(ours(judged), judged.tables["metrics"]["encoder"])
    assert len(table) == len(PUBLISHED)
    said = table["ours"].groupby(PUBLISHED["key"].str.split("/").str[1].to_numpy()).unique()
    for encoder in ENCODERS:
        if encoder != "RDKit":
            assert set(said[encoder]) == {NO_TABLE}
    assert NOT_HERE in said["RDKit"]
    with_grover = beside_published(ours(judged), pd.Series(["descriptors", "grover"]))
    rows = PUBLISHED["key"].str.contains("GROVER").to_numpy()
    assert set(with_grover["ours"][rows]) == {NOT_HERE}
