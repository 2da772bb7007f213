"""What would be met late: annotation tables that know no drug of the screen."""

from collections.abc import Iterator, Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.classification.stage import completed
from lacuna.errors import LacunaError
from lacuna.io.annotations import ANNOTATIONS, annotate, read_sources
from lacuna.tensor.known import Fault, Known


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say why classes and targets of drugs cannot be told."""
    if not completed(config):
        return
    places = known.places(Inputs.of(config).annotations(config["dataset"]))
    if not places:
        return
    try:
        sources = read_sources(places, known.symbols())
    except LacunaError:
        return  # `lacuna.completion.preflight` says it
    drugs = known.drugs()
    if known.tensor is None or drugs.empty:
        return
    labels, _ = annotate(drugs[drugs["drug"].isin(known.tensor.drugs)], sources)
    if labels[ANNOTATIONS].isna().all(axis=None):
        yield Fault(
            f"acquire: annotations: none of the {len(labels):,} drugs stands in "
            f"{', '.join(sources)} by the first block of its InChIKey or by its name: no class or "
            "target can be told. "
            "Give pert_info names or inchi_key, or write classification: {completed: []}.",
            stops=False,
        )
