"""What the signatures of a run consist of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs


def wanted(config: Mapping[str, Any]) -> bool:
    """Return whether a run has a tensor: it has, where a method is to complete it."""
    return bool(config["completion"]["methods"])


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    return ["signatures/pages/plates.html"] if Inputs.of(config).series_with("level3") else []
