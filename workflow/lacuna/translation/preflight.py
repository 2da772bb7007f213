"""What would be met late: drugs, sets of genes, studies and ages that are not there."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import pandas as pd

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.blocks import Expression
from lacuna.io.expression import open_expression
from lacuna.io.gmt import read_gmts
from lacuna.tensor.known import Fault, Known, refusals
from lacuna.translation import stage
from lacuna.translation.ageing_jobs import aged_samples
from lacuna.translation.batches import find_drug, same_drugs
from lacuna.translation.sources import studies_of
from lacuna.translation.studies import find_study
from lacuna.translation.target_jobs import find_sets

MOST_TEXT = 2**27  # bytes of a table of text that is unpacked to look at its samples


class Opened(NamedTuple):
    """See `lacuna.translation.studies.Described`."""

    expression: Expression
    unit: str
    samples: pd.DataFrame


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which drugs, sets and studies of `translation: targets` are not there."""
    yield from _find_in_samples(config, known)
    asked = config["translation"]["targets"]
    tables = [known.tables.get((name, "inst_info")) for name in stage.screens(config)]
    wells = [table[["drug", "name"]] for table in tables if table is not None]
    if asked and wells and len(wells) == len(tables):
        names = pd.concat(wells).drop_duplicates()
        drugs = names.merge(known.drugs().drop(columns="name"), on="drug", how="left")
        same = same_drugs(drugs)
        for one in asked:
            for fault in refusals(True, find_drug, one["drug"], drugs, same):
                yield Fault(f"translation: targets: {fault.said}", fault.stops)
    places = [known.place(path) for path in stage.gene_sets(config, config["dataset"])]
    try:
        sets = read_gmts(path for path in places if path)
    except LacunaError as error:
        yield Fault(str(error), stops=True)
        return
    if sets and all(places):
        for one in asked:
            yield from refusals(True, find_sets, one["set"], sets)


def _find_in_samples(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Look for studies and ages among all samples of the files; filters may leave fewer."""
    block, inputs = config["translation"], Inputs.of(config)
    asked = [study for one in block["targets"] for study in one.get("studies", [])]
    files = inputs.transcriptomes(config["dataset"]) if asked or block["ageing"] else {}
    opened: dict[str, Opened] = {}
    with ExitStack() as stack:
        for name, paths in files.items():
            places = {kind: known.place(path) for kind, path in paths.items()}
            matrix = places["expression"]
            if matrix is None or not all(places.values()) or _is_large_text(matrix):
                continue
            try:
                expression = stack.enter_context(open_expression(matrix, places.get("samples")))
            except LacunaError as error:
                yield Fault(str(error), stops=True)
                continue
            samples = expression.samples.assign(study=studies_of(expression))
            opened[name] = Opened(expression, inputs.rnaseq[name]["unit"], samples)
            if name == block["ageing"]:
                told = {kind: str(place) for kind, place in places.items()}
                yield from refusals(True, aged_samples, samples, told)
        if opened.keys() == files.keys():
            for study in asked:
                yield from refusals(True, find_study, study, list(opened.values()))


def _is_large_text(path: Path) -> bool:
    return path.stat().st_size > MOST_TEXT and not h5py.is_hdf5(path)
