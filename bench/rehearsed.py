"""What the whole of GSE92742 takes, from rehearsals of a few scales.

Times are those that jobs took by the clock. Snakemake's benchmarks have CPU seconds, too, but only
up to the last of their looks, which are half a minute apart.
"""

import numpy as np
import pandas as pd

from lacuna.classification.stage import threads

# What config/hodos.yaml is to come to: the wells of GSE92742, the counts that the paper prints of
# the other two (large tensor; small tensor, 71 % of 300 x 15).
PAPER = {
    "wells": 1_319_138,
    "experiments": 201_484,
    "drugs": 2_130,
    "cells": 71,
    "profiles": 15_855,
    "small_profiles": 3_195,
    "tasks": 10,
    "trees": 500,
}
MEASURES = ["wall_s", "longest_s", "peak_mb", "written_mb"]
# What a part grows with; the first name that a part begins with counts. Low-rank completion and
# neighbours compare all drugs with each other in each cell.
LAWS = {
    "acquire_file matrix": "wells",
    "check_tables": "wells",
    "unpack_matrix": "wells",
    "make_signatures": "wells",
    "build_tensor": "experiments",
    "predict_folds large falrtc": "drugs^2 cells",
    "predict_folds large dnpp": "drugs^2 cells",
    "predict_folds large": "drugs cells",
    "predict_folds small": "small_profiles",
    "score_method small": "small_profiles",
    "measure_density": "small_profiles",
    "thin_tensor": "small_profiles",
    "complete_tensor": "drugs^2 cells",
    "classify_drugs random_forest": "drugs tasks trees",
    "classify_drugs logistic_regression": "drugs^3 tasks",
    "classify_drugs": "drugs tasks",
    "acquire_file table": "nothing",
    "whole run": "wells",
    "": "profiles",
}
# Where the most memory grows otherwise: with the grids that are held.
PEAK_LAWS = {
    "predict_folds large": "drugs cells",
    "complete_tensor": "drugs cells",
    "classify_drugs": "drugs cells",
}
MACHINES = {"laptop": (8, 16), "node": (32, 128), "cluster, 100 jobs": (100, 800)}  # cores, GB
LINES = {"100 Mbit/s": 12.5, "1 Gbit/s": 125.0}  # MB a second


def law_of(part: str, measure: str = "") -> str:
    """Return what a measure of a part grows with."""
    laws = [*(PEAK_LAWS.items() if measure == "peak_mb" else ()), *LAWS.items()]
    return next(law for name, law in laws if part.startswith(name))


def size_of(law: str, facts: pd.Series | dict) -> float:
    """Return the number that a law speaks of, relative to the paper's."""
    value = 1.0
    for term in law.split():
        name, _, power = term.partition("^")
        value *= 1 if name == "nothing" else (facts[name] / PAPER[name]) ** int(power or 1)
    return value


def fit(sizes: np.ndarray, took: np.ndarray) -> tuple[float, float]:
    """Return a and b of took = a + b size, both at least 0.

    The line goes through what the largest size took, as that is nearest to what is foretold; a has
    the least squared relative error at the others.
    """
    largest = sizes == sizes.max()
    top = took[largest].mean()
    relative, others = sizes / sizes.max(), np.maximum(took, 1e-3)
    slopes, errors = (1 - relative) / others, (top * relative - took) / others
    spread = slopes @ slopes
    start = float(np.clip(-(slopes @ errors) / spread, 0, top)) if spread else float(top)
    return start, (top - start) / sizes.max()


def foretell(table: pd.DataFrame, facts: dict | None = None) -> pd.DataFrame:
    """Foretell what each part takes at the paper's size, or another.

    Parameters
    ----------
    table
        As `rehearse.py` gathers it.
    facts
        The size: keys as in `PAPER`.

    Returns
    -------
    DataFrame with columns stage, part, law, wall_s, cpu_s, longest_s, peak_mb, written_mb
        Empty where fewer than two scales were rehearsed.
    """
    facts = PAPER if facts is None else facts
    known = table[table.get("part") != "whole run"]
    if known.empty or known["scale"].nunique() < 2:
        return pd.DataFrame()
    rows = []
    for (stage, part), runs in known.groupby(["stage", "part"], sort=False):
        rows.append({"stage": stage, "part": part, "law": law_of(str(part))})
        for measure in MEASURES:
            law = law_of(str(part), measure)
            sizes = np.array([size_of(law, run) for _, run in runs.iterrows()])
            took = runs[measure].fillna(0).to_numpy(dtype=float)
            start, slope = fit(sizes, took)
            rows[-1][measure] = start + slope * size_of(law, facts)
        rule, _, model = str(part).partition(" ")
        if rule == "classify_drugs":  # one job, which tells several tasks side by side
            block = {"classification": {"trees": int(facts["trees"])}}
            rows[-1]["longest_s"] /= threads(block, model)
    return pd.DataFrame(rows)


