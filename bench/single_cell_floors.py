"""What plain methods score on real signatures of drugs never seen.

`python bench/single_cell_floors.py` needs LACUNA_SHARED. These are the floors that a network has to
pass: drugs of Tahoe-100M and of the NeurIPS 2023 screen of blood cells, as ranks of genes, in five
folds over drugs and, of Tahoe, leaving one line out.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.averages import ANY_DOSE
from lacuna.single_cell.card import available, method_card
from lacuna.single_cell.drug_vectors import encode_drugs
from lacuna.single_cell.judge_jobs import judge_unseen
from lacuna.single_cell.prepare_jobs import prepare_cells, split_cells
from lacuna.single_cell.score_jobs import score_cells

SHOWN = ("pearson", "specific_pearson", "change_r2", "reciprocal_rank", "rank_share")
RESULTS = "results/bench/single_cell_floors.tsv"
FILES = {
    "tahoe": {
        "level5": "tahoe-ranks/TAHOE24_Level5_ranks_n2492x978.gctx",
        "sig_info": "tahoe-ranks/TAHOE24_sig_info.txt.gz",
        "pert_info": "tahoe-ranks/TAHOE24_pert_info.txt.gz",
        "gene_info": "tahoe-ranks/TAHOE24_gene_info.txt.gz",
    },
    "op3": {"ranks": "op3-ranks/op3_ranks.npz", "structures": "op3-ranks/op3_drugs.tsv"},
}
LINES = ("A172", "HOP62", "RKO")  # that are left out, one at a time


def judge_signatures(
    files: dict[str, Path],
    folder: Path,
    methods: Sequence[str],
    folds: Sequence[str],
    genes: int = 10_000,
    seed: int = 0,
) -> tuple[list[str], list[str], str]:
    """Prepare, split and judge signatures as a run does, without a network.

    Parameters
    ----------
    files
        By kind, see `lacuna.single_cell.prepare_jobs.prepare_cells`.
    folder
        Where all is written.
    methods
        Plain ones.
    folds
        Such as drugs_0 to drugs_4, or lines_0.
    genes
        At most so many.
    seed
        Of the run.

    Returns
    -------
    scores, folds : list of str
        Files of each fold.
    drugs : str
        The table of drugs.
    """
    made = {name: folder / f"{name}.tsv" for name in ("drugs", "account", "left_out")}
    made["observations"] = folder / "observations.h5ad"
    prepare_cells(files, {}, None, made)
    encoded = {}
    for name in sorted({method_card(method).encoder for method in methods} - {""}):
        encoded[name] = str(folder / f"{name}.h5")
        encode_drugs(
            [made["drugs"]], encoder=name, options={}, vectors=None, cache=None,
            output=encoded[name],
        )  # fmt: skip
    scores, paths = [], []
    for fold in folds:
        path = folder / f"{fold}.h5"
        split_cells(
            made["observations"], made["drugs"], None, None, path,
            fold_name=fold, split={"folds": 5, "lines": LINES},
            genes={"total": genes, "of": "training"}, degs={"number": 50, "of": "training"},
            validation={"by": "drugs", "share": 0.1}, seed=seed,
        )  # fmt: skip
        output = {
            "scores": str(folder / f"{fold}.tsv.gz"),
            "examples": str(folder / "examples.tsv"),
        }
        judge_unseen(
            {"fold": str(path), "drugs": str(made["drugs"]), "encoded": encoded}, {}, {}, output,
            target="signatures", methods=methods, options={}, seed=seed,
        )  # fmt: skip
        scores.append(output["scores"])
        paths.append(str(path))
    return scores, paths, str(made["drugs"])


def score_signatures(
    scores: list[str], folds: list[str], drugs: str, folder: Path, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Average what `judge_signatures` returns; return scores, metrics and differences."""
    names = ("metrics", "differences", "disentanglement", "losses", "moved")
    output = {name: str(folder / f"{name}.tsv") for name in names}
    target = "signatures"
    score_cells(scores, {target: drugs}, {target: folds}, {}, {}, output, encoders={}, seed=seed)
    found = {name: read_table(output[name]) for name in ("metrics", "differences")}
    return found | {"scores": pd.concat(map(read_table, scores), ignore_index=True)}


def show(name: str, found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Print the floors with intervals, and leads over the line mean; return the floors."""
    scores, metrics, leads = (found[kind] for kind in ("scores", "metrics", "differences"))
    metrics = metrics[(metrics["genes"] == "all") & (metrics["dose"] == ANY_DOSE)]
    rows = metrics[metrics["metric"].isin(SHOWN)]
    text = [f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" for row in rows.itertuples()]
    shown = rows.assign(text=text).pivot_table("text", "method", "metric", aggfunc="first")
    plain = scores[(scores["metric"] == "pearson") & (scores["genes"] == "all")]
    r = plain.groupby("method")["value"].mean().round(3)
    print(f"\n{name}: {scores['drug'].nunique()} drugs, {scores['line'].nunique()} lines\n")
    print(shown[list(SHOWN)].assign(r_over_signatures=r).to_string())
    leads = leads[(leads["genes"] == "all") & (leads["dose"] == ANY_DOSE)]
    leads = leads[leads["metric"] == "pearson"]
    print("\nLead over the line mean in r:\n")
    print(leads[["method", "value", "low", "high", "p_holm"]].round(4).to_string(index=False))
    return metrics.assign(data=name)


def main() -> None:
    """Print floors of both sets, and write them."""
    shared = Path(os.environ["LACUNA_SHARED"]) / "data"
    methods = [name for name in available() if not method_card(name).answers]
    tables = []
    for name, files in FILES.items():
        paths = {kind: shared / path for kind, path in files.items()}
        for split, number in (("drugs", 5), ("lines", len(LINES) if name == "tahoe" else 0)):
            if number:
                folds = [f"{split}_{fold}" for fold in range(number)]
                with TemporaryDirectory() as folder:
                    genes = 2000 if name == "op3" else 10_000
                    judged = judge_signatures(paths, Path(folder), methods, folds, genes)
                    found = score_signatures(*judged, Path(folder))
                tables.append(show(f"{name}, {split}", found))
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.concat(tables, ignore_index=True), RESULTS)


if __name__ == "__main__":
    main()
