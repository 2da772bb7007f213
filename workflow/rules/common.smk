import re

import yaml

from lacuna.completion.registry import is_trained
from lacuna.io.atomic import check_writable
from lacuna.names import CLASSIFIER_NAMES
from lacuna.project.config import check_config
from lacuna.simulation import parameters as simulate


def _batches(total, at_once):
    """Deal the numbers from 0 on to jobs, in order."""
    return [list(range(total))[first : first + at_once] for first in range(0, total, at_once)]


with open(workflow.source_path("../schemas/config.schema.yaml")) as schema:
    check_config(config, yaml.safe_load(schema))

# The files of each series in GEO's formats, by kind: level3, inst_info, pert_info, ...
SERIES = (
    {"simulated": simulate.FILES} if config["source"] == "simulator" else config["files"]["series"]
)
LEVEL3 = [name for name, files in SERIES.items() if "level3" in files]
LEVEL5 = [name for name, files in SERIES.items() if "level5" in files]
WITH_BASELINE = [name for name, files in SERIES.items() if "baseline" in files]
# What others know of the drugs, by kind of table.
ANNOTATIONS = (
    {"table": simulate.ANNOTATION}
    if config["source"] == "simulator"
    else config["files"]["annotations"]
)
# Files of gene sets, and profiles of another platform, by kind: profiles, samples.
GENE_SETS = (
    [simulate.GENE_SETS] if config["source"] == "simulator" else config["files"]["gene_sets"]
)
EXTERNAL = simulate.EXTERNAL if config["source"] == "simulator" else config["files"]["external"]
CLASSIFIED = config["classify"]["completed"] if ANNOTATIONS else []
ANALYSES = config["cell_to_cell"]["analyses"]
VARIED = [
    "methods",
    "training_drugs",
    "latent_size",
    "regularisation",
    "unseen_cell",
    "families",
    "thinned",
]
VARIATIONS = [analysis for analysis in VARIED if analysis in ANALYSES]
# Figures of the other analyses, which look into the trained network.
EXPLAINED = {
    "latent_states": ["latent_states", "latent_correlation"],
    "important_genes": ["important_genes"],
    "factors": ["factors"],
    "transfer": ["transfer"],
}
DENSITIES = config["density"]["percents"]
TREES_PER_THREAD = 100
# The paper whose data these are, if any.
PAPER = "Hodos 2018" if set(SERIES) == {"GSE92742", "GSE70138"} else ""
MIRRORS = config["files"]["mirror"] or []
MIRRORS = [MIRRORS] if isinstance(MIRRORS, str) else MIRRORS
SPLITS = config["crossval"]["splits"]
# What is cross-validated, as columns of an expand(zip). Controls judge the scoring: once will do.
EVALUATED = [
    {"size": size, "split": split, "method": method}
    for split, how in SPLITS.items()
    for size in how["sizes"]
    for method in config["methods"] + (config["controls"] if split == "profiles" else [])
]
# Predictions of methods that are trained once per fold, file by file.
TRAINED = [
    {
        **what,
        "folds": folds,
        "file": "{size}/{split}/{method}/predicted_{}.h5".format(batch, **what),
    }
    for what in EVALUATED
    if is_trained(what["method"])
    for batch, folds in enumerate(
        _batches(SPLITS[what["split"]]["folds"], config["crossval"]["folds_per_job"])
    )
]
FIGURES = [
    "overview",
    "coverage",
    *(["plate_quality"] if LEVEL3 else []),
    "cell_specificity",
    "predicted_vs_true",
    "best_method",
    *(["losses"] if TRAINED else []),
    *(["density"] if DENSITIES else []),
    *(figure for analysis in EXPLAINED if analysis in ANALYSES for figure in EXPLAINED[analysis]),
    "heatmaps",
    "deg_roc",
    "calibration",
    *(["class_gain", "class_predicted"] if CLASSIFIED else []),
    *(["variations"] if VARIATIONS else []),
]
# What figures call the data: simulated results never go without the word.
DATA = config["dataset"] + (" (simulated data)" if config["source"] == "simulator" else "")
# Methods that fit the paper's tensor within seconds: docs/performance.md.
QUICK = ["mean_1d", "mean_2d", "additive", "dnpp", "ntk", "kernel", *config["controls"]]
PRODUCTS = expand(
    "results/{dataset}/completed/{method}.gctx",
    dataset=config["dataset"],
    method=config["completed"],
)
FIGURE_FILES = expand(
    "results/{dataset}/figures/{figure}.{ending}",
    dataset=config["dataset"],
    figure=FIGURES,
    ending=["svg", "png", "tsv"],
)
# All that the report shows but for the page about the run itself.
MADE = [
    *PRODUCTS,
    *FIGURE_FILES,
    *expand(
        "results/{dataset}/{table}",
        dataset=config["dataset"],
        table=[
            "metrics.tsv",
            "metrics_per_fold.tsv",
            "comparisons.tsv",
            "published.tsv",
            *(["density.tsv"] if DENSITIES else []),
            "where.tsv",
            "specificity_kept.tsv",
            "tables/filters.html",
            *(["tables/plates.html"] if LEVEL3 else []),
            "tables/methods.html",
            "tables/published.html",
            "tables/where.html",
            *(["tables/classes.html"] if CLASSIFIED else []),
            *(["cell_to_cell/variations.tsv", "tables/cell_to_cell.html"] if VARIATIONS else []),
        ],
    ),
]
RESULTS = [*MADE, f"results/{config['dataset']}/tables/run.html"]


