"""Made-up tables of single cells, as the jobs of the stage write them, for the figures."""

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell import figures, stage

FIGURES = ["cells_per_dose", "cells_scores", "cells_by_drug", "cells_embedding"]
FIGURES += ["cells_examples", "cells_losses", "cells_disentanglement"]
PLAIN = ["control", "line_mean", "nearest_structure", "ridge_descriptors", "other_half"]
MANY_PLAIN = [*PLAIN, "ridge_fingerprint", "additive", "kernel", "random_drug"]
MANY_PLAIN += ["a_method_of_your_own_with_a_very_long_name", "another", "one_more"]
DOSES = [0.01, 0.1, 1.0, 10.0]
PATHWAYS = ["Epigenetic regulation", "Tyrosine kinase signaling", "Cell cycle regulation"]
PATHWAYS += ["DNA damage & DNA repair", "JAK/STAT signaling", "Protein folding & degradation"]
CELLS = {"change_pearson": 0.35, "specific_pearson": 0.15, "reciprocal_rank": 0.3}
CELLS |= {"rank_share": 0.4, "r2_mean": 0.7, "pearson": 0.9}
SIGNATURES = {"pearson": 0.3, "specific_pearson": 0.1, "reciprocal_rank": 0.2, "rank_share": 0.45}
CHANCE = {"change_pearson": 0, "specific_pearson": 0, "reciprocal_rank": 0.15}
CHANCE |= {"rank_share": 0.5, "pearson": 0}


def config_of(targets=None, models=("rdkit",), starts=("scratch", "strict", "overlap"), **changes):
    """The block of a configuration, with defaults filled in."""
    targets = {"sciplex": {}} if targets is None else targets
    described = {"splits": ["named"], "folds": 2, "lines": [], "drugs": [], "genes": None}
    others = {"degs": 50, "validation": {"by": "drugs", "share": 0.1}}
    block = {
        "models": {model: {"encoder": "descriptors"} for model in models},
        "starts": list(starts),
        "methods": PLAIN,
        "targets": {name: described | given for name, given in targets.items()},
        "seeds": 1,
        **others,
        **changes,
    }
    files = ("series", "annotations", "external", "rnaseq", "pairs", "vectors")
    acquire = {"source": "files", "mirror": None, "gene_sets": [], "genes": None}
    acquire |= {"gene_facts": None, **{name: {} for name in files}}
    cells = {name: {"ranks": "r.npz", "structures": "d.tsv"} for name in targets}
    return {"single_cell": block, "acquire": acquire | {"cells": cells}}


def drug_names(drugs):
    """Names as vendors give them: short, long, with signs."""
    names = ["(+)-JQ1", "Tanespimycin (17-AAG)", "CUDC-101", "A366", "R$^2"]
    names += ["S3I-201, of a name that is much longer than its place", "Dacinostat (LAQ824)"]
    return [names[i] if i < len(names) else f"Drug {i:03d}" for i in range(drugs)]


def runs_of(config, methods):
    """Method, start and seed of all that is judged."""
    block = config["single_cell"]
    plain = [(method, "", -1) for method in methods]
    return plain + [
        (model, start, seed)
        for model in block["models"]
        for start in block["starts"]
        for seed in range(block["seeds"])
    ]


def scores(config, target, fold, drugs, lines=3, doses=DOSES, methods=PLAIN, metrics=CELLS):
    """Scores of a fold: networks better than doing nothing, higher doses harder."""
    rng = np.random.default_rng(len(target) + 31 * int(fold[-1]))
    effect = dict(zip(drugs, rng.gamma(1, 0.6, len(drugs)), strict=True))
    places = pd.MultiIndex.from_product(
        [drugs, [f"LINE{i}" for i in range(lines)], doses, ["all", "deg", "deg_pooled"], metrics],
        names=["drug", "line", "dose", "genes", "metric"],
    )
    cases = pd.DataFrame(index=places).reset_index()
    share = (np.arange(len(doses)) + 1) / len(doses)
    hard = cases["drug"].map(effect) * cases["dose"].map(dict(zip(doses, share, strict=True)))
    if doses == [np.nan]:
        hard = cases["drug"].map(effect)
    hard = hard * np.where(cases["genes"] == "all", 0.4, 1)
    tables = []
    for number, (method, start, seed) in enumerate(runs_of(config, methods)):
        gain = 0.3 + 0.03 * number if start else 0.1 * number / len(methods)
        whole = cases["metric"] == "r2_mean"
        value = np.where(whole, 0.95 - hard * (1 - gain), cases["metric"].map(metrics) * 2 * gain)
        value = np.minimum(value, 0.9) + rng.normal(0, 0.03, len(cases))
        if method == "control":
            value = np.where(cases["metric"] == "change_pearson", 0, value)
        tables.append(cases.assign(method=method, start=start, seed=seed, value=value))
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(target=target, fold=fold, split=fold.rpartition("_")[0], observations=50)
    return table[
        ["target", "split", "fold", "method", "start", "seed", "drug", "line", "dose",
         "observations", "genes", "metric", "value"]
    ]  # fmt: skip


