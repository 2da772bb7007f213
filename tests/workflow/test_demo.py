"""The simulated screen, from plates to the report."""

import json
import re
import shutil
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml
from cmapPy.pandasGEXpress.parse import parse
from demo_results import (
    check_enrichment,
    check_heatmaps,
    check_leftovers,
    check_similar_drugs_and_seconds,
)
from notebook import run_page
from project import METHODS, ROOT, TINY, Project, overlay

from lacuna import command
from lacuna.classification.profiles import ACROSS_CELLS
from lacuna.completion.tiers import tier_of
from lacuna.project.plan import Plan
from lacuna.tensor.profiles import ProfileSet

DEMO = yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("demo"))
    project.options = project.configure(TINY)
    project.printed = project.run("--cores", "2", *project.options, words=True)
    project.results = project.folder / "results" / "demo"
    return project


def test_the_controls_bound_the_methods(finished):
    metrics = pd.read_csv(finished.results / "metrics.tsv", sep="\t")
    assert list(metrics.columns) == ["size", "split", "method", "metric", "value", "low", "high"]
    assert set(metrics["size"]) == {"large", "small"}
    assert ((metrics["low"] <= metrics["value"]) & (metrics["value"] <= metrics["high"])).all()
    value = metrics.query("size == 'large' and split == 'profiles'").pivot_table(
        "value", "method", "metric"
    )
    # Measured profiles are noisy: the truth lies above what a perfect prediction reaches.
    assert value.loc["truth", "pct_of_ceiling"] > 1
    assert np.allclose(value.loc["truth"].drop("pct_of_ceiling"), 1)
    assert value.loc["zeros", "pct"] == 0
    assert value.loc["zeros", "deg_auc_1"] == 0.5
    assert abs(value.loc["random", "pct"]) < 0.02
    # Where a mean is removed, it scores 0, and so does saying nothing.
    says_nothing = {
        "pct_specific": ["zeros", "cell_mean"],
        "pct_beyond_drug": ["zeros", "mean_1d"],
        "pct_interaction": ["zeros", "cell_mean", "mean_1d"],
    }
    for metric, names in says_nothing.items():
        assert (value.loc[names, metric].abs() < 0.01).all(), metric
    methods = value.drop(["truth", "zeros", "cell_mean", "random"])["pct"]
    assert len(methods) == 5
    assert methods.between(0.1, 0.95).all()


def test_every_split_is_scored_and_leaves_nothing_of_what_it_holds_out(finished):
    metrics = pd.read_csv(finished.results / "metrics.tsv", sep="\t")
    assert set(metrics["split"]) == {"profiles", "drugs", "plates"}
    folds = pd.read_csv(finished.results / "evaluation/large/drugs/folds.tsv", sep="\t")
    assert not folds.drop_duplicates(["drug", "fold"])["drug"].duplicated().any()
    assert set(folds["fold"]) == {0, 1}
    pct = metrics.query("metric == 'pct' and method == 'kernel'").set_index(["size", "split"])
    assert (pct["low"] > 0).all()


def test_the_run_answers_from_the_command_line(finished, capsys):
    product = parse(str(finished.results / "completed/dnpp.gctx"))
    about = product.col_metadata_df
    about = about[about["source"] == "predicted"].iloc[0]
    asked = ["--format", "json", "--results", str(finished.results.parent)]
    assert command.main(["show", about["pert_iname"], about["cell_id"], *asked]) == 0
    answer = json.loads(capsys.readouterr().out)
    values = product.data_df[about.name]
    assert answer["facts"]["source"] == "predicted"
    assert answer["up"][0]["gene"] == values.idxmax()
    assert answer["down"][0]["gene"] == values.idxmin()
    assert any("SIMULATED" in note for note in answer["notes"])
    assert command.main(["gene", str(values.idxmax()), "--top", "5", *asked]) == 0
    assert len(json.loads(capsys.readouterr().out)["up"]) == 5


