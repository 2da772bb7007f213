"""This run's numbers of single cells that the paper prints too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io.tsv import read_table
from lacuna.single_cell.averages import ANY_DOSE, CLIPPED
from lacuna.single_cell.metrics import ALL, DEG, DEG_POOLED

TABLE = "single_cell"
# What the paper reads structures by. Lacuna makes RDKit's descriptors itself; vectors of the others
# come from outside (acquire: vectors), under these names in small letters.
ENCODERS = ("GCN", "MPNN", "GROVER", "JT-VAE", "RDKit", "weave")
OWN = {"descriptors": "RDKit"}
STARTS = {"scratch": "non-pretrained", "overlap": "pretrained"}
SPLITS = ("named", "drugs", "scaffold")  # of these the first that a target has: drugs never seen
RANDOM = "random"
LISTED = {ALL: ALL, DEG_POOLED: DEG}  # the paper's lists are over all doses
BASELINE = "control"
NUMBERS = ["table", "key", "ours", "low", "high", "interval"]
OVER_DRUGS = "95 %, over drugs"


def encoder_of(name: str) -> str:
    """Return what the paper calls an encoder; empty where it has none of the kind."""
    plain = {known.casefold().replace("-", ""): known for known in ENCODERS}
    return OWN.get(name, plain.get(name.casefold().replace("-", "").replace("_", ""), ""))


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return this run's numbers under the keys of resources/published.tsv.

    Where several targets, or networks by the same encoder, have a number, it is the first's. What
    the paper calls pretrained has seen the drugs in bulk, so it is `overlap` here.

    Parameters
    ----------
    files
        By name, each may be missing: `single_cell_metrics`, `single_cell_differences`,
        `single_cell_disentanglement` and `single_cell_moved`, as
        `lacuna.single_cell.score_jobs.score_cells` writes them.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    makers = {
        "metrics": numbers_of_metrics,
        "differences": numbers_of_differences,
        "disentanglement": numbers_of_disentanglement,
        "moved": numbers_of_moved,
    }
    tables = [
        make(read_table(path))
        for name, make in makers.items()
        for path in files.get(f"{TABLE}_{name}", ())
    ]
    found = [table for table in tables if len(table)]
    if not found:
        return pd.DataFrame()
    whole = pd.concat(found, ignore_index=True).assign(table=TABLE)
    return whole.drop_duplicates("key").reindex(columns=NUMBERS)


def numbers_of_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return Tables 2 and 3: mean and median of clipped r² at the highest dose."""
    rows = _unseen(metrics[metrics["metric"] == CLIPPED])
    rows = rows[rows["genes"].isin(LISTED) & (rows["dose"] != ANY_DOSE)]
    if rows.empty:
        return pd.DataFrame()
    dose = rows["dose"].astype(float)
    rows = rows[dose == dose.groupby(rows["target"]).transform("max")]
    who = _who(rows)
    rows, who = rows[who != ""], who[who != ""]
    genes = rows["genes"].map(LISTED)
    mean = pd.DataFrame({"key": rows["gene_set"] + "/" + who + "/mean/" + genes})
    mean = mean.assign(ours=rows["value"], low=rows["low"], high=rows["high"], interval=OVER_DRUGS)
    median = pd.DataFrame({"key": rows["gene_set"] + "/" + who + "/median/" + genes})
    return pd.concat([mean, median.assign(ours=rows["median"])], ignore_index=True)


def numbers_of_differences(differences: pd.DataFrame) -> pd.DataFrame:
    """Return Tables 9 and 10: p of the paired t-test over conditions at the highest dose."""
    rows = _unseen(differences[differences["metric"] == CLIPPED])
    rows = rows[rows["genes"].isin(LISTED) & rows["t_p"].notna() & (rows["start"] == "overlap")]
    own = (rows["against"] == rows["method"]) & (rows["against_start"] == "scratch")
    against = np.select([rows["against"] == BASELINE, own], ["baseline", "non-pretrained"], "")
    encoder = rows["encoder"].fillna("").map(encoder_of)
    kept = (against != "") & (encoder != "").to_numpy()
    rows, against, encoder = rows[kept], against[kept], encoder[kept]
    if rows.empty:
        return pd.DataFrame()
    key = rows["gene_set"] + "/" + encoder + "/p/" + against + "/" + rows["genes"].map(LISTED)
    return pd.DataFrame({"key": key, "ours": rows["t_p"]})


def numbers_of_disentanglement(table: pd.DataFrame) -> pd.DataFrame:
    """Return Tables 1 and 8, of a split of observations, and what classes give by themselves.

    Table 1 is the mean of the five best runs that were not pretrained, Table 8 the one of them with
    the highest r² on listed genes.
    """
    table = table[table["way"] == "published"]
    if table.empty:
        return pd.DataFrame()
    found: list[tuple[str, float]] = []
    first = table[table["target"] == table["target"].iloc[0]]
    for of, rows in first.groupby("of"):
        found.append((f"most_frequent/{of}", rows["most_frequent"].mean()))
    for start, name in STARTS.items():
        lines = first[(first["start"] == start) & (first["of"] == "line")]
        if len(lines):
            found.append((f"line_accuracy/{name}", lines["accuracy"].mean()))
    best = table[table["best"] & (table["split"] == RANDOM) & (table["start"] == "scratch")]
    named = best["encoder"].fillna("").map(encoder_of)
    for encoder in sorted(set(named) - {""}):
        rows = best[named == encoder]
        run = ["target", "model", "fold", "seed"]
        of = rows.pivot_table("accuracy", run, "of").join(
            rows.groupby(run)[["r2_all", "r2_deg"]].first()
        )
        first_of_all = of["r2_deg"].argmax()
        for what, values in of.items():
            found.append((f"{RANDOM}/{encoder}/five/{what}", values.mean()))
            found.append((f"{RANDOM}/{encoder}/best/{what}", values.iloc[first_of_all]))
    return pd.DataFrame(found, columns=["key", "ours"])


def numbers_of_moved(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many observations the control explains, and how many drugs it does not."""
    if table.empty:
        return pd.DataFrame()
    first = _unseen(table[table["target"] == table["target"].iloc[0]])
    of = first.groupby("what")
    value = of["value"].mean()
    found = [
        (what, value[what]) for what in ("observations_explained", "drugs_moved") if what in value
    ]
    if "drugs_moved" in value:
        rows = of.get_group("drugs_moved")
        found.append(("drugs_moved/number", (rows["value"] * rows["of"]).mean()))
    return pd.DataFrame(found, columns=["key", "ours"])


def _unseen(table: pd.DataFrame) -> pd.DataFrame:
    """Keep of each target the first of `SPLITS` that it has."""
    rank = table["split"].map({split: number for number, split in enumerate(SPLITS)})
    return table[rank.notna() & (rank == rank.groupby(table["target"]).transform("min"))]


def _who(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return baseline, or encoder and start, as keys have them; empty for all others."""
    encoder = rows["encoder"].fillna("").map(encoder_of)
    start = rows["start"].fillna("").map(STARTS)
    network = (encoder + "/" + start).where((encoder != "") & start.notna(), "")
    return network.where(rows["method"] != BASELINE, "baseline")
