"""What the JSON schema of `enrichment:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.enrichment import stage
from lacuna.errors import LacunaError


def check(config: Mapping[str, Any]) -> None:
    """Check the block `enrichment:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If there are no gene sets, or no completed tensor.
    """
    if not stage.wanted(config):
        return
    if not Inputs.of(config).gene_set_files:
        raise LacunaError(
            "enrichment: asks for gene sets, and acquire: gene_sets is empty; expected a GMT file "
            "at least, such as one of MSigDB's."
        )
    if config["enrichment"]["profiles"] and not stage.product(config):
        raise LacunaError(
            "enrichment: profiles are of a finished tensor, and completion: completed is empty; "
            "expected the name of a method there."
        )
