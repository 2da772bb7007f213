"""A small simulated world of retrieval, and what the stage is asked of it."""

from pathlib import Path

from lacuna.retrieval.align_jobs import align
from lacuna.retrieval.rank_jobs import rank_molecules
from lacuna.retrieval.run import cut_wells
from lacuna.simulation.parameters import RETRIEVAL_FILES

LINES = {"training": ["SIMBRE1"], "validation": ["SIMBRE2"], "test": ["SIMPRO3"]}
BLOCKS = ["control", "treated", "difference"]
ENCODERS = ["morgan", "descriptors"]
METHODS = ["double_nearest", "cca", "correlation", "popularity"]
CUT = ("treated", "control", "centred")
TABLES = ("molecules", "roles", "account", "left_out")


def screen_of(folder: Path) -> dict[str, str]:
    kinds = {"matrix": "level3", "wells": "inst_info"}
    kinds |= {kind: kind for kind in ("gene_info", "pert_info")}
    files = {kind: str(folder / RETRIEVAL_FILES[name]) for kind, name in kinds.items()}
    return {"series": "simulated_retrieval", "level": "level3", **files}


def cut(folder: Path, screens, **changes):
    """Cut a screen in a folder; return its files."""
    folder.mkdir(exist_ok=True)
    made = {name: str(folder / f"{name}.h5ad") for name in CUT}
    made |= {name: str(folder / f"{name}.tsv") for name in TABLES}
    asked = {
        "lines": LINES,
        "time": 6,
        "dose": 10,
        "in_all_lines": False,
        "controls": "mean",
        "split": {"by": "block", "folds": 1, "validation": 0.2, "test": 0.3},
        "seed": 1,
        "output": made,
    }
    cut_wells(screens=screens, **asked | changes)
    return made


def rank(cut_files, encoded, models, output, **changes):
    """Rank the molecules of the first fold."""
    asked = {
        "fold": 0,
        "methods": METHODS,
        "encoders": ENCODERS,
        "alignments": ["aligned"],
        "options": {},
        "lines": LINES,
        "blocks": BLOCKS,
        "shown": 4,
        "seed": 1,
    }
    files = cut_files | {"encoded": encoded, "aligned": models}
    rank_molecules(files, output, **asked | changes)


def align_first(cut_files, encoded, output, options, **changes):
    """Train the alignment of the first fold."""
    asked = {
        "name": "aligned",
        "fold": 0,
        "options": options,
        "trials": 0,
        "lines": LINES,
        "blocks": BLOCKS,
        "encoders": ENCODERS,
        "of_encoders": {},
        "seed": 1,
    }
    align(cut_files | {"encoded": encoded}, output, **asked | changes)
