"""What predictions of single cells are worth, in the few sentences that a reader wants first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lacuna.drawing.tables import Answer
from lacuna.io.tsv import read_table
from lacuna.single_cell import stage
from lacuna.single_cell.claims import ABOUT, FLATTERS, sentences


def answers(folder: Path, config: Mapping[str, Any]) -> list[Answer]:
    """Say whether anything leads the mean of the training drugs.

    Parameters
    ----------
    folder
        results/{dataset} of a finished run.
    config
        Its configuration.
    """
    differences = read_table(folder / stage.FOLDER / "differences.tsv")
    told = [
        said for said in sentences({"differences": differences}) if said not in (ABOUT, FLATTERS)
    ]
    return [Answer("Unseen drugs in single cells", " ".join(told))]