def metrics_of(table):
    """Means of scores, by dose and over all, with made-up intervals."""
    names = ["target", "split", "method", "start", "genes", "dose", "metric"]
    by_dose = table.assign(dose=table["dose"].map("{:g}".format))
    both = pd.concat([table.assign(dose="all"), by_dose[table["dose"].notna()]])
    found = both.groupby(names, sort=False)["value"].agg(value="mean", median="median")
    found = found.reset_index()
    found["low"], found["high"] = found["value"] - 0.06, found["value"] + 0.06
    nothing = (found["method"] == "control") & (found["metric"] == "specific_pearson")
    found.loc[nothing, ["value", "low", "high"]] = np.nan
    found["chance"] = found["metric"].map(CHANCE)
    found = found.assign(drugs=table["drug"].nunique(), combinations=99)
    return found.assign(flatters=found["metric"] == "r2_mean")


def disentanglement(config):
    """Accuracies of the networks of a configuration, in every fold."""
    rng = np.random.default_rng(3)
    rows = []
    for target in stage.targets(config):
        for fold in stage.folds(config, target):
            for model, start, seed in stage.runs(config, target, fold):
                for of, frequent, threshold in (("drug", 0.03, 0.07), ("line", 0.51, 0.7)):
                    for way in ("published", "held_out"):
                        accuracy = frequent + rng.gamma(2, 0.03 if of == "drug" else 0.1)
                        accuracy = min(accuracy, 1.0) * (1 if way == "published" else 0.9)
                        passes = accuracy <= threshold
                        rows.append([target, fold, model, start, seed, of, way, accuracy])
                        rows[-1] += [frequent, threshold, passes]
    names = ["target", "fold", "model", "start", "seed", "of", "way", "accuracy"]
    return pd.DataFrame(rows, columns=[*names, "most_frequent", "threshold", "passes"])


def embedding(drugs, held_out, models=("rdkit",), doses=(0.01, 10.0)):
    """A layout of drugs; at the higher dose pathways lie apart."""
    rng = np.random.default_rng(4)
    tables = []
    for model in models:
        for number, dose in enumerate(doses):
            pathway = np.arange(len(drugs)) % (len(PATHWAYS) + 1)
            centre = 6.0 * number * np.stack([np.cos(pathway), np.sin(2 * pathway)], axis=1)
            x, y = (centre + rng.normal(size=(len(drugs), 2))).T
            table = pd.DataFrame({"model": model, "drug": drugs, "dose": dose})
            table["pathway"] = [[*PATHWAYS, ""][i] for i in pathway]
            tables.append(table.assign(held_out=table["drug"].isin(held_out), x=x, y=y))
    return pd.concat(tables, ignore_index=True)


def losses(seed, epochs=60):
    """A training that gets better until it does not; validated every tenth epoch."""
    rng = np.random.default_rng(seed)
    epoch = np.arange(epochs)
    table = pd.DataFrame({"epoch": epoch})
    falls = np.exp(-epoch / 15) + rng.normal(0, 0.01, epochs)
    table["training"] = falls - 1.5
    table["validation"] = np.where(epoch % 10 == 9, 0.6 - 0.3 * falls, np.nan)
    table["reconstruction"] = falls - 1
    table["drug_adversary"] = 4 - falls
    table["line_adversary"] = 1.1 - 0.2 * falls
    return table.assign(stage="cells")