def test_accuracy_is_measured_at_each_density_that_can_be_had(finished):
    table = pd.read_csv(finished.results / "evaluation/density.tsv", sep="\t")
    assert list(table.columns) == ["method", "percent", "repeats", "mean", "sd"]
    assert list(dict.fromkeys(table["method"])) == METHODS
    assert (table.groupby("method")["percent"].agg(list).map(tuple) == (40, 60)).all()
    assert (table["repeats"] == 2).all()
    assert table["mean"].between(0, 0.95).all()
    repeats = pd.read_csv(finished.results / "evaluation/density_per_repeat.tsv", sep="\t")
    assert np.allclose(
        repeats.groupby(["method", "percent"], sort=False)["pct"].mean(), table["mean"]
    )
    sizes = pd.read_csv(
        finished.results / "evaluation/density/sizes.tsv", sep="\t", index_col="percent"
    )
    assert "fewer profiles than drugs" in sizes.loc[10, "left_out"]


def test_stated_errors_hold_as_often_as_they_say(finished):
    path = finished.results / "evaluation/figures/calibration.tsv"
    coverage = pd.read_csv(path, sep="\t").query("view == 'coverage' and stated == 0.9")
    assert set(coverage["method"]) == {"kernel", "blend"}
    assert coverage["observed"].between(0.8, 0.96).all()  # of few profiles; more are nearer to 0.9


def test_a_run_says_one_line_a_job_in_words(finished):
    lines = finished.printed.splitlines()
    [first] = [line for line in lines if line.endswith(" jobs to do on 2 cores.")]
    jobs = int(first.split()[0])
    done = [
        re.fullmatch(r" *(\d+) of (\d+)  (\S.*) \(\d+ \w+\)(; about .* left)?", line)
        for line in lines
    ]
    done = [line for line in done if line]
    assert [int(line[1]) for line in done] == list(range(1, jobs))  # the last only names files
    assert {int(line[2]) for line in done} == {jobs}
    said = [line[3] for line in done]
    assert "Kernel predicts folds 1-2 of whole drugs, large tensor" in said
    assert not any("{" in words or "_" in words for words in said)
    assert len(set(said)) == len(said)
    assert "about" in finished.printed and not done[0][4]
    silent = ["rule ", "reason", "jobid", "Select jobs", "Finished job", "resources:"]
    assert not [line for line in lines if any(word in line for word in silent)]
    assert len(lines) < jobs + 30
    [log] = re.findall(r"Complete log\(s\): (\S+)", finished.printed)
    kept = Path(log).read_text()
    assert "rule predict_folds:" in kept and "reason: " in kept
    assert kept.count("Finished jobid: ") == jobs


def test_a_second_run_has_nothing_to_do(finished):
    for words in (True, False):
        printed = finished.run("--cores", "2", *finished.options, words=words)
        assert "Nothing to be done" in printed
        assert "none of this run's" not in printed


def test_another_number_of_cores_gives_the_same_bytes(finished, tmp_path, monkeypatch):
    again = Project.copy(finished, tmp_path)
    threaded = ["complete_tensor", "complete_and_keep", "classify_drugs", "measure_density"]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    again.run("--cores", "1", *again.configure(TINY), "--forcerun", *threaded)
    expected, found = (one.tables("demo") | one.products("demo") for one in (finished, again))
    assert len(expected) > 88
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def test_results_do_not_depend_on_the_name_of_the_dataset(finished, tmp_path):
    again = Project.copy(finished, tmp_path)
    (tmp_path / "results/demo").rename(tmp_path / "results/other")
    names = ["folds.tsv", "kernel/predicted_0.h5", "random/metrics.tsv"]
    made = [f"evaluation/large/profiles/{name}" for name in names]
    options = ["--rerun-triggers", "mtime", "--forcerun", "make_folds", "predict_folds"]
    config = again.configure({**overlay(DEMO, TINY), "dataset": "other"})
    targets = [f"results/other/{name}" for name in made]
    printed = again.run("--cores", "2", *config, *options, "--", *targets)
    assert "rule make_folds" in printed
    for name in made:
        assert (tmp_path / "results/other" / name).read_bytes() == (
            finished.results / name
        ).read_bytes()


