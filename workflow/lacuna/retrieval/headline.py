"""What a retrieval found, in the few sentences that a reader wants first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lacuna.drawing.tables import Answer
from lacuna.io.tsv import read_table
from lacuna.retrieval import stage
from lacuna.retrieval.tables import against_chance


def answers(folder: Path, config: Mapping[str, Any]) -> list[Answer]:
    """Say whether the structure of a profile was found, against chance.

    Parameters
    ----------
    folder
        results/{dataset} of a finished run.
    config
        Its configuration.
    """
    metrics = read_table(folder / stage.FOLDER / "metrics.tsv")
    return [Answer("Structure from profile", " ".join(against_chance(metrics)))]
