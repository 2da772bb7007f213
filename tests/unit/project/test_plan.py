"""The plan: what a run makes and what its jobs need, without Snakemake."""

import re
import subprocess
import sys

import pytest
import yaml
from project import ROOT, TINY, overlay

from lacuna.cell_to_cell import stage as cell_to_cell
from lacuna.completion.registry import available, card
from lacuna.evaluation import stage as evaluation
from lacuna.project.plan import Plan, all_figures, in_results, memory_mb, one_of
from lacuna.project.stages import stages

DEMO = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def plan(**changes):
    return Plan.of(overlay(overlay(DEMO, TINY), changes))


def test_every_fold_is_predicted_once_and_by_no_more_jobs_than_asked_for():
    made = plan(evaluation={"folds_per_job": 4, "splits": {"profiles": {"folds": 10}}})
    jobs = evaluation.folds(made.config, "profiles")
    assert jobs == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert evaluation.prediction_files(made.config, "profiles") == [
        f"predicted_{job}.h5" for job in range(3)
    ]


def test_controls_are_scored_on_single_profiles_alone():
    made = plan()
    of = {what["split"]: set() for what in evaluation.evaluated(made.config)}
    for what in evaluation.evaluated(made.config):
        of[what["split"]].add(what["method"])
    assert of["profiles"] - of["drugs"] == set(made.config["completion"]["controls"])
    assert of["drugs"] == of["plates"] == set(made.methods)


def test_a_split_without_sizes_is_not_made():
    made = plan(evaluation={"splits": {"drugs": {"sizes": []}}})
    assert "drugs" not in {what["split"] for what in evaluation.evaluated(made.config)}


def test_scores_and_predictions_are_named_where_the_rules_make_them():
    made = plan(
        completion={"methods": ["mean_1d", "ridge_map"], "completed": []},
        classification={"completed": []},
    )
    files = evaluation.tables(made.config, "metrics.tsv", ["ridge_map"])
    assert "evaluation/small/profiles/ridge_map/metrics.tsv" in files
    assert all("/ridge_map/" in file for file in files)
    trained = evaluation.trained(made.config)
    assert {what["method"] for what in trained} == {"ridge_map"}
    assert trained[0]["file"] == "large/profiles/ridge_map/predicted_0.h5"
    assert trained[0]["folds"] == [0, 1]


@pytest.mark.parametrize(
    ("changes", "figure"),
    [
        ({"evaluation": {"density": {"percents": []}}}, "density"),
        ({"classification": {"completed": []}}, "class_gain"),
    ],
)
def test_what_is_not_asked_for_is_not_drawn(changes, figure):
    assert figure in plan().figures
    assert figure not in plan(**changes).figures


def test_each_figure_stands_once_under_its_stage_and_each_has_a_caption():
    figures = all_figures()
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names) > 15
    for figure in figures:
        caption = ROOT / f"workflow/report/{figure.stage}/{figure.name}.rst"
        assert caption.exists(), caption
        # A lambda of a loop would see the last value only.
    overview = plan().figures["overview"]
    assert overview.card.files(plan().config) == {
        "tensor": "tensor/large.h5",
        "metrics": "metrics.tsv",
    }
    assert plan().figures["cell_specificity"].path == "tensor/figures/cell_specificity"


def test_a_run_makes_its_products_tables_and_figures():
    made = plan()
    assert made.products == [
        f"results/demo/completed/{method}.gctx" for method in TINY["completion"]["completed"]
    ]
    assert {*made.products, *made.figure_files, "results/demo/metrics.tsv"} <= set(made.results)
    assert len(set(made.results)) == len(made.results)
    assert "results/demo/cell_to_cell/variations.tsv" not in made.results
    asked = plan(cell_to_cell={"analyses": ["methods"]})
    assert "results/demo/cell_to_cell/variations.tsv" in asked.results


def test_jobs_of_seconds_share_jobs_and_gpus_go_to_methods_that_ask():
    made = plan(
        completion={"options": {"falrtc": {"device": "cuda"}}, "controls": ["truth", "zeros"]}
    )
    assert (made.gpus("falrtc"), made.gpus("dnpp")) == (1, 0)
    assert made.group("dnpp") == made.group("zeros") == "quick"
    assert made.group("blend") is None
    assert made.group("blend", "small") == "quick"
    assert made.group("falrtc", "small") is None  # it waits for a GPU


def test_the_time_grows_with_the_tensor_and_with_the_fits():
    made = plan()
    assert made.minutes("blend", 1, 200) > made.minutes("blend", 1, 100)
    assert made.minutes("blend", 2, 100) > made.minutes("blend", 1, 100)
    assert made.minutes("blend", 1, 100) > made.minutes("dnpp", 1, 100)


