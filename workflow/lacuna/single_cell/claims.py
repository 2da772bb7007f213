"""What the page of scores says in words: first whether anything leads the line mean."""

from collections.abc import Iterator, Mapping

import pandas as pd

from lacuna.single_cell.averages import ANY_DOSE
from lacuna.single_cell.card import available, method_card
from lacuna.single_cell.leads import REFERENCE
from lacuna.single_cell.metrics import ALL, metric_label

MOST_P = 0.05
# What a lead is told by: of cells, what is the drug's own, or where one drug alone is judged its
# change; of signatures, which have no change, all.
MAIN = ("specific_pearson", "change_pearson", "pearson")
STARTS = {"scratch": "from scratch", "strict": "pretrained", "overlap": "pretrained, overlap"}
SPLITS = {
    "drugs": "drugs held out",
    "scaffold": "scaffolds held out",
    "named": "named drugs held out",
    "lines": "lines held out",
    "random": "observations held out",
}
ABOUT = (
    "A profile is the mean of the cells of one drug, line and dose, and a change its difference "
    "from untreated cells of the line. Every drug counts once; 95 % intervals are over drugs, "
    "stereo twins as one. Seeds are averaged before. r² stands as it is, without a lower bound; "
    "where the paper's tables are remade, it is clipped at 0."
)
FLATTERS = (
    "Doing nothing scores well by metrics marked with *: most genes stay as they are whatever the "
    "drug does. Measured changes are taken from untreated cells that no method sees, and predicted "
    "ones from others, so that knowing the untreated cells alone correlates with nothing. Knowing "
    "what drugs do on average does; the correlation beyond the line mean is free of that, too."
)


def label_of(method: str, start: str = "") -> str:
    """Return how a method is called, and what its training started from."""
    name = method_card(method).label if method in available() else method
    return f"{name}, {STARTS.get(start, start)}" if start else name


def data_label(target: object, split: object) -> str:
    """Return how data and what is held out of them are called."""
    return f"{target}, {SPLITS.get(str(split), split)}"


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return what stands above the tables; first, whether anything leads the line mean.

    Parameters
    ----------
    tables
        metrics, differences, disentanglement, moved: as `lacuna.single_cell.score_jobs.score_cells`
        writes them.
    """
    leads = texts(tables["differences"])
    against = (
        (leads["against"] == REFERENCE) & (leads["dose"] == ANY_DOSE) & (leads["genes"] == ALL)
    )
    said, ahead, told = [], [], False
    for target, split, rows in by_split(leads[against]):
        have = set(rows["metric"])
        main = next(name for name in MAIN if name in have) if MAIN[1] in have else MAIN[2]
        rows = rows[rows["metric"] == main]
        networks, plain = rows[rows["start"] != ""], rows[rows["start"] == ""]
        where = data_label(target, split)
        for kind, part in (("network", networks), ("plain method", plain)):
            if part.empty:
                continue
            if part["low"].isna().all():
                said.append(f"{where}: too few drugs for intervals; no {kind} can be said to lead.")
                continue
            told |= kind == "network"
            best = part.iloc[int(part["value"].argmax())]
            leading = part[(part["low"] > 0) & (part["p_holm"] <= MOST_P)]
            if kind == "network" and len(leading):
                ahead.append(where)
            found = f"{len(leading)} of {len(part)} {kind}s" if len(leading) else f"no {kind}"
            lead = "leads" if len(leading) == 1 or not len(leading) else "lead"
            said.append(
                f"{where}: {found} {lead} the mean of the training drugs; the lead of the best, "
                f"{label_of(best['method'], best['start'])}, is {with_interval(best)} in "
                f"{metric_label(main)}, over {best['drugs']:.0f} drugs."
            )
    first = "No network leads the mean of the training drugs in any data that can tell"
    if not told:
        first = "No data here can tell whether a network leads the mean of the training drugs"
    if ahead:
        first = f"A network leads the mean of the training drugs in: {'; '.join(ahead)}"
    how = " (95 % interval above 0, and p at most 0.05 for all comparisons together, Holm)."
    return [first + how, *said, ABOUT, FLATTERS]


def by_split(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield target, split and the rows of each."""
    for (target, split), rows in table.groupby(["target", "split"], sort=False):
        yield str(target), str(split), rows


def texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the texts filled that are empty, which tables read as missing."""
    names = table.columns.intersection(
        ["start", "against_start", "encoder", "gene_set", "dose", "target", "split"]
    )
    return table.assign(**{name: table[name].fillna("").astype(str) for name in names})


def with_interval(row: pd.Series) -> str:
    """Return value and interval of a row; of too few drugs, the value alone."""
    if pd.isna(row["low"]):
        return f"{row['value']:.3g}"
    return f"{row['value']:.3g} [{row['low']:.3g}, {row['high']:.3g}]"
