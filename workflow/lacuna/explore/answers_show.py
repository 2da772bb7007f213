"""What does a drug do in a cell, and how sure is that?"""

import numpy as np
import pandas as pd

from lacuna.explore.answers import Answer, Table
from lacuna.explore.columns import Column
from lacuna.explore.index import Index
from lacuna.explore.names import find_cell, find_drug
from lacuna.explore.profile_table import drug_facts, gene_labels, label_of, number, on_scale
from lacuna.explore.scales import usual_scale
from lacuna.explore.words import HIDDEN, PROFILE_SCALE, SCALES

HELD_OUT = "held-out r of a cell: of its measured profiles, when each was held out and predicted."
NEAREST = 10  # drugs
NAMED = 2  # genes that stand for a profile in the table of cells
FALLBACK = "A plain mean stands in place of a prediction here: nothing near enough was measured."


def show_profile(index: Index, drug: str, cell: str, top: int, scale: str | None = None) -> Answer:
    """Say what a drug does in a cell.

    Parameters
    ----------
    index
        The product's.
    drug, cell
        As `lacuna.explore.names` finds them.
    top
        How many genes to name in each direction.
    scale
        One of `lacuna.explore.words.SCALES`; by default "expected", or "unit" where the profile has
        no expected r.

    Returns
    -------
    Answer
        Facts: who, source, expected_r, tier, and how well held-out profiles of this drug and of
        this cell were predicted. Tables up and down: direction, gene, symbol, value, error.

    Raises
    ------
    LacunaError
        If there is no such drug or cell, it was dropped, or several may be meant.
    """
    at, where = find_drug(index, drug), find_cell(index, cell)
    row = at * len(index.cells) + where
    profile, place = index.profiles.iloc[row], index.cells.iloc[where]
    scale = scale or usual_scale(index.profiles.iloc[[row]], PROFILE_SCALE)
    values, errors = on_scale(index, row, scale)
    notes = []
    if np.isnan(values).all():
        notes.append(f"Without an expected r there is no scale {scale!r}: changes are at length 1.")
        scale = "unit"
        values, errors = on_scale(index, row, scale)
    if profile["fallback"]:
        notes.append(FALLBACK)
    if told := _left_out(index.dropped, str(index.drugs["drug"].iloc[at]), str(place["cell"])):
        notes.append(told)
    facts = {
        **drug_facts(index, at),
        "cell": place["cell"],
        "lineage": place["lineage"],
        "source": profile["source"],
        **{name: number(profile[name]) for name in ("replicates", "acd")},
        **trust(index, row),
        **held_out(index, at, where),
        "norm": number(profile["norm"]),
        "scale": f"{scale}: {SCALES[scale].about}",
    }
    tables = _top_genes(index, values, errors, top, scale)
    return Answer(
        f"{label_of(index, at)} in {place['cell']}",
        {name: fact for name, fact in facts.items() if not _is_nothing(fact)},
        tables,
        notes,
    )


def show_drug(index: Index, drug: str, top: int = NEAREST) -> Answer:
    """Say what a drug does over all cells, and which drugs do the like.

    Returns
    -------
    Answer
        Tables cells (cell, lineage, source, expected_r, tier, norm, held_out_r, up, down), the most
        trusted first, and nearest (drug, name, cosine, measured, moa).

    Raises
    ------
    LacunaError
        As `show_profile` does.
    """
    at, cells = find_drug(index, drug), len(index.cells)
    rows = np.arange(at * cells, (at + 1) * cells)
    profiles = index.profiles.iloc[rows]
    units = np.asarray(index.units[:, rows[0] : rows[-1] + 1], np.float32)
    table = pd.DataFrame(
        {
            "cell": index.cells["cell"].to_numpy(),
            "lineage": index.cells["lineage"].to_numpy(),
            **{
                name: profiles[name].to_numpy() for name in ("source", "expected_r", "tier", "norm")
            },
            "held_out_r": index.cells["held_out_r"].to_numpy(),
            "up": _named(index, -units),
            "down": _named(index, units),
        }
    )
    table = table.sort_values("expected_r", ascending=False, kind="stable", ignore_index=True)
    facts = {**drug_facts(index, at), "measured": int(index.drugs["measured"].iloc[at])}
    facts |= held_out(index, at, None)
    return Answer(
        label_of(index, at),
        {name: fact for name, fact in facts.items() if not _is_nothing(fact)},
        {
            "cells": Table(f"in {cells} cells", table),
            "nearest": Table("drugs that do the like, in all cells", nearest_drugs(index, at, top)),
        },
        [HELD_OUT] if index.cells["held_out_r"].notna().any() else [],
    )


