"""What the JSON schema of `acquire:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.errors import LacunaError


def check(config: Mapping[str, Any]) -> None:
    """Check the block `acquire:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If files are asked for and none is named, or a series is of both kinds, or of none.
    """
    acquire = config["acquire"]
    if acquire["source"] == "files" and not acquire["series"]:
        raise LacunaError("acquire: series is empty; with source: files, name at least one series.")
    for name, files in acquire["series"].items():
        if ("level3" in files) == ("level5" in files):
            raise LacunaError(
                f"acquire: series: {name}: expected either level3 (with inst_info and gene_info) "
                "or level5 (with sig_info)."
            )
