"""The tables of a translation, as the report shows them."""

from collections.abc import Mapping

import pandas as pd

from lacuna.drawing.wording import with_interval, with_spaces
from lacuna.translation.assess import ALL, BASELINE, LANDMARKS, MEAN, NEW, RANDOM, TRUE
from lacuna.translation.card import step_card
from lacuna.translation.chain import END_TO_END

CONTROLS = {MEAN: "control: mean profile", RANDOM: "control: random pair"}
TRUE_LABEL = "control: true landmarks"
SCORES = {
    "pearson": "Pearson of samples",
    "spearman": "Spearman of samples",
    "rmse": "RMSE of samples",
    "gene_pearson": "Pearson of genes",
    "gene_rmse": "RMSE of genes",
    "identified": "own sample nearest, genes centred",
    "better_pearson": "share of genes above the baseline's Pearson",
    "better_rmse": "share of genes below the baseline's RMSE",
}
GENES = {
    ALL: "All genes",
    NEW: "Genes that step 2 adds",
    LANDMARKS: "Landmark genes",
}


def chain_label(first: str, second: str) -> str:
    """Return what a chain, or a control, is called in figures and tables."""
    if first in CONTROLS:
        return CONTROLS[first]
    end = "end to end" if second == END_TO_END else step_card("genome", second).label
    begin = TRUE_LABEL if first == TRUE else step_card("landmarks", first).label
    return f"{begin} + {end}"


def chain_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return a row per chain with all scores and their intervals, of one kind of genes.

    Parameters
    ----------
    metrics
        first, second, metric, value, low, high: see `lacuna.translation.assess.metrics`.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in metrics.itertuples(index=False):
        names = str(row.first), str(row.second)
        cells = rows.setdefault(names, {"chain": chain_label(*names)})
        bare = str(row.metric).startswith("better")  # a share of genes, which has no interval
        value = float(row.value)  # type: ignore[arg-type]  # itertuples knows no types
        low, high = float(row.low), float(row.high)  # type: ignore[arg-type]  # as above
        cells[SCORES[str(row.metric)]] = f"{value:.3f}" if bare else with_interval(value, low, high)
    return pd.DataFrame(list(rows.values())).fillna("")


def sentences(
    metrics: pd.DataFrame, differences: pd.DataFrame, shown: tuple[str, str]
) -> list[str]:
    """Say which chain leads, and that controls must be read beside it."""
    genes = metrics[metrics["genes"] == ALL]
    ours = genes[~genes["first"].isin([*CONTROLS, TRUE])]
    errors = ours[ours["metric"] == "rmse"].sort_values("value")
    best = errors.iloc[0]
    mean = genes[(genes["first"] == MEAN) & (genes["metric"] == "rmse")].iloc[0]
    said = [
        f"Of {len(errors)} chains, {chain_label(best['first'], best['second'])} has the lowest "
        f"RMSE on all genes, {_score(best)}; the mean profile of the training samples, the same "
        f"for all, has {_score(mean)}. The model written is {chain_label(*shown)}."
    ]
    if len(differences):
        lead = differences[
            (differences["genes"] == ALL)
            & (differences["metric"] == "rmse")
            & (differences["first"] == best["first"])
            & (differences["second"] == best["second"])
        ]
        for row in lead.to_dict("records"):
            beyond = row["high"] < 0 if pd.notna(row["high"]) else False
            said.append(
                f"Its RMSE is below that of the paper's baseline ({chain_label(*BASELINE)}) by "
                f"{with_interval(-row['value'], -row['high'], -row['low'])}"
                f"{'' if beyond else ', which may be chance'}."
            )
    said.append(
        "A correlation of samples is mostly what all samples share: read it beside the controls. "
        "Scores of genes, and whether the own sample is nearest once each gene is centred, are 0 "
        "for the mean profile."
    )
    return said


def sections(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of the page, each under its heading.

    Parameters
    ----------
    tables
        metrics, left_out, coverage and samples, and units where they are compared, as the jobs of
        the stage write them.
    """
    metrics = tables["metrics"]
    shown = [
        (heading, chain_table(metrics[metrics["genes"] == kind])) for kind, heading in GENES.items()
    ]
    shown.append(
        ("Step 2 on studies left out, from true landmarks", left_out_table(tables["left_out"]))
    )
    if len(tables["coverage"]):
        shown.append(
            (
                "Share of genes inside 90 % intervals, on the pairs",
                coverage_table(tables["coverage"]),
            )
        )
    if "units" in tables:
        shown.append(
            (
                "Ridge from true landmarks, by the unit of the samples that it is trained on",
                unit_table(tables["units"]),
            )
        )
    shown.append(("RNA-seq samples", with_spaces(tables["samples"])))
    return shown


def left_out_table(left_out: pd.DataFrame) -> pd.DataFrame:
    """Return a row per step with its scores on studies left out."""
    rows: dict[str, dict[str, str]] = {}
    for row in left_out.to_dict("records"):
        name = row["step"]
        label = CONTROLS.get(name) or _step_label(name)
        said = with_interval(row["value"], row["low"], row["high"])
        rows.setdefault(name, {"step": label})[row["metric"].replace("_", " ")] = said
    return pd.DataFrame(list(rows.values())).fillna("")


def _step_label(name: str) -> str:
    first, _, second = name.partition("/")
    return chain_label(first, second) if second else step_card("genome", name).label


def unit_table(units: pd.DataFrame) -> pd.DataFrame:
    """Return a row per unit, set of samples and step, see `lacuna.translation.units`."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in units.to_dict("records"):
        names = row["unit"], row["judged_on"], row["step"]
        label = CONTROLS.get(row["step"]) or _step_label(row["step"])
        cells = rows.setdefault(
            names,
            {
                "trained on": f"{row['unit']} ({row['samples']} samples)",
                "judged on": row["judged_on"],
                "step": label,
            },
        )
        said = with_interval(row["value"], row["low"], row["high"])
        cells[row["metric"].replace("_", " ")] = said
    return pd.DataFrame(list(rows.values())).fillna("")


def coverage_table(coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the share of genes inside stated intervals, by tercile of expression."""
    rows: dict[str, dict[str, str]] = {}
    for row in coverage.to_dict("records"):
        cells = rows.setdefault(row["errors"], {"errors": row["errors"]})
        cells[f"{row['tercile']} expression"] = with_interval(row["value"], row["low"], row["high"])
    return pd.DataFrame(list(rows.values()))


def _score(row: pd.Series) -> str:
    return with_interval(row["value"], row["low"], row["high"])
