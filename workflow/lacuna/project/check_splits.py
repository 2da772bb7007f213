"""Which splits, folds and densities a grid allows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lacuna.errors import LacunaError
from lacuna.evaluation.density import densities
from lacuna.evaluation.splits import SPLITS, group_profiles
from lacuna.project.findings import Finding, counted
from lacuna.tensor.build import densest_block
from lacuna.tensor.profiles import ProfileSet

FEWEST_FOLDS = 2
# Drugs below which an interval over drugs says little: a bootstrap of 3 has 10 different draws.
FEW_DRUGS = 10


def most_folds(tensor: ProfileSet, split: str) -> int:
    """Return the largest number of folds for which `make_folds` finds an assignment.

    Parameters
    ----------
    tensor
        The grid; its profiles are not looked at.
    split
        One of `SPLITS`.

    Returns
    -------
    int
        0 or 1 where the split cannot be made.
    """
    if SPLITS[split].group is None:
        per_drug = np.bincount(tensor.drug, minlength=len(tensor.drugs))
        return int((per_drug[tensor.drug] > 1).sum())
    try:
        return len(np.unique(group_profiles(tensor, split)))
    except LacunaError:  # of plates, nothing is known
        return 0


def small_tensor(tensor: ProfileSet, small: Mapping[str, Any]) -> ProfileSet:
    """Return the small tensor of a configuration's block `tensor: small`."""
    return densest_block(tensor, **small)


def describe_splits(
    tensors: Mapping[str, ProfileSet], splits: Mapping[str, Any], exact: bool
) -> list[str]:
    """Describe what each split has folds for, a line each."""
    lines = []
    for split, how in splits.items():
        for size in how["sizes"]:
            most = most_folds(tensors[size], split)
            lines.append(
                f"{split} ({SPLITS[split].label}), {size}: {how['folds']} folds, "
                f"{'possible' if exact else 'at most'} {most:,}"
            )
    return lines


def find_in_splits(
    tensors: Mapping[str, ProfileSet], splits: Mapping[str, Any], *, exact: bool, certain: bool
) -> Iterator[Finding]:
    """Say which splits cannot be made, with values that would work.

    Parameters
    ----------
    tensors
        The grids by size, large and small, at most.
    splits
        The block `evaluation: splits`.
    exact, certain
        As `lacuna.project.check_grid.Bound` has them.
    """
    for split, how in splits.items():
        for size in how["sizes"]:
            most = most_folds(tensors[size], split)
            if most >= how["folds"]:
                continue
            # As profiles are dropped, linked plates fall apart, and the small tensor is another.
            stops = exact or most == 0 or (certain and split != "plates" and size == "large")
            yield Finding(
                f"evaluation: splits: {split}",
                f"{how['folds']} folds, but {_has(tensors[size], split, size, most, exact)}. "
                f"{_remedy(split, how, size, most)}",
                stops=stops,
            )


def _has(tensor: ProfileSet, split: str, size: str, most: int, exact: bool) -> str:
    if split == "plates" and most == 0:
        return "of the plates of ready-made signatures nothing is known"
    what = {
        "profiles": "profiles of drugs with more than one",
        "cells": "cells",
        "plates": "groups of linked plates",
    }.get(split, "drugs")
    of = "" if size == "large" else " in the small tensor"
    return f"{'' if exact else 'at most '}{most:,} {what}{of}"


def _remedy(split: str, how: Mapping[str, Any], size: str, most: int) -> str:
    if most >= FEWEST_FOLDS:
        return f"This would work: {split}: {{folds: {most}}}."
    if split != "profiles":
        left = [other for other in how["sizes"] if other != size]
        return f"This would work: {split}: {{sizes: [{', '.join(left)}]}}."
    if size == "small":
        return "This would work: profiles: {sizes: [large]}."
    return (
        "No report of predictions is possible: a drug needs a second cell. Signatures alone would "
        "work: completion: {methods: [], completed: []}, classification: {completed: []}."
    )


def find_in_grid(tensor: ProfileSet, exact: bool) -> Iterator[Finding]:
    """Say what is possible, but says little: few drugs or cells, a grid without gaps."""
    drugs, cells = len(tensor.drugs), len(tensor.cells)
    at_most = "" if exact else "at most "
    if cells == 1:
        yield Finding(
            "tensor",
            f"{at_most}1 cell line, {str(tensor.cells[0])!r}: nothing can be predicted from other "
            "cells, and no split can be made. Signatures, p-values and the quality of plates need "
            "no second line.",
        )
    if 1 < drugs < FEW_DRUGS:
        yield Finding(
            "tensor",
            f"{at_most}{counted(drugs, 'drug')}: intervals and p-values over so few say little "
            f"(below {FEW_DRUGS}).",
        )
    if drugs == 1:
        yield Finding(
            "tensor", f"{at_most}1 drug, {str(tensor.drugs[0])!r}: no interval means anything."
        )
    if exact and len(tensor) == tensor.measured.size and drugs > 1 and cells > 1:
        yield Finding(
            "tensor",
            f"every one of {counted(len(tensor), 'pair')} was measured: there is no gap to fill; "
            "the report says how well gaps would be.",
        )


def find_in_density(tensor: ProfileSet, percents: list[int]) -> tuple[list[str], list[Finding]]:
    """Say which densities the small tensor has too few profiles for: lines, and a finding."""
    if not percents:
        return [], []
    found = densities(tensor, percents)
    left_out = found[found["left_out"] != ""]
    lines = [
        f"density {percent} %: left out, {why}"
        for percent, why in zip(left_out["percent"], left_out["left_out"], strict=True)
    ]
    if len(lines) < len(percents):
        return lines, []
    return lines, [
        Finding(
            "evaluation: density: percents",
            f"the small tensor ({len(tensor.drugs)} x {len(tensor.cells)}, "
            f"{counted(len(tensor), 'profile')}) has too few profiles for any of them. Write "
            "percents: [].",
        )
    ]


def possible_densities(tensor: ProfileSet, percents: list[int]) -> list[int]:
    """Return the densities that the tensor has profiles for."""
    return densities(tensor, percents).query("left_out == ''")["percent"].tolist()
