import sys
import time
from importlib.util import find_spec
from pathlib import Path

# The library of this checkout, for the workflow and for its jobs, whether or not one is installed.
LIBRARY = Path(str(workflow.current_basedir)).parent
if (LIBRARY / "lacuna").is_dir():
    sys.path.insert(0, str(LIBRARY))
elif not find_spec("lacuna"):
    raise ImportError(
        f"{workflow.current_basedir}: Lacuna's library is not installed, and a workflow that Snakemake "
        "fetched brings none along. Install it in the Python that runs Snakemake, from the address that "
        "the workflow came from: pip install 'lacuna @ git+https://ADDRESS@VERSION'"
    )

from lacuna.cell_to_cell import stage as cell_to_cell
from lacuna.io.atomic import check_writable, set_aside
from lacuna.project.ending import (
    explain_failures,
    failures,
    say_last,
    told_alone,
    where_results_are,
)
from lacuna.project.gpu_slot import share_gpu
from lacuna.project.leftovers import find_leftovers, made_for_page
from lacuna.project.plan import Plan, in_results, memory_mb, one_of
from lacuna.runtime.library import share_library
from lacuna.tensor.profiles import cells_and_genes

share_library()
STARTED = time.time()
with told_alone():
    PLAN = Plan.of(config)


def leftovers():
    """Return what lies among the results, and is none of those of this run."""
    return find_leftovers(PLAN.folder, made_for_page(workflow.dag, PLAN.folder))


if workflow.is_main_process:
    # No job needs them, and they take a while to import.
    from snakemake.persistence.file import FilePersistence

    from lacuna.project.console import speak_in_words
    from lacuna.project.lock_owner import own_locks

    own_locks(FilePersistence)
    speak_in_words(workflow, PLAN, leftovers)
    print("".join(f"Notice: {notice}\n" for notice in PLAN.notices), end="", file=sys.stderr)
# What the report, the record of the run and the captions see: old keys renamed, defaults filled in.
config.clear()
config.update(PLAN.config)
INPUTS = PLAN.inputs
DATASET = PLAN.dataset
DATA = INPUTS.title(DATASET)
SEED = config["seed"]


def grows(start, per_mb=0, power=1):
    """Return a resource that grows with the input, and with each retry."""
    return lambda wildcards, input, attempt: attempt * (start + per_mb * input.size_mb**power)


def method_memory(wildcards, input, attempt):
    """Return the MB that a method's job asks for; more with each retry."""
    return attempt * PLAN.memory_mb(wildcards.method, input.size_mb, cells_and_genes(input.tensor))


def network_memory(wildcards, input, attempt):
    """Return the MB that a job asks for that trains networks from cell to cell, or their rivals."""
    shape = cells_and_genes(input.tensor)
    options = cell_to_cell.options(config)
    return attempt * max(4000, memory_mb(cell_to_cell.NETWORK, input.size_mb, options, shape))


def acquired(kind):
    """Return an input function: the file of this kind that belongs to the series."""
    return lambda wildcards: INPUTS.path(DATASET, wildcards.series, kind)
