"""The report's tables, as HTML pages that stand alone."""

import pandas as pd

from lacuna.names import ANALYSIS_NAMES, NO_SETTING, method_name


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


def conclude_variations(variations: pd.DataFrame, analyses: list[str]) -> list[str]:
    """Say of each analysis what its settings change, and whether that is beyond chance.

    Parameters
    ----------
    variations
        As `lacuna.cell_to_cell.variations.summarise` returns it, of all analyses.
    analyses
        All that were asked for, also those without any setting.
    """
    said = []
    for analysis in analyses:
        rows = variations[variations["analysis"] == analysis]
        sentences = _conclude_variation(rows) if len(rows) else [f"{NO_SETTING[analysis]}."]
        said.append(f"{ANALYSIS_NAMES[analysis]}: {' '.join(sentences)}")
    return said


def _conclude_variation(rows: pd.DataFrame) -> list[str]:
    is_reference = rows["setting"] == rows["reference"]
    if not is_reference.any():
        return _verdicts(rows, "gain", "the copy")
    reference = next(rows[is_reference].itertuples())
    name = method_name(reference.setting)
    better, worse = (rows["gain_low"] > 0).sum(), (rows["gain_high"] < 0).sum()
    return [
        f"{name} has a mean correlation of {_scored(reference, 'value')}, which is "
        f"{_scored(reference, 'gain', '+')} above the copy.",
        *_verdicts(rows[~is_reference], "difference", name),
        f"Of all {len(rows)} settings {better} lie above the copy, {worse} below.",
    ]


def _verdicts(rows: pd.DataFrame, name: str, other: str) -> list[str]:
    """Name the settings below, above and neither, by the interval of a difference."""
    below, above = rows[f"{name}_high"] < 0, rows[f"{name}_low"] > 0
    sentences = []
    for verdict, chosen in (
        ("Below", below),
        ("Above", above),
        ("Not told by these drugs from", ~below & ~above),
    ):
        named = [
            f"{method_name(row.setting)} ({_scored(row, name, '+')})"
            for row in rows[chosen].itertuples()
        ]
        if named:
            sentences.append(f"{verdict} {other}: {'; '.join(named)}.")
    return sentences


def variation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per setting of an analysis, the intervals in one cell.

    Parameters
    ----------
    rows
        As `lacuna.cell_to_cell.variations.summarise` returns them.
    """
    shown = {
        "setting": rows["setting"].map(method_name),
        "profiles": rows["profiles"],
        "drugs": rows["drugs"],
    }
    for heading, name, sign in (
        ("Pearson r", "value", ""),
        ("of the copy", "copy", ""),
        ("above the copy by", "gain", "+"),
    ):
        shown[heading] = [_scored(row, name, sign) for row in rows.itertuples()]
    for reference in rows["reference"].dropna().unique():
        shown[f"against {method_name(reference)}, same profiles"] = [
            "" if row.setting == reference else _scored(row, "difference", "+")
            for row in rows.itertuples()
        ]
    return pd.DataFrame(shown)


def _scored(row, name: str, sign: str = "") -> str:
    ends = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
    value, low, high = (f"{getattr(row, column):{sign}z.3f}" for column in (name, *ends))
    return f"{value}, too few drugs for an interval" if low == "nan" else f"{value} [{low}, {high}]"
