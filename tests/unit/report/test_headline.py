"""A run's headline is that of its stages; none is without one, and simulated ones say so first."""

import pandas as pd
import pytest
from judged_run import plan_of, write_run
from own_data import FILES, configuration
from project import overlay

from lacuna.io.tsv import write_table
from lacuna.project.plan import Plan
from lacuna.report.headline import answers, headline, key_tables, places
from lacuna.retrieval.score_jobs import MAIN
from lacuna.translation.assess import ALL, MEAN

ALONE = {"completion": {"methods": [], "completed": []}, "classification": {"completed": []}}


def p_values(folder, *experiments):
    table = pd.DataFrame({"series": "mine", "experiments": experiments})
    ends = (table.index + 1) / 20
    write_table(table.assign(low=ends - 0.05, high=ends), folder / "report/p_values.tsv")


def test_simulated_data_say_so_first(tmp_path):
    said = headline(write_run(tmp_path), plan_of().config)
    assert said[0].startswith("demo is simulated: no number here says anything about real drugs")
    assert said[1].startswith("How good: Blend predicts")
    assert [line.partition(":")[0] for line in said[2:]] == [
        *("New drugs", "New cells", "What to trust")
    ]


def test_real_data_are_not_called_simulated(tmp_path):
    config = overlay(configuration("mine", FILES), {"completion": {"completed": ["blend"]}})
    assert "simulated" not in " ".join(headline(write_run(tmp_path), Plan.of(config).config))


def test_signatures_alone_are_told_by_their_p_values(tmp_path):
    config = Plan.of(overlay(configuration("mine", FILES), ALONE)).config
    p_values(tmp_path, 30, 10, *[5] * 18)
    [said] = headline(tmp_path, config)
    assert said.startswith("What was measured: Of 130 experiments with a p-value, 40 (31 %) have")
    assert key_tables(tmp_path, config) == []
    p_values(tmp_path, *[0] * 20)
    assert "No experiment has a p-value" in answers(tmp_path, config)[0].text


def test_a_translation_without_pairs_says_that_it_cannot_be_judged(tmp_path):
    block = {"translation": {"landmarks": ["ratio"], "translated": ["ratio", "ridge"]}}
    config = overlay(Plan.of(overlay(configuration("mine", FILES), ALONE)).config, block)
    [said] = answers(tmp_path, config)
    assert said.question == "L1000 to RNA-seq"
    assert "No sample was measured both ways" in said.text


def test_a_retrieval_is_told_against_chance(tmp_path):
    rows = {"level": "well", "direction": "molecule", "right": "drug", "within": "all"}
    metrics = pd.DataFrame({**rows, "metric": ["mrr"], "method": "cca"})
    metrics = metrics.assign(**MAIN._asdict(), profile="raw", molecule="morgan", queries=9)
    metrics = metrics.assign(value=0.3, low=0.2, high=0.4, chance=0.05)
    write_table(metrics, tmp_path / "retrieval/metrics.tsv")
    block = {"retrieval": {"methods": ["cca"]}}
    config = overlay(Plan.of(overlay(configuration("mine", FILES), ALONE)).config, block)
    [said] = answers(tmp_path, config)
    assert said.question == "Structure from profile"
    assert "is above chance: MRR 0.3 [0.2, 0.4], chance 0.05" in said.text


@pytest.mark.parametrize("made", [[], ["explore/index.html", "completed/blend.h5ad"]])
def test_only_files_that_are_there_are_named(made, tmp_path):
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [place.path for place in places(tmp_path, plan_of().config)]
    assert found == made


def test_a_translation_is_told_beside_the_mean_profile_and_the_baseline(tmp_path):
    names = pd.DataFrame({"first": ["ratio", "paired_ridge", MEAN], "second": ["ridge"] * 3})
    metrics = names.assign(genes=ALL, metric="rmse", value=[0.5, 0.3, 0.9], low=0.2, high=0.95)
    differences = names[1:2].assign(genes=ALL, metric="rmse", value=-0.2, low=-0.3, high=-0.1)
    write_table(metrics, tmp_path / "translation/metrics.tsv")
    write_table(differences, tmp_path / "translation/differences.tsv")
    block = {"translation": {"landmarks": ["ratio"], "translated": ["paired_ridge", "ridge"]}}
    pairs = {"acquire": {"pairs": {"level3": "a", "gene_info": "b", "table": "c"}}}
    config = overlay(Plan.of(overlay(configuration("mine", FILES), ALONE)).config, block)
    [said] = answers(tmp_path, overlay(config, pairs))
    assert "Of 2 chains, " in said.text and "has the lowest RMSE on all genes, 0.300 [" in said.text
    assert "the same for all, has 0.900" in said.text
    assert "Its RMSE is below that of the paper's baseline" in said.text


def test_single_cells_are_told_by_leads_over_the_mean_of_drugs(tmp_path):
    columns = ["target", "split", "method", "start", "against", "against_start", "dose", "genes"]
    columns += ["metric", "value", "low", "high", "p_holm", "drugs"]
    write_table(pd.DataFrame(columns=columns), tmp_path / "single_cell/differences.tsv")
    block = {"single_cell": {"models": {"m": {}}, "targets": {"t": {}}}}
    config = overlay(Plan.of(overlay(configuration("mine", FILES), ALONE)).config, block)
    [said] = answers(tmp_path, config)
    assert said.question == "Unseen drugs in single cells"
    assert said.text.startswith("No data here can tell whether a network leads the mean of")
    assert "Doing nothing scores well" not in said.text