def one_of(names):
    """Return the pattern of a wildcard that takes one of these values; of none, if there is none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def acquired(kind):
    """Return an input function: the file of this kind that belongs to the series."""
    return lambda wildcards: _acquired(wildcards.dataset, wildcards.series, kind)


def acquired_if_given(kind):
    """Return an input function: the file of this kind, if the series has one."""
    return lambda wildcards: (
        [acquired(kind)(wildcards)] if kind in SERIES[wildcards.series] else []
    )


def acquired_of_every_series(kind):
    """Return an input function: the files of this kind, of all series that have one."""
    return lambda wildcards: [
        _acquired(wildcards.dataset, series, kind)
        for series, files in SERIES.items()
        if kind in files
    ]


def annotation_files(wildcards):
    """Return the annotation tables of the dataset, by kind."""
    folder = _beside_series(wildcards.dataset, "annotations")
    return {kind: f"{folder}/{file}" for kind, file in ANNOTATIONS.items()}


def gene_set_files(wildcards):
    """Return the files of gene sets of the dataset, an empty list if there are none."""
    folder = _beside_series(wildcards.dataset, "gene_sets")
    return [f"{folder}/{file}" for file in GENE_SETS]


def external_files(wildcards):
    """Return the profiles of another platform and their samples, by kind; empty if there are none."""
    folder = _beside_series(wildcards.dataset, "external")
    return {kind: f"{folder}/{file}" for kind, file in EXTERNAL.items()}


def source_files(wildcards):
    """Return the files that the results may come from; what is not needed is not acquired."""
    return [
        *(
            _acquired(wildcards.dataset, series, kind)
            for series, files in SERIES.items()
            for kind in files
        ),
        *annotation_files(wildcards).values(),
        *gene_set_files(wildcards),
        *external_files(wildcards).values(),
        "resources/published.tsv",
    ]


def classified(table):
    """Return the paths of a file that classify_drugs writes, of every method and model."""
    return expand(
        "results/{{dataset}}/classes/{method}/{model}/{table}",
        method=CLASSIFIED,
        model=CLASSIFIER_NAMES,
        table=table,
    )


def classifier_threads(wildcards):
    """Return how many threads a classifier can use: large forests grow in parallel."""
    forest = wildcards.model == "random_forest"
    return max(1, config["classify"]["trees"] // TREES_PER_THREAD) if forest else 1


def gpus(wildcards):
    """Return how many GPUs a job of the method asks for."""
    return gpus_of(wildcards.method)


def gpus_of(method):
    """Return how many GPUs a method asks for."""
    return int(config["method_options"].get(method, {}).get("device") == "cuda")


def cell_to_cell(analysis, table):
    """Return the path of a table of an analysis, in a list; none if it was not asked for."""
    return [f"results/{{dataset}}/cell_to_cell/{table}"] if analysis in ANALYSES else []


def variation_files(wildcards):
    """Return what an analysis of the prediction from cell to cell needs beside the profiles."""
    folder = f"results/{wildcards.dataset}"
    if wildcards.analysis == "methods":
        return {name: f"{folder}/tensor/{name}.tsv" for name in ("drugs", "baseline")}
    if wildcards.analysis == "families" and ANNOTATIONS:
        return {"labels": [f"{folder}/classes/labels.tsv"]}
    return {}


def varied_methods(wildcards):
    """Return the methods of an analysis of the prediction from cell to cell, with their options."""
    methods = config["methods"] if wildcards.analysis == "methods" else ["deepcellstate"]
    return {method: config["method_options"].get(method, {}) for method in methods}


def device_of(method):
    """Return where a method computes."""
    return config["method_options"].get(method, {}).get("device", "auto")


def group_of(wildcards):
    """Return the group of jobs of seconds, several of which a cluster runs as one; none for others."""
    quick = wildcards.method in QUICK or wildcards.get("size") == "small"
    return "quick" if quick and not gpus(wildcards) else None


def memory(wildcards, input, attempt):
    """Return the MB that a method's job needs, which grow with the grid, so with the tensor."""
    return attempt * (1000 + 45 * input.size_mb)


