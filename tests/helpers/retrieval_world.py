"""A small simulated world of retrieval, and what the stage is asked of it."""

from pathlib import Path

from lacuna.retrieval.run import cut_wells
from lacuna.simulation.parameters import RETRIEVAL_FILES

LINES = {"training": ["SIMBRE1"], "validation": ["SIMBRE2"], "test": ["SIMPRO3"]}
BLOCKS = ["control", "treated", "difference"]
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
