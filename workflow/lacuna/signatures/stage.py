"""What the signatures of a run consist of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs


def wanted(config: Mapping[str, Any]) -> bool:
    """Return whether a run makes signatures: for a tensor, or because nothing else is asked."""
    return bool(config["completion"]["methods"]) or alone(config)


def alone(config: Mapping[str, Any]) -> bool:
    """Return whether a run ends with signatures, as that of one cell line does."""
    others = (
        config["completion"]["methods"],
        config["translation"]["landmarks"],
        config["retrieval"]["methods"],
        config["single_cell"]["models"] and config["single_cell"]["targets"],
    )
    return not any(others) and bool(Inputs.of(config).series)


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables, pages and products that a run makes, below results/{dataset}."""
    inputs = Inputs.of(config)
    plates = inputs.series_with("level3")
    pages = ["signatures/pages/plates.html"] if plates else []
    # Those of plates are always written: at LINCS's size, 1.8 GB beside matrices of 114 GB.
    products = [f"signatures/{series}.gctx" for series in plates]
    ready = [series for series in inputs.series if alone(config) and series not in plates]
    return [*pages, *products, *(f"signatures/{series}/signatures.h5" for series in ready)]