def minutes(fits):
    """Return a resource function: the minutes that a method needs for so many fits.

    They grow with drugs squared times cells, so faster than the tensor.
    """

    def of_job(wildcards, input, attempt):
        start, per_fit = (1, 0.002) if wildcards.method in QUICK else (10, 0.05)
        return attempt * (start + fits(wildcards) * per_fit * input.size_mb**1.5)

    return of_job


def folds_of(wildcards):
    """Return the folds that a job predicts."""
    batches = _batches(SPLITS[wildcards.split]["folds"], config["crossval"]["folds_per_job"])
    return batches[int(wildcards.batch)]


def repeats_of(wildcards):
    """Return the repeats of the density experiment that a job does."""
    return _repeats()[int(wildcards.batch)]


def measured_densities(wildcards):
    """Return the files of all methods' scores at each density."""
    return [
        f"results/{wildcards.dataset}/density/{method}/pct_{batch}.tsv"
        for method in config["methods"]
        for batch in range(len(_repeats()))
    ]


def predicted(wildcards):
    """Return the files that hold a method's predictions of all folds."""
    folder = "results/{w.dataset}/crossval/{w.size}/{w.split}/{w.method}".format(w=wildcards)
    return [f"{folder}/{file}" for file in prediction_files(wildcards.split)]


def prediction_files(split):
    """Return the names of the files that hold a method's predictions, in the order of folds."""
    batches = _batches(SPLITS[split]["folds"], config["crossval"]["folds_per_job"])
    return [f"predicted_{batch}.h5" for batch in range(len(batches))]


def evaluated(table, methods):
    """Return the paths of a table that score_method writes, of every split, size and method."""
    return [
        "results/{dataset}/crossval/%(size)s/%(split)s/%(method)s/" % what + table
        for what in EVALUATED
        if what["method"] in methods
    ]


def of_methods(files):
    """Return the paths of files that each method has, method by method, without controls."""
    return expand(
        "results/{{dataset}}/crossval/large/profiles/{method}/{file}",
        method=config["methods"],
        file=files,
    )


def _acquired(dataset, series, kind):
    return f"results/{dataset}/acquire/{series}/{SERIES[series][kind]}"


def _beside_series(dataset, what):
    series = "simulated" if config["source"] == "simulator" else what
    return f"results/{dataset}/acquire/{series}"


def _repeats():
    return _batches(config["density"]["repeats"], config["density"]["repeats_per_job"])
