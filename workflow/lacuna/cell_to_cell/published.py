"""This run's predictions from cell to cell that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.cell_to_cell.external_sets import UNSEEN
from lacuna.cell_to_cell.variations import ALL_TARGETS
from lacuna.io.names import plain_key
from lacuna.io.tsv import read_table

# What a paper's seven cells are beside the two of its study (Umarov et al. 2021).
ADDED = {"A375", "HA1E", "HT29", "HELA", "YAPC"}
SEVEN = 7
METRIC = ("large", "profiles", "profile_pearson")  # size, split and metric of the comparison


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the mean correlations of all settings, those of the transfer, and the enrichment.

    Parameters
    ----------
    files
        By name, each may be missing: "variations", "transfer" (its summary), "factors" (bound
        ones); "grid", the table of metrics and that of the filters, where the data may be those of
        the comparison with tensor methods. `lacuna.cell_to_cell.stage.published` gives those alone
        that may be compared: a number of other data or cells stands beside none that is printed.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [
        *(numbers_of_variations(read_table(path)) for path in files.get("variations", ())),
        *(numbers_of_transfer(read_table(path)) for path in files.get("transfer", ())),
        *(numbers_of_factors(read_table(path)) for path in files.get("factors", ())),
    ]
    if grid := files.get("grid", ()):
        tables.append(numbers_of_grid(*map(read_table, grid)))
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_variations(variations: pd.DataFrame) -> pd.DataFrame:
    """Return the mean correlations of the study, by analysis/setting/cells.

    The cells say what the number is of: "PC3 -> MCF7" where every input is from one cell, "MCF7 and
    PC3" of a mean over all cells of the study. What the copy reaches there has copy/ before it.

    Parameters
    ----------
    variations
        As `lacuna.cell_to_cell.variations.summarise` returns them.
    """
    rows = variations.fillna({"given": ""})
    targets = {
        analysis: " and ".join(sorted(set(of_one["into"]) - {ALL_TARGETS}))
        for analysis, of_one in rows.groupby("analysis")
    }
    both = rows["analysis"].map(targets)
    direction = (rows["given"] + " -> " + rows["into"]).where(rows["given"] != "", rows["into"])
    cells = both.where(rows["into"] == ALL_TARGETS, direction)
    key = rows["analysis"] + "/" + _settings(rows) + "/" + cells
    found = [
        pd.DataFrame(
            {
                "table": "cell_to_cell",
                "key": before + key,
                "ours": rows[value],
                "low": rows[low],
                "high": rows[high],
                "interval": [
                    "95 %, over drugs" if repeats == 1 else "95 %, over drugs and trainings"
                    for repeats in rows["repeats"]
                ],
            }
        )
        for before, value, low, high in (
            ("", "value", "low", "high"),
            ("copy/", "copy", "copy_low", "copy_high"),
        )
    ]
    return pd.concat(found, ignore_index=True)


def _settings(rows: pd.DataFrame) -> pd.Series:
    """Return the settings, as published numbers call them.

    Seven cells are so called where they are those of the paper, and whatever LINCS calls a
    knock-down by shRNA is one.
    """
    names = rows["setting"].astype(str)
    added = names[rows["analysis"] == "added_cells"]
    steps = added.str.extract(r"^(\d+) cells, with (.+)$").dropna().drop_duplicates()
    until_seven = set(steps.loc[steps[0].astype(int) <= SEVEN, 1])
    if until_seven == ADDED:
        is_seven = (rows["analysis"] == "added_cells") & names.str.startswith(f"{SEVEN} cells, ")
        names = names.mask(is_seven, f"{SEVEN} cells")
    return names.str.replace(r"^trt_sh(\.\w+)?, ", "shRNA, ", regex=True)


def numbers_of_transfer(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the scores on external profiles of drugs that the network was not trained on.

    Parameters
    ----------
    summary
        set, cell, given, drugs, what, value, low, high: see `lacuna.cell_to_cell.transfer`. The key
        says of which set, from which cell and into which, so that no number of another set or of
        other cells stands beside a published one: transfer/GSE116436/PC3 -> MCF7/trained.
    """
    rows = summary[summary["drugs"] == UNSEEN]
    from_cell, into_cell = (
        rows[column].map(lambda cell: plain_key(str(cell)).upper()) for column in ("given", "cell")
    )
    place = rows["set"].astype(str) + "/" + from_cell + " -> " + into_cell
    return pd.DataFrame(
        {
            "table": "cell_to_cell",
            "key": "transfer/" + place + "/" + rows["what"],
            "ours": rows["value"],
            "low": rows["low"],
            "high": rows["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_factors(factors: pd.DataFrame) -> pd.DataFrame:
    """Return the mean fold enrichment of each cell's own bound targets, by factors/cell/fold.

    Parameters
    ----------
    factors
        factor, cell, fold_own: see `lacuna.cell_to_cell.bound_factors`.
    """
    means = factors.groupby("cell", sort=False)["fold_own"].mean()
    keys = [f"factors/{plain_key(str(cell)).upper()}/fold" for cell in means.index]
    return pd.DataFrame({"table": "cell_to_cell", "key": keys, "ours": means.to_numpy()})


def numbers_of_grid(metrics: pd.DataFrame, filters: pd.DataFrame) -> pd.DataFrame:
    """Return the mean correlation per profile of each method, by cells/method.

    Parameters
    ----------
    metrics
        size, split, method, metric, value, low, high.
    filters
        The last row has the number of cells of the tensor.
    """
    rows = metrics[metrics[["size", "split", "metric"]].eq(METRIC).all(axis=1)]
    cells = filters["cells"].iloc[-1]
    return pd.DataFrame(
        {
            "table": "cell_to_cell",
            "key": f"{cells} cells/" + rows["method"],
            "ours": rows["value"],
            "low": rows["low"],
            "high": rows["high"],
            "interval": "95 %, over drugs",
        }
    )
