"""What the columns of answers are called, and how their numbers are written."""

from typing import NamedTuple


class Column(NamedTuple):
    """A column of a table that people read.

    Attributes
    ----------
    heading
        What stands above it, with the unit.
    form
        How a number is written.
    """

    heading: str
    form: str = ""


FREE = {
    "moa",
    "targets",
    "drug_names",
    "up",
    "down",
    "atc",
    "lineage",
    "series",
}  # may be cut into lines
COLUMNS = {
    "place": Column("#", "d"),
    "drug": Column("drug (id)"),
    "name": Column("drug"),
    "cell": Column("cell"),
    "lineage": Column("lineage"),
    "gene": Column("gene (id)"),
    "symbol": Column("gene"),
    "source": Column("source"),
    "value": Column("change", "+.3f"),
    "error": Column("error (sd)", ".3f"),
    "expected_r": Column("expected r", ".2f"),
    "tier": Column("tier"),
    "norm": Column("length", ".2f"),
    "held_out_r": Column("held-out r", ".2f"),
    "held_out": Column("held-out profiles", "d"),
    "replicates": Column("replicates", ".0f"),
    "acd": Column("ACD", ".3f"),
    "cosine": Column("mean cosine", "+.2f"),
    "measured": Column("cells measured", "d"),
    "profiles": Column("profiles", "d"),
    "score": Column("score", "+.3f"),
    "ncs": Column("NCS", "+.2f"),
    "tau": Column("tau", "+.1f"),
    "p": Column("p", ".2g"),
    "fdr": Column("FDR", ".2g"),
    "moa": Column("mechanism"),
    "atc": Column("ATC"),
    "targets": Column("targets"),
    "up": Column("most raised"),
    "down": Column("most lowered"),
    "fold_change": Column("log2 fold change", "+.2f"),
    "low": Column("95 % from", "+.2f"),
    "high": Column("95 % to", "+.2f"),
    "cd": Column("CD", "+.3f"),
    "rank": Column("rank in its signature", "d"),
    "dose": Column("dose (uM)", "g"),
    "time": Column("time (h)", "g"),
    "type": Column("kind"),
    "series": Column("series"),
    "cells": Column("cells", "d"),
    "best_cell": Column("strongest in"),
    "best_source": Column("source there"),
    "best_score": Column("score there", "+.3f"),
    "best_tau": Column("tau there", "+.1f"),
    "drugs": Column("drugs", "d"),
    "drug_names": Column("which"),
    "ids": Column("ids"),
    "inchi_key": Column("InChIKey"),
    "smiles": Column("SMILES"),
}
