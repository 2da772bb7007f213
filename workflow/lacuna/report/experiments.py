"""The signatures of a run, experiment by experiment, and what they are too few for."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.drawing.tables import Answer
from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.io.tsv import read_table
from lacuna.signatures.signature_set import EXPERIMENT

MOST_EXPERIMENTS = 40  # rows of the table of the most consistent ones
BINS = 20
LEVELS = (0.05, 0.1)  # p-values up to which experiments are counted
TOLD = 0.1  # the p-value of the sentence


def count_experiments(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the experiments of each series: all, replicated, with a p-value, with a small one.

    Parameters
    ----------
    tables
        Of the series' `SignatureSet`, by name.
    """
    return pd.DataFrame(
        [
            {
                "series": series,
                "experiments": len(table),
                "drugs": table["drug"].nunique(),
                "cell lines": table["cell"].nunique(),
                "replicated": int((table["replicates"] > 1).sum()),
                "with a p-value": int(table["p_value"].notna().sum()),
                **{f"p at most {p:g}": int((table["p_value"] <= p).sum()) for p in LEVELS},
            }
            for series, table in tables.items()
        ]
    )


def count_p_values(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the experiments of each series by their p-values, in `BINS` equal parts of 0 to 1.

    Parameters
    ----------
    tables
        As in `count_experiments`.

    Returns
    -------
    DataFrame with columns series, low, high, experiments
        Those with low < p <= high.
    """
    edges = np.arange(BINS + 1) / BINS
    rows = [
        pd.DataFrame(
            {
                "series": series,
                "low": edges[:-1],
                "high": edges[1:],
                "experiments": np.bincount(
                    np.searchsorted(edges[1:], table["p_value"].dropna()), minlength=BINS
                ),
            }
        )
        for series, table in tables.items()
    ]
    return pd.concat(rows, ignore_index=True)


def consistent_experiments(p_values: Path) -> Answer:
    """Say how many experiments have replicates that agree better than random ones.

    Parameters
    ----------
    p_values
        The table of `count_p_values`; may not be there.
    """
    question = "What was measured"
    if not p_values.is_file():
        return Answer(question, "This run made no signatures.")
    table = read_table(p_values)
    known = int(table["experiments"].sum())
    if not known:
        return Answer(
            question,
            "No experiment has a p-value: replicates, or other drugs on their plates, are too few "
            "to say which signatures are drug effects.",
        )
    small = int(table.loc[table["high"] <= TOLD + 1e-9, "experiments"].sum())
    share, chance = 100 * small / known, 100 * TOLD
    return Answer(
        question,
        f"Of {known:,} experiments with a p-value, {small:,} ({share:.0f} %) have replicates that "
        f"agree better than random ones (p at most {TOLD:g}; by chance {chance:.0f} %). Nothing is "
        "predicted in this run.",
    )


def most_consistent(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the experiments whose replicates agree best: by p-value, then by ACD.

    Parameters
    ----------
    tables
        As in `count_experiments`.
    """
    every = pd.concat([table.assign(series=series) for series, table in tables.items()])
    best = every.dropna(subset="p_value").sort_values(["p_value", "acd"], kind="stable")
    columns = ["name", *EXPERIMENT, "replicates", "acd", "p_value"]
    shown = best.head(MOST_EXPERIMENTS)[columns].round({"acd": 3, "p_value": 4})
    return shown.rename(columns={"p_value": "p-value", "acd": "ACD"}).fillna("")


def missing_parts(experiments: pd.DataFrame) -> pd.DataFrame:
    """Say which parts of a report need more drugs or cell lines than there are, and why.

    Parameters
    ----------
    experiments
        drug and cell, of all series.

    Returns
    -------
    DataFrame with columns part, needs, why
    """
    drugs, lines = experiments["drug"].nunique(), experiments["cell"].nunique()
    most_lines = experiments.groupby("drug", observed=True)["cell"].nunique().max()
    rows = []
    if most_lines < 2:
        why = "a profile is predicted from what the drug does in other lines, and judged where it "
        why += "was measured, too: a drug in one line leaves nothing to learn from"
        rows += [
            ("completed tensor, accuracy of methods, figures 2 to 4", "a drug in two lines", why),
            ("cell specificity of drugs", "a drug in two lines", "it compares lines"),
            (
                "classes and targets of drugs",
                "a drug in two lines",
                "they are told from completed profiles",
            ),
        ]
    if lines < 2:
        why = "one line is held out, another learned from"
        rows.append(("whole cell lines held out, cell to cell", "two lines", why))
    if drugs < 2:
        rows += [
            ("p-values", "other drugs on the plates", "chance is judged by wells of other drugs"),
            (
                "whole drugs held out, similar drugs",
                "two drugs",
                "one drug is learned from another",
            ),
        ]
    if drugs < LEAST_DRUGS:
        why = "they are drawn over drugs, and draws of so few say nothing of chance"
        rows.append(("intervals and p-values of accuracy", f"{LEAST_DRUGS} drugs", why))
    return pd.DataFrame(rows, columns=["part", "needs", "why"])