def test_a_changed_option_reruns_only_its_method(finished):
    changed = overlay(TINY, {"completion": {"options": {"dnpp": {"neighbours": 5}}}})
    planned = finished.run("-n", *finished.configure(changed, "changed"))
    folds = re.findall(r"output: \S+/evaluation/\w+/\w+/(\w+)/predicted_\d+\.h5", planned)
    assert set(folds) == {"dnpp"}
    assert "rule make_signatures" not in planned
    assert "rule build_tensor" not in planned


@pytest.mark.fault(
    "a method taken out of `completed:`, whose product of before stands beside the new ones",
    "the last lines and the report's page of the run name it until it is removed; nothing else "
    "changes",
)
def test_products_of_an_older_configuration_are_named(finished, tmp_path):
    check_leftovers(finished, tmp_path)


def test_new_drugs_are_predicted_by_what_filled_the_tensor(finished, tmp_path):
    project = Project.copy(finished, tmp_path)
    (tmp_path / "new.tsv").write_text("name\tsmiles\naspirin\tCC(=O)Oc1ccccc1C(=O)O\n")
    options = project.configure(overlay(TINY, {"predict": {"drugs": "new.tsv"}}))
    made = "results/demo/predict/pages/predict.html"
    model = tmp_path / "results/demo/completed/blend.model.h5"
    learnt = model.stat().st_mtime_ns
    project.run("--cores", "1", *options, "--", made)
    assert model.stat().st_mtime_ns == learnt
    assert "CC(=O)Oc1ccccc1C(=O)O" in (tmp_path / made).read_text()
    folder = tmp_path / "results/demo/predict"
    [drug] = pd.read_csv(folder / "drugs.tsv", sep="\t").to_dict("records")
    assert "drugs held out whole" in drug["said"]
    product = parse(str(folder / "predicted.gctx"))
    cells = pd.read_csv(tmp_path / "results/demo/tensor/cells.tsv", sep="\t")["cell"]
    assert product.data_df.shape == (978, len(cells))
    assert (product.col_metadata_df["source"] == "predicted").all()
    (tmp_path / "new.tsv").write_text("name\tsmiles\nnone\tnot a smiles\n")
    refused = project.run("--cores", "1", *options, fails=True)
    assert "no job was started" in refused
    assert "row 2, none: 'not a smiles' (SMILES that cannot be read)" in refused


def test_the_completed_tensor_opens_in_cmappy(finished):
    tensor = ProfileSet.load(finished.results / "tensor/large.h5")
    for method in ("dnpp", "falrtc"):
        product = parse(str(finished.results / f"completed/{method}.gctx"))
        assert product.data_df.shape == (978, len(tensor.drugs) * len(tensor.cells))
        assert np.isfinite(product.data_df.to_numpy()).all()
        columns = product.col_metadata_df
        assert (columns["source"] == "measured").sum() == len(tensor)
        names = [f"{tensor.drugs[drug]}:{tensor.cells[cell]}" for drug, cell in tensor.pairs]
        assert (columns.loc[names, "source"] == "measured").all()
        measured = product.data_df[names].loc[list(tensor.genes)]
        assert np.array_equal(measured.to_numpy().T, tensor.profiles)


def test_the_product_says_what_to_expect_of_every_profile(finished):
    folds = pd.read_csv(finished.results / "evaluation/large/profiles/folds.tsv", sep="\t")
    for method in TINY["completion"]["completed"]:
        judged = pd.read_csv(
            finished.results / f"evaluation/expected_r/{method}/tiers.tsv", sep="\t"
        )
        assert set(judged["split"]) == {"profiles", "drugs"}  # TINY holds out no cells
        of_split = judged.groupby("split")["profiles"].sum()
        assert of_split["profiles"] == (folds["fold"] >= 0).sum()
        adata = anndata.read_h5ad(finished.results / f"completed/{method}.h5ad")
        assert adata.obs["expected_r"].between(-1, 1).all()
        assert adata.obs["tier"].tolist() == tier_of(adata.obs["expected_r"]).tolist()
        assert adata.uns["method"] == method and adata.uns["simulated"]
        # The simulator annotates most drugs.
        assert adata.obs["moa"].str.startswith("simulated mechanism").mean() > 0.5
        assert (adata.obs["smiles"] != "").mean() > 0.5


