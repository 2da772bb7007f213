"""The tables and sentences on the prediction from cell to cell, as the report shows them."""

import pandas as pd

from lacuna.cell_to_cell.analyses import analysis_label, no_setting
from lacuna.completion.registry import method_label


def division_note(division: pd.DataFrame) -> str:
    """Say which cells a study of predictions from cell to cell has, and how many drugs.

    Parameters
    ----------
    division
        As `lacuna.cell_to_cell.study.division_table` returns it.
    """
    inside = division[division["part"].isin(["training", "test"])]
    cells = ", ".join(inside["cell"].drop_duplicates())
    drugs, profiles = inside.groupby("part")["drug"].nunique(), inside["part"].value_counts()
    return (
        f"Cells of the study: {cells}. Training: {drugs['training']:,} drugs with "
        f"{profiles['training']:,} profiles; test: {drugs['test']:,} other drugs with "
        f"{profiles['test']:,}. Below and above say that the 95 % interval of a difference does "
        "not hold 0. Intervals are over test drugs: each setting is trained once, and what another "
        "start of its training would change is not in them."
    )


def variation_sentences(variations: pd.DataFrame, analyses: list[str]) -> list[str]:
    """Say of each analysis what its settings change, and whether that is beyond chance.

    Parameters
    ----------
    variations
        As `lacuna.cell_to_cell.variations.summarise` returns it, of all analyses.
    analyses
        All that were asked for, also those without any setting.
    """
    paragraphs = []
    for analysis in analyses:
        rows = variations[variations["analysis"] == analysis]
        sentences = _variation_sentences(rows) if len(rows) else [f"{no_setting(analysis)}."]
        paragraphs.append(f"{analysis_label(analysis)}: {' '.join(sentences)}")
    return paragraphs


def _variation_sentences(rows: pd.DataFrame) -> list[str]:
    is_reference = rows["setting"] == rows["reference"]
    if not is_reference.any():
        return _verdicts(rows, "gain", "the copy")
    reference = rows[is_reference].iloc[0]
    name = method_label(reference["setting"])
    told = rows["gain_low"].notna().sum()
    better, worse = (rows["gain_low"] > 0).sum(), (rows["gain_high"] < 0).sum()
    return [
        f"{name} has a mean correlation of {_scored(reference, 'value')}, which is "
        f"{_scored(reference, 'gain', '+')} above the copy.",
        *_verdicts(rows[~is_reference], "difference", name),
        f"Of {told} settings {better} lie above the copy, {worse} below."
        if told < len(rows)
        else f"Of all {told} settings {better} lie above the copy, {worse} below.",
    ]


def _verdicts(rows: pd.DataFrame, name: str, other: str) -> list[str]:
    """Name the settings below, above, neither, and without an interval of the difference."""
    few = rows[f"{name}_low"].isna()
    below, above = rows[f"{name}_high"] < 0, rows[f"{name}_low"] > 0
    sentences = []
    for verdict, chosen in (
        ("Below", below),
        ("Above", above),
        ("Not told by these drugs from", ~below & ~above & ~few),
        ("Of too few drugs to be told from", few),
    ):
        settings = [
            f"{method_label(row['setting'])} ({_scored(row, name, '+')})"
            for _, row in rows[chosen].iterrows()
        ]
        if settings:
            sentences.append(f"{verdict} {other}: {'; '.join(settings)}.")
    return sentences


def variation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per setting of an analysis, the intervals in one cell.

    Parameters
    ----------
    rows
        As `lacuna.cell_to_cell.variations.summarise` returns them.
    """
    table = pd.DataFrame(
        {
            "setting": rows["setting"].map(method_label),
            "profiles": rows["profiles"],
            "drugs": rows["drugs"],
            "Pearson r": _scored_rows(rows, "value"),
            "of the copy": _scored_rows(rows, "copy"),
            "above the copy by": _scored_rows(rows, "gain", "+"),
        }
    )
    for reference in rows["reference"].dropna().unique():
        differences = _scored_rows(rows, "difference", "+").mask(rows["setting"] == reference, "")
        table[f"against {method_label(reference)}, same profiles"] = differences
    return table


def _scored_rows(rows: pd.DataFrame, name: str, sign: str = "") -> pd.Series:
    return pd.Series([_scored(row, name, sign) for _, row in rows.iterrows()], rows.index, object)


def _scored(row: pd.Series, name: str, sign: str = "") -> str:
    low, high = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
    value = f"{row[name]:{sign}z.3f}"
    if pd.isna(row[low]):
        return f"{value}, too few drugs for an interval"
    return f"{value} [{row[low]:{sign}z.3f}, {row[high]:{sign}z.3f}]"
