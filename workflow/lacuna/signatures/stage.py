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


def products(config: Mapping[str, Any]) -> list[str]:
    """Return the file of each series' signatures, below results/{dataset}.

    Those made of plates come in a GCTX to take away, always: at LINCS's size, 1.8 GB beside
    matrices of 114 GB. Ready-made ones came in a file of their own.
    """
    inputs = Inputs.of(config)
    plates = inputs.series_with("level3")
    return [
        f"signatures/{name}.gctx" if name in plates else f"signatures/{name}/signatures.h5"
        for name in inputs.series
    ]


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables, pages and products that a run makes, below results/{dataset}."""
    pages = ["signatures/pages/plates.html"] if Inputs.of(config).series_with("level3") else []
    made = [file for file in products(config) if alone(config) or file.endswith(".gctx")]
    return [*pages, *made]
