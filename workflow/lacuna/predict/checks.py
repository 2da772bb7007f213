"""What the JSON schema of `predict:` cannot say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lacuna.errors import LacunaError
from lacuna.predict import stage
from lacuna.predict.run import without_model


def check(config: Mapping[str, Any]) -> None:
    """Check the block `predict:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If the table is not there, or no completed method can predict by structure.
    """
    for path in stage.table(config):
        if not Path(path).is_file():
            raise LacunaError(
                f"predict: drugs: {path}: no such file; expected a table with the columns name and "
                "smiles. Paths are relative to where Snakemake runs."
            )
        if stage.method(config) is None:
            completed = list(config["completion"]["completed"])
            raise LacunaError(f"predict: drugs: {without_model(completed)}")
