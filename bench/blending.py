"""Is the factor model worth a place in Blend, and how many profiles does blending need?

`make bench-blending` makes the six simulated screens of `make bench-constants`, then runs this. It
cross-validates Kernel, the factor model and Blend with and without it on single profiles; and
predicts a fifth of small grids, drawn from the same screens, from few training profiles. It prints
how far each method lies above the first, with a 95 % t-interval over screens and its range, and
writes both tables between their marks into docs/accuracy.md.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown
from scipy import stats

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import options_of
from lacuna.completion.run import run_method
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.splits import folds_by_profile, make_folds
from lacuna.io.atomic import write_whole
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

SEED, FOLDS = 2018, 5
SCORES = ["pct", "pct_specific"]
# What is compared, each with the first: name, method, options.
Compared = Sequence[tuple[str, str, Mapping[str, object]]]
WITHOUT = [name for name in options_of("blend")["members"].default if name != "factor_model"]
WITH: Compared = [
    ("Blend without the factor model", "blend", {"members": WITHOUT}),
    ("Blend with the factor model", "blend", {"members": ["factor_model", *WITHOUT]}),
    ("Kernel", "kernel", {}),
    ("Factor model", "factor_model", {}),
]
FEW: Compared = [("Kernel", "kernel", {}), ("2D-Mean", "mean_2d", {}), ("Blend", "blend", {})]
# Of few profiles: how many train, in how many cells (in turn), how often they are drawn.
NUMBERS, CELLS, REPEATS = (15, 30, 60, 120, 240), (2, 5), 2
PAGE = Path("docs/accuracy.md")


def load(screen: str) -> tuple[ProfileSet, SideInformation]:
    """Read a screen's large tensor, and what is known of its drugs and cells."""
    folder = Path("results", screen, "tensor")
    tensor = ProfileSet.load(folder / "large.h5")
    return tensor, SideInformation.read(tensor, folder / "drugs.tsv", folder / "baseline.tsv")


def score(
    tensor: ProfileSet, side: SideInformation, fold_of: np.ndarray, compared: Compared
) -> Iterator[dict[str, object]]:
    """Score the profiles of fold 0, predicted from all others."""
    training, held_out = tensor.take(fold_of != 0), tensor.take(fold_of == 0)
    only_first = np.where(fold_of == 0, 0, -1)
    for name, method, options in compared:
        rng = generator(SEED, method)
        with redirect_stdout(StringIO()):
            found = run_method(method, training, held_out.pairs, side, rng, options)
        gathered = HeldOut.gather(tensor, only_first, [found])
        scores = score_draws(gathered, generator(SEED, "draws")).iloc[0]
        yield {"name": name, "training": len(training)} | scores[SCORES].to_dict()


def whole_screens(screens: Iterable[str]) -> Iterator[dict[str, object]]:
    """Score on the screens as they are."""
    for screen in screens:
        tensor, side = load(screen)
        fold_of = make_folds(tensor, "profiles", FOLDS, generator(SEED, "folds", screen))
        for row in score(tensor, side, fold_of, WITH):
            yield row | {"screen": screen, "profiles": 0}
        print(f"{screen}: done", file=sys.stderr, flush=True)


def small_grids(screens: Iterable[str]) -> Iterator[dict[str, object]]:
    """Score on small grids of the screens."""
    for screen in screens:
        whole = load(screen)
        for number in NUMBERS:
            for repeat in range(REPEATS):
                rng = generator(SEED, "few", screen, number, repeat)
                cells = max(CELLS[repeat % len(CELLS)], number // 60)
                tensor, side = draw_grid(*whole, number, cells, rng)
                fold_of = folds_by_profile(tensor, FOLDS, rng)
                for row in score(tensor, side, fold_of, FEW):
                    yield row | {"screen": screen, "profiles": number}
        print(f"{screen}: small grids done", file=sys.stderr, flush=True)


def draw_grid(
    whole: ProfileSet, side: SideInformation, number: int, cells: int, rng: np.random.Generator
) -> tuple[ProfileSet, SideInformation]:
    """Draw cells, and drugs with two profiles or more there: so many that enough train."""
    kept_cells = np.sort(rng.permutation(len(whole.cells))[:cells])
    within = whole.take(np.isin(whole.cell, kept_cells))
    per_drug = within.measured.sum(axis=1)
    drawn = rng.permutation(np.flatnonzero(per_drug > 1))
    total = number * FOLDS / (FOLDS - 1)
    kept_drugs = np.sort(drawn[: 1 + np.searchsorted(per_drug[drawn].cumsum(), total)])
    rows = within.take(np.isin(within.drug, kept_drugs))
    tensor = ProfileSet(
        rows.profiles,
        np.searchsorted(kept_drugs, rows.drug),
        np.searchsorted(kept_cells, rows.cell),
        whole.drugs[kept_drugs],
        whole.cells[kept_cells],
        whole.genes,
        rows.reliability,
    )
    return tensor, SideInformation(
        None if side.smiles is None else side.smiles[kept_drugs],
        None if side.baseline is None else side.baseline[kept_cells],
    )


def table(rows: Iterable[dict[str, object]], name: str, compared: Compared) -> str:
    """Return a Markdown table: the scores of the first method, and how far others lie above it.

    Repeats are averaged first, so that intervals are over screens.
    """
    scores = pd.DataFrame(rows)
    write_table(scores, f"results/bench/{name}.tsv")
    means = scores.pivot_table(
        values=[*SCORES, "training"], index=["profiles", "screen"], columns="name"
    )
    first, *others = (name for name, _, _ in compared)
    lines = []
    for number in scores["profiles"].unique():
        here = means.loc[number]
        line = [f"{here['training'][first].mean():.0f}"]
        line += [f"{here[metric][first].mean():.3f}" for metric in SCORES]
        for other in others:
            for metric in SCORES:
                lead = here[metric][other] - here[metric][first]
                half = lead.sem() * stats.t.ppf(0.975, len(lead) - 1)
                ends = f"[{lead.mean() - half:+.4f}, {lead.mean() + half:+.4f}]"
                line.append(f"{lead.mean():+.4f} {ends}, {lead.min():+.4f} to {lead.max():+.4f}")
        lines.append(line)
    head = [f"{first}: {metric}" for metric in SCORES]
    head += [f"{other}: {metric}" for other in others for metric in SCORES]
    return markdown(["training profiles", *head], lines)


def main() -> None:
    """Print both tables, and write them into the page that shows them."""
    screens, text = sys.argv[1:], PAGE.read_text()
    for name, rows, compared in (
        ("members", whole_screens(screens), WITH),
        ("few", small_grids(screens), FEW),
    ):
        shown = table(rows, f"blending_{name}", compared)
        print(shown, flush=True)
        marked = rf"(<!-- made by make bench-blending: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(marked, rf"\1\n{shown}\n\2", text, flags=re.DOTALL)
    with write_whole(PAGE) as unfinished:
        unfinished.write_text(text)


if __name__ == "__main__":
    main()
