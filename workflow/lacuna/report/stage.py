"""What the report of a run consists of, beside the pages of the stages."""

from collections.abc import Mapping
from typing import Any


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    filters = ["report/pages/filters.html"] if config["completion"]["methods"] else []
    return ["report/published.tsv", "report/pages/published.html", *filters]