def test_the_page_about_the_product_runs_on_it(finished, monkeypatch):
    pytest.importorskip("decoupler")
    pytest.importorskip("scanpy")
    monkeypatch.chdir(finished.folder)
    page = "docs/product.md"
    printed = run_page((ROOT / page).read_text(), page)
    assert all(printed)
    assert "expected r" in printed[0]


def test_the_report_stands_alone_and_says_simulated(finished):
    report = (finished.results / "report.html").read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"https?:", report)
    first = report[: report.index("<section")]
    assert "Simulated data." in first and "DNPP predicts profiles held out with r = " in first
    figures = ["overview", "coverage", "cell_specificity", "best_method", "deg_roc", "calibration"]
    figures += ["completers", "heatmaps", "density", "class_gain"]
    for figure in figures:
        assert report.count(f'<h3 id="{figure}">') == 1
        (drawn,) = finished.results.glob(f"*/figures/{figure}.png")
        assert drawn.stat().st_size > 10_000


def test_every_figure_has_its_table(finished):
    for figure in finished.results.glob("*/figures/*.svg"):
        if figure.stem == "class_predicted":
            continue  # too few drugs here are without a measured profile
        assert len(pd.read_csv(figure.with_suffix(".tsv"), sep="\t")) > 0


def test_heatmaps_show_every_method_for_the_same_cells_and_genes(finished):
    check_heatmaps(finished.results)


def test_a_misspelt_drug_of_the_heatmaps_is_said(finished):
    changed = overlay(TINY, {"evaluation": {"heatmaps": {"drugs": ["Simulated-O03"]}}})
    target = "results/demo/evaluation/figures/heatmaps.svg"
    printed = finished.run(
        "--cores", "1", target, *finished.configure(changed, "misspelt"), fails=True
    )
    assert "'Simulated-O03' is not in the tensor" in printed
    assert "did you mean 'simulated-0" in printed


def test_classes_that_were_planted_are_recovered(finished):
    tasks = pd.read_csv(finished.results / "classification/tasks.tsv", sep="\t").fillna("")
    taken = tasks[tasks["skipped"] == ""]
    assert set(tasks["kind"]) == {"ATC", "target"}
    assert len(taken) > 0
    experiments = pd.read_csv(finished.results / "classification/experiments.tsv", sep="\t")
    assert set(experiments["profile_type"]) >= set(ACROSS_CELLS)
    assert experiments["model"].nunique() == 3
    over_cells = experiments[
        experiments["profile_type"].isin(ACROSS_CELLS) & experiments["protocol"].eq("nested")
    ]
    assert over_cells["auc_completed"].mean() > 0.65
    tests = pd.read_csv(finished.results / "classification/tests.tsv", sep="\t")
    assert set(tests["question"]) == {"gain", "on_predicted"}
    sources = pd.read_csv(finished.results / "classification/sources.tsv", sep="\t")
    found = sources[["by_structure", "by_name", "not_found"]].sum(axis=1)
    assert (found == sources["drugs"]).all()


def test_published_numbers_are_no_comparison_on_other_data(finished):
    page = (finished.results / "report/pages/published.html").read_text()
    assert "it is no comparison" in page
    table = pd.read_csv(finished.results / "report/published.tsv", sep="\t")
    pct = table[table["what"] == "PCT, DNPP"].iloc[0]
    metrics = pd.read_csv(finished.results / "metrics.tsv", sep="\t")
    of_dnpp = metrics.query("size == 'large' and split == 'profiles' and method == 'dnpp'")
    assert pct["published"] == 0.54
    assert pct["ours"] == of_dnpp.set_index("metric").loc["pct", "value"]


def test_the_report_says_what_the_run_was_made_with(finished):
    page = (finished.results / "report/pages/run.html").read_text()
    assert "scikit-learn" in page
    assert "predict_folds" in page


