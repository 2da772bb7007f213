import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

# The library of this checkout, for the workflow and for its jobs, whether or not one is installed.
LIBRARY = Path(str(workflow.current_basedir)).parent
if (LIBRARY / "lacuna").is_dir():
    sys.path.insert(0, str(LIBRARY))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH")])
    )
elif not find_spec("lacuna"):
    raise ImportError(
        f"{workflow.current_basedir}: Lacuna's library is not installed, and a workflow that Snakemake "
        "fetched brings none along. Install it in the Python that runs Snakemake, from the address that "
        "the workflow came from: pip install 'lacuna @ git+https://ADDRESS@VERSION'"
    )

from lacuna.evaluation import stage as evaluation
from lacuna.cell_to_cell import stage as cell_to_cell
from lacuna.classification import stage as classification
from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.published import compared_method
from lacuna.io.atomic import check_writable
from lacuna.project.plan import Plan
from lacuna.simulation import parameters as simulated

PLAN = Plan.of(config)
# What the report, the record of the run and the captions see: old keys renamed, defaults filled in.
config.clear()
config.update(PLAN.config)
INPUTS = PLAN.inputs
DATASET = PLAN.dataset
DATA = INPUTS.title(DATASET)
SEED = config["seed"]


def one_of(names):
    """Return the pattern of a wildcard that takes one of these values; of none, if there is none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def in_results(files):
    """Return paths below results/{dataset}, of a path, a list or a dict of them."""
    if isinstance(files, dict):
        return {name: in_results(file) for name, file in files.items()}
    return (
        f"results/{{dataset}}/{files}" if isinstance(files, str) else list(map(in_results, files))
    )


def grows(start, per_mb=0, power=1):
    """Return a resource that grows with the input, and with each retry."""
    return lambda wildcards, input, attempt: attempt * (start + per_mb * input.size_mb**power)


def acquired(kind):
    """Return an input function: the file of this kind that belongs to the series."""
    return lambda wildcards: INPUTS.path(DATASET, wildcards.series, kind)


def method_memory(wildcards, input, attempt):
    """Return the MB that a job of a method needs, and each retry."""
    return attempt * PLAN.memory(input.size_mb)


def minutes(fits):
    """Return the runtime of a job of a method that fits so often, and of each retry."""
    return lambda wildcards, input, attempt: attempt * PLAN.minutes(
        wildcards.method, fits(wildcards), input.size_mb
    )


def folds_of_job(wildcards):
    """Return the folds that a job predicts."""
    return evaluation.folds(config, wildcards.split)[int(wildcards.batch)]


def repeats_of_job(wildcards):
    """Return the repeats of the density experiment that a job does."""
    return evaluation.repeats(config)[int(wildcards.batch)]


def predictions(wildcards):
    """Return the files that hold a method's predictions of all folds."""
    folder = "results/{0.dataset}/evaluation/{0.size}/{0.split}/{0.method}".format(wildcards)
    return [f"{folder}/{file}" for file in evaluation.prediction_files(config, wildcards.split)]
