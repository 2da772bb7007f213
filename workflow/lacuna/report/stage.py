"""What the report of a run consists of, beside the pages of the stages."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.report.origin import other_thresholds
from lacuna.report.theirs_and_ours import METHODS
from lacuna.signatures import stage as signatures


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    filters = ["report/pages/filters.html"] if config["completion"]["methods"] else []
    experiments = ["report/pages/experiments.html"] if signatures.wanted(config) else []
    beside = ["report/pages/theirs_and_ours.html"] if _may_be_papers(config) else []
    return ["report/published.tsv", "report/pages/published.html", *beside, *filters, *experiments]


def _may_be_papers(config: Mapping[str, Any]) -> bool:
    """Return whether a run compares the paper's methods on data that may be the paper's."""
    kind = Inputs.of(config).kind
    filtered = kind == "tensor" or not other_thresholds(config["tensor"])
    return bool(kind) and filtered and {*METHODS} <= {*map(str, config["completion"]["methods"])}
