"""The tables and sentences on the prediction from cell to cell, as the report shows them."""

from collections.abc import Sequence

import pandas as pd

from lacuna.cell_to_cell.analyses import ANALYSES, analysis_label, no_setting
from lacuna.cell_to_cell.study import OTHER_TEST, OTHER_TRAINING, TEST, TRAINING, TWIN
from lacuna.cell_to_cell.variations import ALL_TARGETS
from lacuna.completion.registry import method_label

MOST_TARGETS = 3  # cells that a table shows one by one


def division_note(division: pd.DataFrame, repeats: int) -> str:
    """Say which cells a study of predictions from cell to cell has, how many drugs, what is judged.

    Parameters
    ----------
    division
        As `lacuna.cell_to_cell.study.division_table` returns it.
    repeats
        How often each training was repeated.
    """
    inside = division[division["part"].isin([TRAINING, TEST])]
    cells = ", ".join(inside["cell"].drop_duplicates())
    drugs, profiles = division.groupby("part")["drug"].nunique(), division["part"].value_counts()
    others = twins = ""
    if OTHER_TEST in drugs:
        others = (
            f" Perturbations that are no compounds, in `loss_of_function` alone: training "
            f"{drugs.get(OTHER_TRAINING, 0):,}, test {drugs[OTHER_TEST]:,}."
        )
    if TWIN in drugs:
        twins = (
            f" Salts and stereo twins of test drugs, neither trained on nor tested: "
            f"{drugs[TWIN]:,}."
        )
    return (
        f"Cells of the study: {cells}. Training: {drugs[TRAINING]:,} drugs with "
        f"{profiles[TRAINING]:,} profiles; test: {drugs[TEST]:,} other drugs with "
        f"{profiles[TEST]:,}.{twins}{others} {_judged(repeats)}"
    )


def _judged(repeats: int) -> str:
    if repeats == 1:
        return (
            "Intervals are over test drugs alone: each training was made once, and what another "
            "start of it would change is not in them. So no verdict is drawn on two trainings, nor "
            "can one be; against the copy, which is not trained, below and above say that the 95 % "
            "interval, of these drugs and this one training, does not hold 0. For verdicts, set "
            "cell_to_cell: repeats to 3 or more."
        )
    few = (
        " Two trainings say little of their own chance: intervals are wide." if repeats == 2 else ""
    )
    return (
        f"Each training was made {repeats} times, from other starts. Intervals are over test drugs "
        "and over trainings; differences are taken between trainings of one number. Below and "
        f"above say that the 95 % interval of a difference does not hold 0.{few}"
    )


def variation_sentences(variations: pd.DataFrame, analyses: Sequence[str]) -> list[str]:
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
        if not len(rows):
            paragraphs.append(f"{analysis_label(analysis)}: {no_setting(analysis)}.")
            continue
        sentences = _variation_sentences(rows[rows["into"] == ALL_TARGETS])
        if analysis in ANALYSES and ANALYSES[analysis].by_target:
            sentences += _target_sentences(rows)
        paragraphs.append(f"{analysis_label(analysis)}: {' '.join(sentences)}")
    return paragraphs


def _variation_sentences(rows: pd.DataFrame) -> list[str]:
    is_reference = rows["setting"] == rows["reference"]
    if not is_reference.any():
        return _verdicts(rows, "gain", "the copy")
    sentences = []
    # One reference of most analyses; of loss_of_function one of each type.
    for name in rows["reference"].dropna().unique():
        compared = rows[rows["reference"] == name]
        if not (compared["setting"] == name).any():
            continue
        reference = compared[compared["setting"] == name].iloc[0]
        sentences += [
            f"{method_label(name)} has a mean correlation of {_scored(reference, 'value')}, which "
            f"is {_scored(reference, 'gain', '+')} above the copy.",
            *_verdicts(compared[compared["setting"] != name], "difference", method_label(name)),
        ]
    told = rows["gain_low"].notna().sum()
    better, worse = (rows["gain_low"] > 0).sum(), (rows["gain_high"] < 0).sum()
    which = "" if told < len(rows) else "all "
    counted = f"Of {which}{told} settings {better} lie above the copy, {worse} below."
    return [*sentences, counted]


def _target_sentences(rows: pd.DataFrame) -> list[str]:
    """Say the same of each cell that is predicted, where these are few."""
    targets = [into for into in rows["into"].unique() if into != ALL_TARGETS]
    sentences = []
    for into in targets if len(targets) <= MOST_TARGETS else []:
        of_cell = rows[rows["into"] == into]
        is_reference = of_cell["setting"] == of_cell["reference"]
        if is_reference.any():
            said = _verdicts(
                of_cell[~is_reference], "difference", method_label(of_cell["reference"].iloc[0])
            )
        else:
            said = _verdicts(of_cell, "gain", "the copy")
        sentences += [f"Into {into}: {' '.join(said)}"] if said else []
    return sentences


def _verdicts(rows: pd.DataFrame, name: str, other: str) -> list[str]:
    """Name the settings below, above, neither, and those of which nothing can be told."""
    few = rows[f"{name}_low"].isna()
    # Two trainings, of each one: their difference may be all chance.
    once = rows["repeats"].eq(1) & rows["training"].ne(rows["reference_training"]) & ~few
    if name == "gain":
        once &= False
    told = ~few & ~once
    below, above = told & (rows[f"{name}_high"] < 0), told & (rows[f"{name}_low"] > 0)
    sentences = []
    for verdict, chosen in (
        ("Below", below),
        ("Above", above),
        ("Not told by these drugs from", told & ~below & ~above),
        ("One training each, so no verdict against", once),
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
    """Return one row per setting of an analysis, and per cell predicted where these are few.

    Parameters
    ----------
    rows
        As `lacuna.cell_to_cell.variations.summarise` returns them.
    """
    if rows["into"].nunique() - 1 > MOST_TARGETS:
        rows = rows[rows["into"] == ALL_TARGETS]
    table = pd.DataFrame(
        {
            "setting": rows["setting"].map(method_label),
            "from": rows["given"].fillna("").replace("", "several cells"),
            "into": rows["into"],
            "trainings": rows["repeats"],
            "profiles": rows["profiles"],
            "drugs": rows["drugs"],
            "Pearson r": _scored_rows(rows, "value"),
            "of the copy": _scored_rows(rows, "copy"),
            "above the copy by": _scored_rows(rows, "gain", "+"),
        }
    )
    for reference in rows["reference"].dropna().unique():
        shown = rows["reference"].eq(reference) & rows["setting"].ne(reference)
        differences = _scored_rows(rows, "difference", "+").where(shown, "")
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
