"""What a translation found, in the few sentences that a reader wants first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lacuna.drawing.tables import Answer
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.tables import chain_label, sentences


def answers(folder: Path, config: Mapping[str, Any]) -> list[Answer]:
    """Say which chain translates best, and whether it beats the mean profile and the baseline.

    Parameters
    ----------
    folder
        results/{dataset} of a finished run.
    config
        Its configuration.
    """
    shown = tuple(config["translation"]["translated"])
    question = "L1000 to RNA-seq"
    if not stage.has_pairs(config):
        return [
            Answer(
                question,
                f"Wells are translated by {chain_label(*shown)}. No sample was measured both ways, "
                "so how good that is cannot be said from these data.",
            )
        ]
    metrics = read_table(folder / stage.FOLDER / "metrics.tsv")
    differences = read_table(folder / stage.FOLDER / "differences.tsv")
    return [Answer(question, " ".join(sentences(metrics, differences, shown)))]