def nearest_drugs(index: Index, drug: int, top: int = NEAREST) -> pd.DataFrame:
    """Return the drugs whose profiles point the same way, on average over all cells.

    Parameters
    ----------
    index
        The product's.
    drug
        Its position.
    top
        How many.

    Returns
    -------
    DataFrame
        drug, name, cosine (mean over cells of that between profiles in one cell), measured (in how
        many cells), moa; the nearest first.
    """
    cells = len(index.cells)
    first = drug * cells
    cosine = np.zeros(len(index.drugs))
    for gene in range(len(index.genes)):
        values = np.asarray(index.units[gene])
        cosine += values.reshape(-1, cells) @ values[first : first + cells]
    cosine /= cells
    cosine[drug] = -np.inf
    best = np.argsort(-cosine, kind="stable")[: min(top, len(cosine) - 1)]
    return (
        index.drugs.iloc[best][["drug", "name", "measured", "moa"]]
        .assign(cosine=cosine[best])[["drug", "name", "cosine", "measured", "moa"]]
        .reset_index(drop=True)
    )


def trust(index: Index, row: int) -> dict[str, object]:
    """Return expected_r and tier of a profile, None where they are not known."""
    profile = index.profiles.iloc[row]
    return {"expected_r": number(profile["expected_r"]), "tier": profile["tier"] or None}


def held_out(index: Index, drug: int, cell: int | None) -> dict[str, str]:
    """Say how well held-out profiles of a drug, and of a cell, were predicted."""
    row = index.drugs.iloc[drug]
    said = {}
    if (r := number(row["held_out_r"])) is not None:
        count = int(row["held_out"])
        said["of_this_drug"] = f"r {r:.2f}, mean of {count} held-out profiles"
    if cell is not None and (r := number(index.cells["held_out_r"].iloc[cell])) is not None:
        said["of_this_cell"] = f"r {r:.2f}, mean of its held-out profiles"
    return said


def _top_genes(
    index: Index, values: np.ndarray, errors: np.ndarray, top: int, scale: str
) -> dict[str, Table]:
    order = np.argsort(values, kind="stable")
    parts = {"up": order[::-1][:top], "down": order[:top]}
    return {
        direction: Table(
            "most raised" if direction == "up" else "most lowered",
            pd.DataFrame(
                {
                    "direction": direction,
                    "symbol": gene_labels(index)[genes],
                    "gene": index.genes["gene"].to_numpy()[genes],
                    "value": values[genes],
                    "error": errors[genes],
                }
            ),
            ("direction", "gene", *HIDDEN.get(scale, ())),
            {"value": Column(SCALES[scale].label, SCALES[scale].form)},
        )
        for direction, genes in parts.items()
    }


def _named(index: Index, keys: np.ndarray) -> list[str]:
    """Name the genes with the smallest keys of each profile; keys of shape (genes, profiles)."""
    labels = gene_labels(index)
    first = np.argsort(keys, axis=0, kind="stable")[:NAMED]
    return [" ".join(map(str, labels[genes])) for genes in first.T]


def _left_out(dropped: pd.DataFrame, drug: str, cell: str) -> str:
    """Say that experiments of a drug in a cell were measured, and fell out."""
    if dropped.empty:
        return ""
    rows = dropped[dropped["what"].eq("experiment") & dropped["drug"].eq(drug)]
    rows = rows[rows["cell"].eq(cell)]
    if rows.empty:
        return ""
    steps = rows["step"].value_counts()
    said = "; ".join(f"{count} at the step '{step}'" for step, count in steps.items())
    why = f", for example: {rows['why'].iloc[0]}" if isinstance(rows["why"].iloc[0], str) else ""
    return f"Measured experiments of this drug in this cell that fell out: {said}{why}."


def _is_nothing(fact: object) -> bool:
    return fact is None or fact == "" or (isinstance(fact, float) and np.isnan(fact))