def test_a_variant_runs_as_its_method_with_options_of_its_own():
    made = plan(
        completion={
            "methods": ["dnpp", {"dnpp_k5": {"method": "dnpp", "neighbours": 5}}],
            "options": {"dnpp": {"neighbours": 12}},
            "completed": ["dnpp_k5"],
        },
        classification={"completed": ["dnpp_k5"]},
    )
    assert made.methods["dnpp"].options == {"neighbours": 12}
    variant = made.methods["dnpp_k5"]
    assert (variant.method, variant.options) == ("dnpp", {"neighbours": 5})
    assert made.products == ["results/demo/completed/dnpp_k5.gctx"]
    assert made.group("dnpp_k5") == "quick"
    assert "evaluation/large/profiles/dnpp_k5/metrics.tsv" in evaluation.tables(
        made.config, "metrics.tsv", made.methods
    )


def test_jobs_ask_for_the_memory_that_was_measured():
    page = (ROOT / "docs/performance.md").read_text()
    _, _, table = page.partition("| grid | method | tensor, MB | peak, MB |")
    labels = {card(name).label: name for name in available()}
    rows = [line.strip("|").split("|") for line in table.split("\n\n")[0].splitlines()[2:]]
    assert len(rows) > 2
    for _, label, tensor_mb, peak, *_ in rows:
        asked = memory_mb(labels[label.strip()], float(tensor_mb.replace(",", "")))
        assert asked > 1.1 * float(peak.replace(",", "")), label


def test_memory_grows_with_the_kernel_the_grid_and_the_network():
    authors = {"method": "deepcellstate", "per_gene": True}
    methods = ["dnpp", "ntk", "falrtc", {"authors": authors}]
    made = plan(completion={"methods": methods, "completed": []}, classification={"completed": []})
    need = {name: made.memory_mb(name, 64) for name in ("dnpp", "ntk", "falrtc", "authors")}
    assert need["ntk"] - need["dnpp"] == pytest.approx(16_000**2 * 4 / 1e6, rel=0.1)
    assert need["falrtc"] - need["dnpp"] == pytest.approx(5 * 640, rel=0.01)
    assert need["authors"] > need["dnpp"] + 20_000
    # Above 30,000 profiles the kernel is one of landmarks, and grows no more.
    assert made.memory_mb("ntk", 600) - made.memory_mb("dnpp", 600) == pytest.approx(3600, abs=1)


def test_memory_is_asked_for_the_weights_of_a_network():
    """The authors' has 2.4 thousand million in 71 cells, of 4 bytes; training holds them thrice."""
    made = plan(completion={"options": {"deepcellstate": {"per_gene": True}}})
    authors = made.config["completion"]["options"]["deepcellstate"]
    few, many = (memory_mb("deepcellstate", 64, authors, (cells, 978)) for cells in (2, 71))
    encoder, decoder = 1_024 + 131_328 + 32_047_104, 32_297_472 + 65_792 + 131_584 + 514
    assert many - few == pytest.approx(3 * 69 * decoder * 4 / 1e6, abs=2)
    plain = memory_mb("dnpp", 64)
    assert few - plain > (3 * 3 * decoder + 3 * encoder) * 4 / 1e6
    assert memory_mb("deepcellstate", 64, {}, (2, 978)) < plain + 100
    # A larger minibatch keeps more on its way.
    large = memory_mb("deepcellstate", 64, authors | {"batch": 1024}, (2, 978))
    assert large - few > 500 * 978 * 4 * (512 + 256) * 4 / 1e6


def test_a_job_that_would_compute_on_a_gpu_asks_for_one(monkeypatch):
    made = plan(
        completion={
            "methods": ["dnpp", "falrtc", "deepcellstate", "blend"],
            "options": {"falrtc": {"device": "cpu"}},
            "completed": [],
        },
        classification={"completed": []},
        cell_to_cell={"analyses": ["methods"]},
    )
    for is_there in (False, True):
        monkeypatch.setattr("lacuna.runtime.device.sees_gpu", lambda is_there=is_there: is_there)
        asked = {name: made.gpus(name) for name in made.methods}
        assert asked == {"dnpp": 0, "falrtc": 0, "blend": 0, "deepcellstate": int(is_there)}
        assert cell_to_cell.gpus(made.config) == is_there


def test_planning_needs_no_heavy_library():
    code = (
        "import sys, yaml; from lacuna.project.plan import Plan\n"
        "Plan.of(yaml.safe_load(open('config/config.yaml')))\n"
        "print(sorted({'torch', 'rdkit', 'snakemake'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert printed.stdout.strip() == "[]", printed.stderr


def test_a_wildcard_takes_the_names_as_they_are_and_nothing_where_there_are_none():
    assert re.fullmatch(one_of(["a.b", "c"]), "a.b")
    assert not re.fullmatch(one_of(["a.b", "c"]), "axb")
    assert not re.fullmatch(one_of([]), "")


def test_paths_of_all_forms_lie_in_the_results():
    assert in_results({"a": "x.tsv", "b": ["y.tsv"]}) == {
        "a": "results/{dataset}/x.tsv",
        "b": ["results/{dataset}/y.tsv"],
    }


def test_stages_are_found_by_name():
    expected = {"signatures", "completion", "evaluation", "classification", "cell_to_cell"}
    assert expected | {"report"} <= set(stages())