def test_figures_are_drawn_anew_from_finished_tables_alone(finished):
    drawing = [figure.rule for figure in Plan.of(overlay(DEMO, TINY)).figures.values()]
    options = ["--allowed-rules", "figures", *drawing, "--forcerun", *drawing]
    drawn = finished.results / "tensor/figures/coverage.svg"
    before = drawn.read_bytes()
    drawn.unlink()
    printed = finished.run("--cores", "2", *finished.options, *options, "--", "figures")
    assert "rule predict_folds" not in printed
    assert drawn.read_bytes() == before


def test_where_methods_win_covers_every_held_out_profile(finished):
    where = pd.read_csv(finished.results / "evaluation/where.tsv", sep="\t")
    folds = pd.read_csv(finished.results / "evaluation/large/profiles/folds.tsv", sep="\t")
    assert where["profiles"].sum() == (folds["fold"] >= 0).sum()
    won = where[[f"won_{method}" for method in METHODS]].sum(axis=1)
    assert np.allclose(won, 1, atol=1e-4)
    kept = pd.read_csv(finished.results / "evaluation/specificity_kept.tsv", sep="\t")
    assert list(kept["method"].unique()) == METHODS
    page = (finished.results / "evaluation/pages/where.html").read_text()
    assert "slope through 0" in page
    assert f"{where['pearson_blend'].iloc[0]:.3f}" in page


def test_methods_recover_what_was_planted(finished):
    """Predicted profiles resemble the noise-free truth of drugs that do something."""
    from lacuna.io import hdf5

    planted = hdf5.load(finished.results / "acquire/simulated/SIMULATED_truth.h5")
    drugs = pd.Index(planted["drugs"]["pert_id"])
    cells = pd.Index(planted["cells"]["cell_id"])
    product = parse(str(finished.results / "completed/falrtc.gctx"))
    columns = product.col_metadata_df.query("source == 'predicted'")
    columns = columns[columns["pert_id"].isin(drugs[planted["drugs"]["active"]])]
    predicted = product.data_df[columns.index].loc[planted["genes"]].to_numpy().T
    truth = planted["log2_change"][
        drugs.get_indexer(columns["pert_id"]), cells.get_indexer(columns["cell_id"])
    ]
    agreement = [np.corrcoef(p, t)[0, 1] for p, t in zip(predicted, truth, strict=True)]
    assert len(agreement) > 5
    assert np.mean(agreement) > 0.3


def test_enrichment_finds_the_programmes_that_were_planted_and_no_control(finished):
    check_enrichment(finished.results)


def test_the_most_similar_drugs_and_the_seconds_of_each_method_are_in_the_report(finished):
    check_similar_drugs_and_seconds(finished.results)


def test_analyses_from_cell_to_cell_are_drawn_and_said(finished, tmp_path):
    project = Project(tmp_path)
    shutil.copytree(finished.folder / "results", tmp_path / "results", dirs_exist_ok=True)
    config = overlay(
        TINY,
        {
            "completion": {"methods": ["mean_1d", "additive"], "completed": ["additive"]},
            "classification": {"completed": ["additive"]},
            "cell_to_cell": {"analyses": ["methods"]},
        },
    )
    results = tmp_path / "results/demo"
    made = ["cell_to_cell/figures/variations.svg", "cell_to_cell/pages/cell_to_cell.html"]
    options = ["--rerun-triggers", "mtime", *project.configure(config)]
    printed = project.run(
        "--cores", "2", *options, "--", *(f"results/demo/{path}" for path in made)
    )
    assert "rule build_tensor" not in printed
    table = pd.read_csv(results / "cell_to_cell/variations.tsv", sep="\t")
    table = table[table["into"] == "all"].set_index("setting")
    assert list(table.index) == ["mean_1d", "additive"]
    assert table.loc["mean_1d", "gain"] == 0
    assert "simulated data" in (results / made[1]).read_text()
    assert not list(results.glob("cell_to_cell/**/*.work"))
