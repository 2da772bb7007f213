"""The tables of the page of scores: controls on top, intervals beside every value."""

from collections.abc import Callable, Mapping

import pandas as pd

from lacuna.single_cell.averages import ANY_DOSE, CLIPPED
from lacuna.single_cell.card import available, method_card
from lacuna.single_cell.claims import (
    MAIN,
    by_split,
    data_label,
    label_of,
    texts,
    with_interval,
)
from lacuna.single_cell.metrics import ALL, DEG, DEG_POOLED, METRICS, metric_label
from lacuna.single_cell.published import ENCODERS, encoder_of

SHOWN = (
    *("change_pearson", "specific_pearson", "change_r2", "change_sign", "overlap"),
    *("reciprocal_rank", "rank_share", "pearson", "r2_mean", "r2_variance", "coverage", "mse"),
    *("e_distance", "mmd"),
)
GENES = {ALL: "all genes", DEG: "listed genes of the dose", DEG_POOLED: "listed genes, all doses"}
BY_DOSE = ("change_pearson", "specific_pearson", "r2_mean")
LED = ("change_pearson", *MAIN, CLIPPED)  # metrics whose leads are shown
NO_TABLE = "no table given"
NOT_HERE = "not in this run"


def sections(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of the page, each with its heading.

    Parameters
    ----------
    tables
        As `sentences` takes them; also published, rows of resources/published.tsv beside this run's
        (columns place, what, key, published, ours), and account and left_out, where there are any.
    """
    metrics = texts(tables["metrics"])
    shown = []
    for target, split, rows in by_split(metrics):
        where = data_label(target, split)
        judged = passed(tables["disentanglement"], target, split)
        doses = set(rows["dose"]) - {ANY_DOSE}
        highest = max(doses, key=float) if len(doses) > 1 else ANY_DOSE
        for genes in GENES:
            for dose in dict.fromkeys((ANY_DOSE, highest)):
                table = wide(rows[(rows["genes"] == genes) & (rows["dose"] == dose)], judged)
                if len(table):
                    shown.append((f"{where}: {GENES[genes]}, {_dose_label(dose)}", table))
        as_published = clipped(rows[rows["dose"] == highest], judged)
        if len(as_published):
            heading = f"{where}: r² clipped at 0, {_dose_label(highest)}"
            shown.append((f"{heading}, as Tables 2 and 3 of the paper", as_published))
        by_dose = doses_of(rows)
        if len(by_dose):
            shown.append((f"{where}: by dose, all genes", by_dose))
    shown.append(
        (
            "Leads of networks, and of plain methods over the line mean",
            _leads(tables["differences"]),
        )
    )
    if "published" in tables:
        shown.append(
            ("Numbers of the paper", beside_published(tables["published"], metrics["encoder"]))
        )
    shown.append(("What there is to predict", _rounded(tables["moved"])))
    if len(tables["disentanglement"]):
        shown.append(("What basal states still tell", _runs(tables["disentanglement"])))
        shown.append(("The same, over runs", over_runs(tables["disentanglement"])))
    for name, heading in (("account", "From files to cells"), ("left_out", "Left out")):
        if name in tables:
            shown.append((heading, _rounded(tables[name])))
    return shown


def wide(rows: pd.DataFrame, judged: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Return a row per method, controls first, a column for each metric with its interval.

    Parameters
    ----------
    rows
        Of metrics.tsv, of one target, split, gene set and dose.
    judged
        See `passed`.
    """
    names = [name for name in SHOWN if (rows["metric"] == name).any()]
    if not names:
        return pd.DataFrame()
    rows = rows[rows["metric"].isin(names)]
    rows = rows.assign(shown=[with_interval(row) for _, row in rows.iterrows()])
    run = ["method", "start"]
    table = rows.pivot_table("shown", run, "metric", aggfunc="first")[names]
    counts = rows.groupby(run)[["drugs", "combinations"]].max()
    table = table.join(counts.astype(object)).reindex(_ordered(rows))
    table.insert(0, "basal state", [judged.get(name, "") for name in table.index])
    table.insert(0, "who", [label_of(*name) for name in table.index])
    chance = rows.groupby("metric")["chance"].mean().reindex(names)
    first = {name: "" if pd.isna(value) else f"{value:.3g}" for name, value in chance.items()}
    table = pd.concat([pd.DataFrame([{"who": "chance", **first}]), table], ignore_index=True)
    order = ["who", "basal state", *names, "drugs", "combinations"]
    return table[order].fillna("").rename(columns={name: _marked(name) for name in names})


def clipped(rows: pd.DataFrame, judged: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Return mean and median over conditions of clipped r², on all genes and on both lists."""
    rows = rows[rows["metric"] == CLIPPED]
    if rows.empty:
        return pd.DataFrame()
    made: list[dict[str, object]] = []
    for method, start in _ordered(rows):
        own = rows[(rows["method"] == method) & (rows["start"] == start)].set_index("genes")
        row: dict[str, object] = {"who": label_of(method, start)}
        row["basal state"] = judged.get((method, start), "")
        for genes in (name for name in GENES if name in own.index):
            first = own.loc[[genes]].iloc[0]
            row[f"mean, {GENES[genes]}"] = with_interval(first)
            row[f"median, {GENES[genes]}"] = f"{first['median']:.3g}"
        made.append(row | {"combinations": int(own["combinations"].max())})
    return pd.DataFrame(made).fillna("")


def doses_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per method, a column for each dose and metric that a lead is told by."""
    names = [name for name in ("change_pearson", MAIN[0], "r2_mean") if name in set(rows["metric"])]
    rows = rows[(rows["dose"] != ANY_DOSE) & (rows["genes"] == ALL) & rows["metric"].isin(names)]
    doses = sorted(set(rows["dose"]), key=float)
    if len(doses) < 2:
        return pd.DataFrame()
    columns = [f"{_marked(name)}, {dose} µM" for name in names for dose in doses]
    rows = rows.assign(
        column=[
            f"{_marked(name)}, {dose} µM"
            for name, dose in zip(rows["metric"], rows["dose"], strict=True)
        ],
        shown=[with_interval(row) for _, row in rows.iterrows()],
    )
    table = rows.pivot_table("shown", ["method", "start"], "column", aggfunc="first")
    table = table.reindex(index=_ordered(rows), columns=columns).fillna("")
    table.insert(0, "who", [label_of(*name) for name in table.index])
    return table.reset_index(drop=True)


def passed(disentanglement: pd.DataFrame, target: str, split: str) -> dict[tuple[str, str], str]:
    """Say of each network how many of its runs have basal states that tell neither drug nor line.

    Cells that the classifier did not see decide, where there are any. A network that fails stays in
    all tables, marked so.
    """
    rows = texts(disentanglement)
    rows = rows[(rows["target"] == target) & (rows["split"] == split)]
    if (rows["way"] == "held_out").any():
        rows = rows[rows["way"] == "held_out"]
    found = {}
    for (model, start), part in rows.groupby(["model", "start"], sort=False):
        runs = part.groupby(["fold", "seed"])["passes"].all()
        count = f"{int(runs.sum())} of {len(runs)} runs"
        found[str(model), str(start)] = "passes" if runs.all() else f"FAILS: {count} pass"
    return found


def beside_published(published: pd.DataFrame, encoders: pd.Series) -> pd.DataFrame:
    """Return the paper's numbers beside this run's.

    Parameters
    ----------
    published
        place, what, key, published, ours (NaN where this run has none).
    encoders
        Of this run's networks: of one that the paper has and this run has no vectors of, it is said
        that no table was given.
    """
    there = {encoder_of(name) for name in encoders.fillna("")} | {"RDKit"}
    ours = []
    for key, value in zip(published["key"], published["ours"], strict=True):
        foreign = any(part in ENCODERS and part not in there for part in str(key).split("/"))
        none = NO_TABLE if foreign else NOT_HERE
        ours.append(none if pd.isna(value) else f"{value:.3g}")
    return published[["place", "what", "published"]].assign(ours=ours)


def over_runs(disentanglement: pd.DataFrame) -> pd.DataFrame:
    """Return mean ± standard deviation over runs, of all and of the five best disentangled."""
    rows = texts(disentanglement)
    made = []
    by = ["target", "split", "model", "start", "way"]
    for names, part in rows.groupby(by, sort=False):
        for which, chosen in (("all", part), ("five best", part[part["best"].astype(bool)])):
            if chosen.empty:
                continue
            runs = chosen.drop_duplicates(["fold", "seed"])
            row = dict(zip(by, map(str, names), strict=True)) | {"runs": f"{which}: {len(runs)}"}
            for of, table in chosen.groupby("of"):
                row[f"accuracy for the {of}"] = _spread(table["accuracy"])
            row["r², all genes"] = _spread(runs["r2_all"])
            row["r², listed genes"] = _spread(runs["r2_deg"])
            made.append(row)
    return pd.DataFrame(made).fillna("")


def _leads(differences: pd.DataFrame) -> pd.DataFrame:
    rows = texts(differences)
    rows = rows[rows["metric"].isin(LED) & rows["genes"].isin((ALL, DEG_POOLED))]

    def named(naming: Callable[[str, str], str], *columns: str) -> list[str]:
        return [naming(*pair) for pair in zip(*(rows[name] for name in columns), strict=True)]

    return pd.DataFrame(
        {
            "data": named(data_label, "target", "split"),
            "genes": rows["genes"].map(GENES),
            "dose": rows["dose"],
            "metric": rows["metric"].map(metric_label),
            "who": named(label_of, "method", "start"),
            "against": named(label_of, "against", "against_start"),
            "lead": [with_interval(row) for _, row in rows.iterrows()],
            **{label: rows[name].map(_short) for name, label in P_VALUES.items()},
            "drugs": rows["drugs"],
        }
    )


def _short(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2g}"


P_VALUES = {
    "p_holm": "p (Holm), over drugs",
    "t_p": "p, paired t over conditions, as published",
    "t_p_holm": "the same (Holm)",
}


def _runs(disentanglement: pd.DataFrame) -> pd.DataFrame:
    return _rounded(texts(disentanglement)).rename(columns=lambda name: name.replace("_", " "))


def _ordered(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return who is in a table: controls, other plain methods, networks."""
    names = list(dict.fromkeys(zip(rows["method"], rows["start"], strict=True)))
    known = set(available())

    def place(name: tuple[str, str]) -> int:
        if name[1]:
            return 2
        return int(not (name[0] in known and method_card(name[0]).control))

    return sorted(names, key=place)


def _dose_label(dose: str) -> str:
    return "all doses" if dose == ANY_DOSE else f"{dose} µM"


def _marked(metric: str) -> str:
    flatters = metric in METRICS and METRICS[metric].flatters
    return metric_label(metric) + (" *" if flatters else "")


def _spread(values: pd.Series) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=0):.2f}"


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda value: f"{value:.3g}" if isinstance(value, float) else value)
