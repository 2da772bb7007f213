"""Writes the page to ask a product: one HTML file and a folder of data, to be read offline."""

import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment

import lacuna
from lacuna.completion.completed import PREDICTED
from lacuna.completion.tiers import TIERS
from lacuna.drawing.palette import MEASURED, MISSING, SHADES_OF_THREE
from lacuna.explore.index import Index
from lacuna.explore.page_search import STEP, Short, shorten
from lacuna.explore.page_shards import write_shard
from lacuna.explore.scales import usual_scale
from lacuna.explore.words import HIDDEN, PROFILE_SCALE, SCALES
from lacuna.io.atomic import explain_write_errors, unfinished_name, write_whole
from lacuna.io.landmarks import landmarks
from lacuna.vectors import slices

COLOURS = {
    "measured": MEASURED,
    "missing": MISSING,
    "down": SHADES_OF_THREE[0],
    "up": SHADES_OF_THREE[2],
}
EXACT_BYTES = 2**17  # of a file of exact profiles: a drug or some
PART_BYTES = 2**22  # of a file of profiles in short
LEVELS = 2**19 - 1  # of values in 20 bits, each way
NO_TIER = 255
NUMBERS = ("norm", "stderr", "expected_r", "replicates", "acd")  # that profiles have


def write_page(
    page: str | Path, index: Index, product: str, others: Sequence[Mapping[str, str]] = ()
) -> None:
    """Write the page: index.html and the folder data beside it, which it cannot do without.

    Parameters
    ----------
    page
        The HTML file.
    index
        What is to be asked.
    product
        The path of the product, for the page to name.
    others
        What else the run can be asked: about, command.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    page = Path(page)
    data = page.with_name("data")
    unfinished = unfinished_name(data)
    with explain_write_errors(page):
        page.unlink(missing_ok=True)  # the old one would not fit the new data
        unfinished.mkdir(parents=True)
        try:
            _write_data(unfinished, index, product, others)
            shutil.rmtree(data, ignore_errors=True)
            os.replace(unfinished, data)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        with write_whole(page) as whole:
            whole.write_text(_html(index), encoding="utf-8")


def _html(index: Index) -> str:
    source = files("lacuna.explore") / "page"
    template = Environment(autoescape=True).from_string((source / "page.html").read_text("utf-8"))
    bundle = {
        name: (source / "bundle" / name).read_text("utf-8")
        for name in ("page.js", "page.css", "licences.txt")
    }
    return template.render(
        dataset=index.dataset,
        colours=COLOURS,
        style=bundle["page.css"],
        script=bundle["page.js"],
        licences=bundle["licences.txt"].replace("--", "- -"),  # which would end the comment
    )


def _write_data(
    folder: Path, index: Index, product: str, others: Sequence[Mapping[str, str]]
) -> None:
    per_shard = max(EXACT_BYTES // (2 * len(index.genes) * len(index.cells)), 1)
    for number, drugs in enumerate(slices(len(index.drugs), per_shard)):
        profiles = slice(drugs.start * len(index.cells), drugs.stop * len(index.cells))
        values = np.ascontiguousarray(index.units[:, profiles].T)
        write_shard(folder, f"drugs-{number:04}", {}, exactly(values), compress=False)
    parts = _write_search(folder, shorten(index))
    facts = {
        "about": _about(index, product, others),
        "drugs": _columns(index.drugs),
        "cells": _columns(index.cells),
        "genes": _columns(_with_ensembl(index.genes)),
        "dropped": _columns(_dropped(index.dropped)),
        "drugs_per_shard": per_shard,
        "search_parts": parts,
    }
    write_shard(folder, "open", facts, _profile_columns(index.profiles))


def exactly(profiles: np.ndarray) -> dict[str, np.ndarray]:
    """Keep profiles in 20 bits a value: as exactly as a product in 32 bits tells them apart.

    Parameters
    ----------
    profiles : float32 array of shape (n, genes)

    Returns
    -------
    dict of arrays
        scale, by which whole numbers of each profile are multiplied; values, all of their bits but
        the last four; last_bits, those of two values in a byte.
    """
    scale = np.abs(profiles).max(axis=1, initial=0) / LEVELS
    wholes = np.rint(profiles / np.where(scale > 0, scale, 1)[:, None]).astype(np.int32).ravel()
    last = np.zeros(len(wholes) + len(wholes) % 2, np.uint8)
    last[: len(wholes)] = wholes & 15
    return {
        "scale": scale.astype(np.float32),
        "values": (wholes >> 4).astype(np.int16),
        "last_bits": last[::2] | last[1::2] << 4,
    }


def _write_search(folder: Path, short: Short) -> int:
    """Write the profiles in short; return the number of files."""
    write_shard(
        folder,
        "search-00",
        {"step": STEP, "components": short.basis.shape[1]},
        {
            "basis": short.basis,
            "is_whole": short.is_whole.astype(np.uint8),
            "scale": short.scale,
            "profile_error": short.profile_error,
            "gene_error": short.gene_error,
        },
    )
    parts = 1
    for name in ("components", "genes"):
        rows = getattr(short, name)
        if not rows.size:
            continue
        for at_once in slices(len(rows), max(PART_BYTES // rows[0].nbytes, 1)):
            facts = {"of": name, "first": at_once.start}
            # Components of little weight are small numbers, and worth the time to unpack them.
            small = name == "components"
            write_shard(folder, f"search-{parts:02}", facts, {"values": rows[at_once]}, small)
            parts += 1
    return parts


def _about(index: Index, product: str, others: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    profiles = index.profiles
    of_tier = profiles["tier"].value_counts()
    return {
        "dataset": index.dataset,
        "method_label": index.method_label,
        "simulated": bool(index.facts.get("simulated")),
        "source": product,
        "version": lacuna.__version__,
        "scale": usual_scale(index.profiles),
        "profileScale": usual_scale(index.profiles, PROFILE_SCALE),
        "hidden": HIDDEN,
        "scales": {name: scale._asdict() for name, scale in SCALES.items()},
        "hasExpectedR": bool(profiles["expected_r"].notna().any()),
        "measuredProfiles": int((profiles["source"] != PREDICTED).sum()),
        "tiers": [
            {
                "name": tier.name,
                "at_least": tier.at_least,
                "profiles": int(of_tier.get(tier.name, 0)),
            }
            for tier in TIERS
        ],
        "others": [dict(other) for other in others],
    }


def _profile_columns(profiles: pd.DataFrame) -> dict[str, np.ndarray]:
    codes = {tier.name: code for code, tier in enumerate(TIERS)}
    tiers = profiles["tier"].astype(str).map(codes).fillna(NO_TIER)
    return {
        "source": (profiles["source"] != PREDICTED).to_numpy(np.uint8),
        "fallback": profiles["fallback"].to_numpy(np.uint8),
        "tier": tiers.to_numpy(np.uint8),
        **{
            name: profiles[name].to_numpy(np.float32)
            for name in ("norm", "stderr", "expected_r", "replicates", "acd")
        },
    }


def _with_ensembl(genes: pd.DataFrame) -> pd.DataFrame:
    known = landmarks().set_index("entrez")["ensembl"]
    return genes.assign(gene=genes["gene"].astype(str)).assign(
        ensembl=lambda table: table["gene"].map(known).fillna("")
    )


def _dropped(dropped: pd.DataFrame) -> pd.DataFrame:
    """Return the drugs and cells that fell out; single experiments are left to the table."""
    return dropped[dropped["what"] != "experiment"]


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of a table as JSON has them, null where nothing is known."""
    return {
        str(name): [None if pd.isna(value) else value for value in column.tolist()]
        for name, column in table.items()
    }
