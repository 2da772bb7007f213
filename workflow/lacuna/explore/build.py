"""Builds the index of a product, block by block."""

import json
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.completed import (
    ACD,
    EXPECTED_R,
    FALLBACK,
    NORM,
    PREDICTED,
    REPLICATES,
    SOURCE,
    STDERR,
    TIER,
    CompletedTensor,
)
from lacuna.completion.tiers import TIERS, UNKNOWN
from lacuna.errors import LacunaError
from lacuna.explore.index import (
    CELL_NUMBERS,
    CELLS,
    DRUG_NUMBERS,
    DRUGS,
    GENES,
    PROFILES,
    RANKS,
    SEVERAL,
    UNITS,
)
from lacuna.explore.reference import Sample, draw_reference, draw_sample
from lacuna.io import hdf5
from lacuna.io.annotations import SEPARATOR
from lacuna.io.landmarks import fill_symbols
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.tensor.joined import named_rows
from lacuna.vectors import slices, unit_rows

AT_ONCE = 8192  # profiles of a block
MOST_GENES = 2**16  # of which 16 bits can hold the ranks
LABELS = {"atc": "atc_codes", "moa": "mechanisms", "targets": "targets"}  # as annotations call them


def build_index(
    path: str | Path,
    product: str | Path,
    *,
    drugs: pd.DataFrame,
    cells: pd.DataFrame,
    dropped: pd.DataFrame,
    labels: pd.DataFrame | None,
    held_out: pd.DataFrame | None,
    facts: Mapping[str, Any],
    rng: np.random.Generator,
) -> None:
    """Write the index of a product; it appears whole or not at all.

    Parameters
    ----------
    path
        The index.
    product
        The GCTX file of every drug in every cell.
    drugs, cells, dropped
        The tables of these names in `tensor/`.
    labels
        drug, atc_codes, mechanisms, targets, see `lacuna.io.annotations.annotate`; None where
        nothing is known.
    held_out
        drug, cell, pearson: how like each held-out profile was to what its method predicted; None
        where the method was not cross-validated.
    facts
        What the product is of, see `Index.facts`; values as JSON has them.
    rng
        Draws profiles and queries, against which scores are judged.

    Raises
    ------
    DamagedFile
        If the product is damaged.
    LacunaError
        If the product is no product, or has too many genes.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    started = time.perf_counter()
    with CompletedTensor.open(product) as tensor, hdf5.Writer(path) as writer:
        if len(tensor.genes) >= MOST_GENES:
            raise LacunaError(
                f"{product}: has {len(tensor.genes):,} genes; an index holds the ranks of at most "
                f"{MOST_GENES - 1:,}. Leave `completion: completed` empty to run without one."
            )
        profiles, tiers = describe_profiles(tensor.columns)
        writer.write(
            {
                "facts": pd.DataFrame(
                    {"fact": list(facts), "value": [json.dumps(value) for value in facts.values()]}
                ),
                "drugs": describe_drugs(tensor, drugs, labels, held_out),
                "cells": describe_cells(tensor, cells, held_out),
                "genes": fill_symbols(tensor.genes)[GENES],
                "dropped": dropped,
                "profiles": profiles,
                "tiers": tiers,
            }
        )
        predicted = profiles["predicted"].to_numpy()
        sample = draw_sample(predicted, len(tensor.cells), rng)
        _write_profiles(writer, tensor, sample)
        print(f"{len(profiles):,} profiles: {time.perf_counter() - started:.1f} s")
        started = time.perf_counter()
        writer.write(draw_reference(sample, rng))
        print(f"Random and real queries: {time.perf_counter() - started:.1f} s")


def rank_rows(rows: np.ndarray) -> np.ndarray:
    """Return the place of each value in its row, uint16: 0 for the highest, of equals the first."""
    order = np.argsort(-rows, axis=1, kind="stable")
    ranks = np.empty(rows.shape, np.uint16)
    places = np.broadcast_to(np.arange(rows.shape[1], dtype=np.uint16), rows.shape)
    np.put_along_axis(ranks, order, places, axis=1)
    return ranks


def describe_profiles(columns: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what the product says of its profiles, in numbers, and the words of its tiers.

    Parameters
    ----------
    columns
        Column metadata of the product.
    """
    words = np.array([*(tier.name for tier in TIERS), UNKNOWN], dtype=object)
    codes = pd.Index(words).get_indexer(pd.Index(columns[TIER]))
    numbers = columns[[NORM, STDERR, EXPECTED_R, REPLICATES, ACD]].astype(np.float32)
    profiles = pd.DataFrame(
        {
            "predicted": columns[SOURCE].eq(PREDICTED),
            "fallback": columns[FALLBACK].astype(bool),
            **numbers.where(numbers != MISSING_NUMBER),
            "tier": np.where(codes < 0, len(words) - 1, codes).astype(np.int16),
        }
    )
    return profiles[PROFILES], words


