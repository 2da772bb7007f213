"""What the JSON schema of `cell_to_cell:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.errors import LacunaError

# What an analysis needs beside the screen; the simulator brings it along.
NEEDED = {"factors": "gene_sets", "transfer": "external"}


def check(config: Mapping[str, Any]) -> None:
    """Check the block `cell_to_cell:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If an analysis needs files that are not named.
    """
    acquire = config["acquire"]
    for analysis, kind in NEEDED.items():
        asked = analysis in config["cell_to_cell"]["analyses"]
        if asked and acquire["source"] == "files" and not acquire[kind]:
            raise LacunaError(
                f"cell_to_cell: analyses: {analysis} needs acquire: {kind}, which is empty. Name "
                f"files there, or take {analysis} out."
            )
