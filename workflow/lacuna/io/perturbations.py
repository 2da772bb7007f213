"""What LINCS's `pert_type` says: of treatments, compounds and genes, and of their controls.

Source: Subramanian et al. 2017, Cell 171:1437, doi:10.1016/j.cell.2017.10.049.
"""

from collections.abc import Iterable

import pandas as pd

TREATED = "trt_"  # what treatments begin with
COMPOUND = "trt_cp"
VEHICLE = "ctl_vehicle"
VECTOR = "ctl_vector"
CONTROLS = {VEHICLE: "vehicle", VECTOR: "vector"}  # in words
# shRNA (and its consensus, with .cgs or .css behind), over-expression, CRISPR, mutants. They have
# no dose, and a vector without an insert is their control.
GENES = ("trt_sh", "trt_oe", "trt_xpr", "trt_mut")
KNOCK_DOWN = "trt_sh"


def of_genes(kinds: pd.Series) -> "pd.Series[bool]":
    """Tell which treatments are of genes, which have no dose."""
    return _family(kinds).isin(GENES)


def of_knock_downs(kinds: pd.Series) -> "pd.Series[bool]":
    """Tell which treatments are of shRNA: single hairpins, or a consensus of several."""
    return _family(kinds).eq(KNOCK_DOWN)


def controls_of(kinds: pd.Series) -> pd.Series:
    """Return the control of each treatment: the vector of genes, the vehicle of all others."""
    return of_genes(kinds).map({True: VECTOR, False: VEHICLE})


def in_words(pert_types: Iterable[str]) -> str:
    """Name treatments for a message: "compound (pert_type trt_cp)"."""
    types = list(pert_types)
    listed = ", ".join(types)
    return f"compound (pert_type {COMPOUND})" if types == [COMPOUND] else f"pert_type {listed}"


def _family(kinds: pd.Series) -> pd.Series:
    return kinds.astype(object).astype(str).str.split(".").str[0]
