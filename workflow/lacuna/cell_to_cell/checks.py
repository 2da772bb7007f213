"""What the JSON schema of `cell_to_cell:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.errors import LacunaError

# What an analysis needs beside the screen; the simulator brings it along.
NEEDED = {"factors": ("gene_sets", "chip_atlas"), "transfer": ("external",)}


def check(config: Mapping[str, Any]) -> None:
    """Check the block `cell_to_cell:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If an analysis needs files that are not named, or a cell is both of the study and added.
    """
    acquire, block = config["acquire"], config["cell_to_cell"]
    for analysis, kinds in NEEDED.items():
        asked = analysis in block["analyses"]
        if asked and acquire["source"] == "files" and not any(acquire[kind] for kind in kinds):
            raise LacunaError(
                f"cell_to_cell: analyses: {analysis} needs acquire: {' or '.join(kinds)}, which is "
                f"empty. Name files there, or take {analysis} out."
            )
    cells, added = block["cells"], block["added_cells"]
    if isinstance(cells, list) and isinstance(added, list):
        for cell in added:
            if cell in cells:
                raise LacunaError(
                    f"cell_to_cell: added_cells: {cell!r} stands in cells, too. Take it out of one."
                )
