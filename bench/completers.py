"""How good are the completers of figure S1 of Hodos et al. 2018 on simulated small screens?

`make bench-completers` makes the small tensors of the three simulated screens, then runs this. It
cross-validates all methods on the same folds, prints the PCT of all held-out profiles and the
processor seconds of a fold, and writes the table between its marks into docs/accuracy.md.
"""

import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import method_label
from lacuna.completion.run import run_method
from lacuna.evaluation.correlation import pooled_pct
from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.atomic import write_whole
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

METHODS = ["mean_1d", "mean_2d", "dnpp", "knn_cells", "knn_drugs_cells", "soft_impute"]
METHODS += ["as_matrix", "constrained", "mixture", "silrtc", "halrtc", "falrtc", "tmac"]
METHODS += ["cp", "tucker", "factor_model", "kernel"]
FOLDS, SEED = 10, 2018
PAGE = Path("docs/accuracy.md")
MARKED = re.compile(r"(<!-- made by make bench-completers -->\n).*?(<!-- end -->)", re.DOTALL)


def cross_validate(dataset: str, method: str) -> dict[str, object]:
    """Predict all folds of a screen's small tensor."""
    tensor = ProfileSet.load(f"results/{dataset}/tensor/small.h5")
    fold_of = folds_by_profile(tensor, FOLDS, generator(SEED, "folds", dataset))
    truth, predicted, started = [], [], time.process_time()
    for fold in range(FOLDS):
        held_out, training = tensor.take(fold_of == fold), tensor.take(fold_of != fold)
        rng = generator(SEED, method, fold)
        found = run_method(method, training, held_out.pairs, SideInformation(), rng, {})
        truth.append(held_out.profiles)
        predicted.append(found.profiles)
    seconds = (time.process_time() - started) / FOLDS
    pct = pooled_pct(np.concatenate(truth), np.concatenate(predicted))
    print(f"{dataset} {method}: {pct:.3f}, {seconds:.2f} s a fold", file=sys.stderr)
    shape = f"{len(tensor.drugs)} x {len(tensor.cells)}, {tensor.measured.mean():.0%}"
    return {"dataset": dataset, "shape": shape, "method": method, "pct": pct, "seconds": seconds}


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    scores = pd.DataFrame(
        [cross_validate(dataset, method) for method in METHODS for dataset in sys.argv[1:]]
    )
    shapes = scores.groupby("dataset", sort=False)["shape"].first()
    seconds = scores.groupby("method")["seconds"].mean()
    by_method = scores.pivot_table(index="method", columns="dataset", values="pct")
    best = by_method.max()
    lines = []
    for method in METHODS:
        values = [(by_method.loc[method, name], best[name]) for name in shapes.index]
        cells = [f"**{pct:.3f}**" if pct == most else f"{pct:.3f}" for pct, most in values]
        lines.append([method_label(method), *cells, f"{seconds[method]:.2g}"])
    head = [f"{name} ({shape})" for name, shape in shapes.items()]
    table = markdown(["method", *head, "s a fold"], lines)
    print(table)
    write_table(scores, "results/bench/completers.tsv")
    text = MARKED.sub(lambda mark: f"{mark[1]}\n{table}\n{mark[2]}", PAGE.read_text())
    with write_whole(PAGE) as unfinished:
        unfinished.write_text(text)


if __name__ == "__main__":
    main()