def examples(config, drugs, lines=3, genes=50, dose=10.0, methods=PLAIN):
    """The genes of two drugs in all lines, by all methods."""
    rng = np.random.default_rng(5)
    tables = []
    for which, drug in (("best", drugs[0]), ("worst", drugs[-1])):
        for line in range(lines):
            control = rng.gamma(2, 0.4, genes)
            change = rng.normal(0, 0.8, genes)
            measured = np.maximum(control + change, 0)
            for method, start, seed in runs_of(config, methods):
                if seed > 0:
                    continue
                right = 0.9 if which == "best" else 0.1
                predicted = control + right * change + rng.normal(0, 0.1, genes)
                table = pd.DataFrame({"gene": [f"GENE{g}" for g in range(genes)]})
                table = table.assign(which=which, method=method, start=start, drug=drug)
                table = table.assign(line=f"LINE{line}", dose=dose, control=control)
                table = table.assign(measured=measured, predicted=predicted)
                spread = 0.4 if start else np.nan
                tables.append(table.assign(low=predicted - spread, high=predicted + spread))
    names = ["which", "method", "start", "drug", "line", "dose", "gene"]
    return pd.concat(tables)[[*names, "control", "measured", "predicted", "low", "high"]]


def write_tables(
    folder,
    config,
    drugs=9,
    lines=3,
    methods=PLAIN,
    doses=DOSES,
    signatures=(),
    laid_out=9,
    genes=50,
):
    """Write all tables of a run below a folder; `signatures` names targets without doses."""
    folder, names, of_all = Path(folder), drug_names(drugs), []
    for target in stage.targets(config):
        folds = stage.folds(config, target)
        by_dose = [np.nan] if target in signatures else doses
        metrics = SIGNATURES if target in signatures else CELLS
        for fold in folds:
            number, split = int(fold.rpartition("_")[2]), fold.rpartition("_")[0]
            parts = sum(other.startswith(f"{split}_") for other in folds)
            shown = names if split in stage.KNOWN_DRUGS else names[number::parts]
            table = scores(config, target, fold, shown, lines, by_dose, methods, metrics)
            _write(table, folder, f"{target}/scores/{fold}.tsv.gz")
            of_fold = examples(config, shown, lines, genes, by_dose[-1], methods)
            _write(of_fold, folder, f"{target}/examples/{fold}.tsv")
            of_all.append(table)
    parts = [metrics_of(p) for _, p in pd.concat(of_all).groupby(["target", "split"], sort=False)]
    _write(pd.concat(parts), folder, "metrics.tsv")
    _write(disentanglement(config), folder, "disentanglement.tsv")
    _write(embedding(names, names[:laid_out], config["single_cell"]["models"]), folder, "map.tsv")
    for number, path in enumerate(stage.losses(config)):
        _write(losses(number), folder, path.removeprefix(f"{stage.FOLDER}/"))


def _write(table, folder, path):
    path = folder / stage.FOLDER / path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(table, path)


def figure_of(name):
    """A figure of small tables, as the test of all figures asks for it."""
    targets = {"sciplex": {"splits": ["named", "lines"], "lines": ["LINE0"]}}
    config = config_of(targets, starts=["scratch", "overlap"])
    with TemporaryDirectory() as folder:
        write_tables(folder, config, drugs=4, lines=2, doses=[0.1, 10.0], laid_out=2, genes=5)
        module = import_module(f"{figures.__name__}.{name}")
        return drawn(module, Path(folder), config)[0]


def drawn(module, folder, config, data="made-up data"):
    """Draw a figure from the tables below a folder, as its rule does."""
    card = module.FIGURE
    assert card.wanted(config)
    files = {
        name: [str(folder / path) for path in given] if isinstance(given, list) else folder / given
        for name, given in card.files(config).items()
    }
    return module.make(files, {**card.params(config), "data": data})


def table(folder, path):
    return read_table(folder / stage.FOLDER / path).fillna({"start": ""})


def of(rows, **wanted):
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def changed(folder, config, path, change, tmp_path):
    """Copy the tables of a run, one of them changed."""
    card_files = [p for p in (folder / stage.FOLDER).rglob("*") if p.is_file()]
    for source in card_files:
        target = tmp_path / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    write_table(change(table(folder, path)), tmp_path / stage.FOLDER / path)
    return tmp_path
