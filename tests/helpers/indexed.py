"""The index of a small planted product: drugs of a class share a mechanism and their profiles."""

from pathlib import Path

import numpy as np
import pandas as pd
from toy import axes_of, clustered, replicated

from lacuna.completion.interface import Completion
from lacuna.completion.writer import write_completed
from lacuna.explore.build import build_index
from lacuna.explore.index import Index
from lacuna.io.gctx import Gctx
from lacuna.tensor.profiles import ProfileSet

CLASSES = 4  # drug i is of class i % CLASSES
FACTS = {"dataset": "toy", "method": "kernel", "method_label": "Kernel", "seed": 1}
DROPPED = pd.DataFrame({"step": ["wells"], "what": ["drug"], "drug": ["lost"], "dose": [np.nan]})


def planted(**form) -> tuple[ProfileSet, np.ndarray]:
    """A grid, and short predictions for its gaps: what the class does on average in the cell."""
    tensor = replicated(clustered(classes=CLASSES, **form))
    rng = np.random.default_rng(0)
    predicted = []
    for drug, cell in tensor.missing_pairs:
        alike = (tensor.drug % CLASSES == drug % CLASSES) & (tensor.cell == cell)
        others = tensor.profiles[alike if alike.any() else tensor.drug % CLASSES == drug % CLASSES]
        predicted.append(
            0.5 * others.mean(axis=0) + 0.03 * rng.normal(size=tensor.profiles.shape[1])
        )
    shape = (len(tensor.missing_pairs), len(tensor.genes))
    return tensor, np.array(predicted, np.float32).reshape(shape)


def write_index(
    folder: Path,
    tensor: ProfileSet,
    predicted: np.ndarray,
    *,
    symbols: str | None = None,
    **changed: object,
) -> Path:
    """Write a product and its index into a folder; return the index."""
    axes = axes_of(tensor)
    axes["drugs"]["name"] = [f"name {drug}" for drug in tensor.drugs]
    axes["genes"]["symbol"] = [
        f"Sym{gene}" if symbols is None else symbols for gene in tensor.genes
    ]
    completion = Completion(predicted, np.zeros(len(predicted), bool))
    write_completed(folder / "product.gctx", tensor, [completion], **axes)
    facts = {"inchi_key": np.nan, "smiles": "C", "ids": tensor.drugs}
    mechanism = [f"mechanism {number % CLASSES}" for number in range(len(tensor.drugs))]
    known = {
        "drugs": axes["drugs"].assign(**facts),
        "cells": axes["cells"],
        "dropped": DROPPED,
        "labels": pd.DataFrame(
            {"drug": tensor.drugs, "atc_codes": np.nan, "targets": "T1|T2", "mechanisms": mechanism}
        ),
        "held_out": pd.DataFrame(
            {
                "drug": tensor.drugs[tensor.drug],
                "cell": tensor.cells[tensor.cell],
                "pearson": np.linspace(0, 1, len(tensor)),
            }
        ),
        "facts": FACTS,
        "rng": np.random.default_rng(1),
    }
    build_index(folder / "index.h5", folder / "product.gctx", **(known | changed))
    return folder / "index.h5"


def planted_index(folder: Path, **form) -> Index:
    """Open the index of a planted product."""
    return Index.open(write_index(folder, *planted(**form)))


def product_of(folder: Path) -> np.ndarray:
    """The profiles of the product that an index was made of, (profiles, genes)."""
    with Gctx(folder / "product.gctx") as product:
        return product.read(product.rows, product.columns)
