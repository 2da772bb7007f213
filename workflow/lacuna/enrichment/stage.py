"""What the enrichment of a run consists of."""

from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]
TABLE = "enrichment/enrichment.tsv"


def wanted(config: Config) -> bool:
    """Return whether any profile is to be asked."""
    block = config["enrichment"]
    return bool(config["completion"]["methods"] and (block["cell_groups"] or block["profiles"]))


def product(config: Config) -> dict[str, str]:
    """Return the finished tensor whose profiles are asked, by its name as an input, if any are."""
    asked = config["enrichment"]["profiles"]
    method = config["completion"]["completed"][:1]
    return {"product": f"completed/{method[0]}.gctx"} if asked and method else {}


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    return [TABLE]