def judge(table: pd.DataFrame) -> pd.DataFrame:
    """Foretell each scale from the smaller ones, two at least, and compare with what it took."""
    rows = []
    for scale, run in table[table["part"] != "whole run"].groupby("scale"):
        told = foretell(table[table["scale"] < scale], run.iloc[0].to_dict())
        if told.empty:
            continue
        both = run.merge(told, on="part", suffixes=("", "_told"))
        peaks = both["peak_mb_told"] / both["peak_mb"]
        rows.append(
            {
                "scale": scale,
                "job_s": both["wall_s"].sum(),
                "job_s_told": both["wall_s_told"].sum(),
                "ratio": both["wall_s_told"].sum() / both["wall_s"].sum(),
                "peak_ratio_lowest": peaks.min(),
                "peak_ratio_highest": peaks.max(),
            }
        )
    return pd.DataFrame(rows)


def hours_on(told: pd.DataFrame, cores: int, memory_gb: float) -> float:
    """Return the hours of all stages, one after the other, each with its jobs side by side."""
    at_once = np.clip(memory_gb * 1e3 // np.maximum(told["peak_mb"], 1), 1, cores)
    stages = told.assign(shared=told["wall_s"] / at_once).groupby("stage")
    return float(np.maximum(stages["longest_s"].max(), stages["shared"].sum()).sum() / 3600)


def print_needs(table: pd.DataFrame, told: pd.DataFrame) -> None:
    """Print what the whole of GSE92742 takes, on which machine, and how well it is foretold."""
    if told.empty:
        print("\nRehearse a second scale, and what the whole of GSE92742 takes is foretold.")
        return
    scales = ", ".join(f"{scale:g}" for scale in sorted(table["scale"].unique()))
    print(f"\nThe whole of GSE92742, foretold from scales {scales}:")
    stages = told.groupby("stage", sort=False).agg(
        job_h=("wall_s", lambda seconds: seconds.sum() / 3600),
        longest_job_h=("longest_s", lambda seconds: seconds.max() / 3600),
        peak_gb=("peak_mb", lambda megabytes: megabytes.max() / 1e3),
        written_gb=("written_mb", lambda megabytes: megabytes.sum() / 1e3),
    )
    print(stages.round(2).to_string())
    longest = told.nlargest(8, "wall_s").assign(job_h=lambda t: t["wall_s"] / 3600)
    print("\nThe parts that take most:")
    print(longest[["part", "law", "job_h", "peak_mb"]].round(2).to_string(index=False))
    whole = table[table["part"] == "whole run"]
    packed = float((whole["packed_mb"] / whole["wells"]).mean() * PAPER["wells"])
    print(f"\nDownload of {packed / 1e3:,.0f} GB:")
    for name, speed in LINES.items():
        print(f"  at {name}: {packed / speed / 3600:,.1f} hours")
    for name, (cores, memory) in MACHINES.items():
        hours = hours_on(told, cores, memory)
        fits = "fits" if told["peak_mb"].max() < memory * 1e3 else "one job alone needs more"
        print(f"{name} ({cores} cores, {memory} GB; {fits}): {hours:,.1f} hours after the download")
    forest = table[table["part"] == "classify_drugs random_forest"]
    for _, run in forest.iterrows():
        print(
            f"Forests at scale {run['scale']:g}: {run['wall_s'] / run['trees']:.2f} seconds a "
            f"tree of all forests ({run['trees']} trees ran, the paper has {PAPER['trees']})"
        )
    print("\nEach scale as the smaller ones foretell it (ratio: foretold to measured):")
    print(judge(table).round(2).to_string(index=False))


def table_for_docs(table: pd.DataFrame, told: pd.DataFrame) -> str:
    """Return the page's table: seconds, memory and disk of each stage, by scale, and foretold."""
    lines = []
    for scale, run in table.groupby("scale"):
        facts, whole = run.iloc[0], run[run["part"] == "whole run"].iloc[0]
        lines.append(
            f"Scale {scale:g} on {facts['cores']} cores: {facts['wells']:,} wells, large tensor "
            f"{facts['drugs']:,} x {facts['cells']} ({facts['profiles']:,} profiles), small "
            f"{facts['small_drugs']} x {facts['small_cells']}; {whole['wall_s'] / 60:.1f} minutes "
            f"from download to report, {whole['disk_mb'] / 1024:.1f} GiB on disk at most.\n"
        )
    stages = table[table["part"] != "whole run"].pivot_table(
        index="stage", columns="scale", values="wall_s", aggfunc="sum", sort=False
    )
    peaks = table.groupby("stage", sort=False)["peak_mb"].max()
    names = [f"jobs, s, at {scale:g}" for scale in stages]
    names += ["most memory of a job so far, MiB"]
    rows = [[f"{cell:,.0f}" for cell in [*stages.loc[s], peaks[s]]] for s in stages.index]
    if not told.empty:
        names += ["hours of jobs for all of GSE92742, foretold", "memory, MiB"]
        by = told.groupby("stage")
        for row, stage in zip(rows, stages.index, strict=True):
            of_stage = by.get_group(stage)
            row += [f"{of_stage['wall_s'].sum() / 3600:,.2f}", f"{of_stage['peak_mb'].max():,.0f}"]
    body = [
        f"| {' | '.join([f'`{s}`', *row])} |" for s, row in zip(stages.index, rows, strict=True)
    ]
    head = [f"| {' | '.join(['stage', *names])} |", "|---" * (len(names) + 1) + "|"]
    if not (judged := judge(table)).empty:
        body += [
            f"\nFrom the smaller scales {row['scale']:g} is foretold at {row['ratio']:.2f} of what "
            "it took."
            for _, row in judged.iterrows()
        ]
    return "\n".join([*lines, *head, *body, ""])
