"""Is the factor model worth a place in Blend?

`make bench-blending` makes the six simulated screens of `make bench-constants`, then runs this. It
cross-validates Kernel, the factor model and Blend with and without it on single profiles, prints
how far each method lies above the first, with a 95 % t-interval over screens and its range, and
writes the table between its marks into docs/accuracy.md.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts
from scipy import stats

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import options_of
from lacuna.completion.run import run_method
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.splits import make_folds
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

SEED, FOLDS = 2018, 5
SCORES = ["pct", "pct_specific"]
WITHOUT = [name for name in options_of("blend")["members"].default if name != "factor_model"]
# What is compared, each with the first: name, method, options.
COMPARED: Sequence[tuple[str, str, Mapping[str, object]]] = [
    ("Blend without the factor model", "blend", {"members": WITHOUT}),
    ("Blend with the factor model", "blend", {"members": ["factor_model", *WITHOUT]}),
    ("Kernel", "kernel", {}),
    ("Factor model", "factor_model", {}),
]


def cross_validate(screens: Iterable[str]) -> Iterator[dict[str, object]]:
    """Score the profiles of a fold of each screen, predicted from all others."""
    for screen in screens:
        folder = Path("results", screen, "tensor")
        tensor = ProfileSet.load(folder / "large.h5")
        side = SideInformation.read(tensor, folder / "drugs.tsv", folder / "baseline.tsv")
        fold_of = make_folds(tensor, "profiles", FOLDS, generator(SEED, "folds", screen))
        training, held_out = tensor.take(fold_of != 0), tensor.take(fold_of == 0)
        only_first = np.where(fold_of == 0, 0, -1)
        for name, method, options in COMPARED:
            rng = generator(SEED, method)
            with redirect_stdout(StringIO()):
                found = run_method(method, training, held_out.pairs, side, rng, options)
            gathered = HeldOut.gather(tensor, only_first, [found])
            scores = score_draws(gathered, generator(SEED, "draws")).iloc[0][SCORES].to_dict()
            yield {"screen": screen, "name": name, "training": len(training)} | scores
        print(f"{screen}: done", file=sys.stderr, flush=True)


def table(scores: pd.DataFrame) -> str:
    """Return a Markdown table: the scores of the first method, and how far others lie above it."""
    here = scores.pivot_table(values=[*SCORES, "training"], index="screen", columns="name")
    first, *others = (name for name, _, _ in COMPARED)
    line = [f"{here['training'][first].mean():.0f}"]
    line += [f"{here[metric][first].mean():.3f}" for metric in SCORES]
    for other in others:
        for metric in SCORES:
            lead = here[metric][other] - here[metric][first]
            half = lead.sem() * stats.t.ppf(0.975, len(lead) - 1)
            ends = f"[{lead.mean() - half:+.4f}, {lead.mean() + half:+.4f}]"
            line.append(f"{lead.mean():+.4f} {ends}, {lead.min():+.4f} to {lead.max():+.4f}")
    head = [f"{name}: {metric}" for name in (first, *others) for metric in SCORES]
    return markdown(["training profiles", *head], [line])


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    scores = pd.DataFrame(cross_validate(sys.argv[1:]))
    write_table(scores, "results/bench/blending_members.tsv")
    shown = table(scores)
    print(shown)
    write_parts("bench-blending", {"members": shown})


if __name__ == "__main__":
    main()