def describe_drugs(
    tensor: CompletedTensor,
    drugs: pd.DataFrame,
    labels: pd.DataFrame | None,
    held_out: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return what is known of the product's drugs, in its order; see `Index.drugs`."""
    of_drug = named_rows(drugs, "drug", tensor.drugs["drug"], "drugs.tsv")
    table = tensor.drugs.join(of_drug.drop(columns=["drug", "name"]))
    if labels is not None:
        table = table.merge(labels[["drug", *LABELS.values()]], on="drug", how="left")
    for name, column in LABELS.items():
        known = table[column] if column in table else pd.Series("", table.index)
        table[name] = known.astype(object).fillna("").str.replace(SEPARATOR, SEVERAL, regex=False)
    texts = table.reindex(columns=DRUGS).astype(object).fillna("").astype(str)
    measured = tensor.measured.sum(axis=1).to_numpy()
    numbers = pd.DataFrame({"measured": measured}).join(_held_out(table["drug"], held_out))
    return pd.concat([texts, numbers[DRUG_NUMBERS]], axis=1)


def describe_cells(
    tensor: CompletedTensor, cells: pd.DataFrame, held_out: pd.DataFrame | None
) -> pd.DataFrame:
    """Return what is known of the product's cells, in its order; see `Index.cells`."""
    known = named_rows(cells, "cell", tensor.cells["cell"], "cells.tsv")[CELLS].astype(object)
    measured = tensor.measured.sum(axis=0).to_numpy()
    numbers = pd.DataFrame({"measured": measured}).join(_held_out(known["cell"], held_out))
    return pd.concat([known.fillna("").astype(str), numbers[CELL_NUMBERS]], axis=1)


def _held_out(names: pd.Series, held_out: pd.DataFrame | None) -> pd.DataFrame:
    """Return the mean correlation of each drug's (or cell's) held-out profiles, and their number.

    A prediction without any direction correlates with nothing, and counts as 0.
    """
    if held_out is None:
        return pd.DataFrame({"held_out_r": np.nan, "held_out": 0}, names.index)
    groups = held_out["pearson"].fillna(0).groupby(held_out[names.name].astype(str))
    found = groups.agg(["mean", "size"]).reindex(names)
    return pd.DataFrame(
        {
            "held_out_r": found["mean"].to_numpy(),
            "held_out": found["size"].fillna(0).to_numpy(int),
        }
    )


def _write_profiles(writer: hdf5.Writer, tensor: CompletedTensor, sample: Sample) -> None:
    """Write units and ranks, gene by gene, and give the sample its profiles."""
    cells, genes = list(tensor.cells["cell"]), len(tensor.genes)
    shape = (genes, len(tensor.drugs) * len(cells))
    arrays = {UNITS: np.float32, RANKS: np.uint16}
    sums = {name: np.zeros(genes, np.uint32) for name in arrays}
    for name, dtype in arrays.items():
        writer.reserve(name, shape, dtype)
    for drugs in slices(len(tensor.drugs), max(AT_ONCE // len(cells), 1)):
        block = tensor.read(list(tensor.drugs["drug"][drugs]), cells).reshape(-1, genes)
        rows = slice(drugs.start * len(cells), drugs.stop * len(cells))
        units = unit_rows(block)
        ranks = rank_rows(units)
        sample.take(rows, units, ranks)
        for name, part in ((UNITS, units), (RANKS, ranks)):
            across = np.ascontiguousarray(part.T)
            writer.place(name, (slice(None), rows), across)
            sums[name][:] = [
                zlib.crc32(row, int(sofar)) for row, sofar in zip(across, sums[name], strict=True)
            ]
    writer.write({f"{name}_sums": found for name, found in sums.items()})
