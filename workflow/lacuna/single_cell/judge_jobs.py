"""From predictions of a fold to scores: of networks, plain methods and controls, all alike."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.seeds import generator
from lacuna.single_cell.card import check_method_options, method_card, method_module
from lacuna.single_cell.definitions import INTERVAL, Compared
from lacuna.single_cell.distances import DISTANCES, OF_CONTROL
from lacuna.single_cell.drug_vectors import read_drug_vectors
from lacuna.single_cell.interface import CONDITION, Fold, Kind, Predicted, Seen
from lacuna.single_cell.judge import CHANCE, SCORES, Truth, chance, scores
from lacuna.single_cell.metrics import ALL, DEG
from lacuna.single_cell.observations import read_drugs
from lacuna.single_cell.rows import stacked
from lacuna.single_cell.seen import seen_of

Run = tuple[str, str, int]  # a network's name, what its training started from, its seed
RUN = ["method", "start", "seed"]
COLUMNS = ["target", "split", "fold", *RUN, *SCORES]
NO_START = ""  # of plain methods
WORDS = "single_cell"
# On listed genes: which drugs are the best and the worst predicted.
SHOWN_BY = {"cells": "change_pearson", "bulk": "change_pearson", "signatures": "specific_pearson"}
BEST, WORST = "best", "worst"
MEANS = ("control", "measured", "predicted")
EXAMPLES = [
    *("target", "split", "fold", "method", "start", "which", "score"),
    *(*CONDITION, "gene", "rank", *MEANS, "low", "high"),
]


def judge_unseen(
    files: Mapping[str, Any],
    predicted: Mapping[Run, str],
    distances: Mapping[Run, str],
    output: Mapping[str, str],
    *,
    target: str,
    methods: Sequence[str],
    options: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> None:
    """Judge all networks, plain methods and controls on the test conditions of a fold.

    Parameters
    ----------
    files
        fold, drugs (the table of the target), encoded (paths by encoder).
    predicted, distances
        Of each run of a network: its predictions, and a table with the columns drug, line, dose
        and what `lacuna.single_cell.distances.distances` returns. Distances may be missing.
    output
        scores: a table with the columns `COLUMNS`; examples: see `show_examples`.
    target
        Name of the data.
    methods, options
        Plain methods, and options by method.
    seed
        Of the run.

    Raises
    ------
    LacunaError
        If a method or an option is unknown, or a prediction does not fit the fold.
    """
    fold = Fold.load(files["fold"])
    kind = kind_of(fold)
    vectors = read_vectors(files["encoded"], files["drugs"])
    seen = seen_of(fold, vectors, kind)
    truth = Truth.of(fold, seen, kind)
    tables = [_named(chance(truth), (CHANCE, NO_START, 0))]
    for name in methods:
        made = judge_method(name, fold, seen, truth, options.get(name, {}), seed)
        tables.append(_named(made, (name, NO_START, 0)))
    shown: dict[tuple[str, str], pd.DataFrame] = {}
    for run, path in predicted.items():
        found, name = Predicted.load(path), " / ".join(map(str, run))
        own = truth.of_drugs(found)
        if absent := sorted(set(truth.conditions["drug"]) - set(own.conditions["drug"])):
            # Its table of vectors lacks them: it is judged, and compared, on the others.
            print(f"{name}: says nothing of {len(absent)} test drugs ({listed(absent)}).")
        if own.conditions.empty:
            continue
        compared = own.with_predicted(found, name)
        made = scores(own, compared)
        tables.append(_named(made, run))
        if run[:2] not in shown:
            shown[run[:2]] = show_examples(fold, own, compared, made)
    tables += of_distances(distances, truth, "control" in methods)
    whole = stacked(tables, [*RUN, *SCORES])
    split = fold.name.rpartition("_")[0]
    whole = whole.assign(target=target, split=split, fold=fold.name)[COLUMNS]
    write_table(whole, output["scores"])
    examples = [
        table.assign(target=target, split=split, fold=fold.name, method=method, start=start)
        for (method, start), table in shown.items()
    ]
    write_table(stacked(examples, EXAMPLES), output["examples"])


def kind_of(fold: Fold) -> Kind:
    """Return what a fold is of: where nothing was observed twice, of signatures."""
    of_drugs = ~fold.conditions["control"].to_numpy(bool)
    single = (fold.conditions["observations"].to_numpy()[of_drugs] == 1).all()
    return "signatures" if single else "cells"


def read_vectors(encoded: Mapping[str, str | Path], drugs: str | Path) -> dict[str, pd.DataFrame]:
    """Return vectors of a target's drugs, by encoder and drug.

    They are NaN where an encoder gives none, or the target knows no structure.

    Raises
    ------
    LacunaError
        If the structure of a drug was not encoded.
    """
    smiles = read_drugs(drugs)["smiles"]
    found = {}
    for name, path in encoded.items():
        table = read_drug_vectors(path)
        if missing := smiles.index[~smiles.isin(table.index) & (smiles != "")].tolist():
            raise LacunaError(
                f"{path}: no vector of {len(missing)} drugs of {drugs}, such as {missing[0]}. "
                "Delete the file and run again."
            )
        found[name] = table.reindex(smiles).set_axis(smiles.index, axis=0)
    return found


def judge_method(
    name: str, fold: Fold, seen: Seen, truth: Truth, options: Mapping[str, Any], seed: int
) -> pd.DataFrame:
    """Let a plain method predict, and score it.

    One that is given answers predicts each half of the cells by the other; its scores are means of
    both.

    Returns
    -------
    DataFrame with columns `lacuna.single_cell.judge.SCORES`
    """
    check_method_options(name, options)
    predict = method_module(name).predict
    if not method_card(name).answers:
        rng = generator(seed, WORDS, fold.name, name)
        made = predict(seen, truth.conditions, rng, **options)
        return scores(truth, truth.with_predicted(made, name))
    tables = []
    for half in (0, 1):
        rng = generator(seed, WORDS, fold.name, name)
        part, other = truth.measured_by_half(half)
        if not len(part.conditions):
            print(f"{name}: no condition of {fold.name} has cells enough for halves.")
            return pd.DataFrame(columns=SCORES)
        made = predict(seen, part.conditions, rng, other, **options)
        tables.append(scores(part, part.with_predicted(made, name)))
    both = pd.concat(tables)
    return both.groupby(SCORES[:-1], sort=False)["value"].mean().reset_index()


def of_distances(
    distances: Mapping[Run, str], truth: Truth, with_control: bool
) -> Iterator[pd.DataFrame]:
    """Yield distances between populations as scores of networks, and of untreated cells once."""
    for number, (run, path) in enumerate(distances.items()):
        table = _keyed(read_table(path)).drop(columns=CONDITION)
        table = _keyed(truth.conditions).join(table, how="inner")
        yield _named(_long(table, ""), run)
        if number == 0 and with_control:
            yield _named(_long(table, OF_CONTROL), ("control", NO_START, 0))


def _named(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    method, start, seed = run
    return table.assign(method=method, start=start, seed=seed)


def _keyed(table: pd.DataFrame) -> pd.DataFrame:
    """Index rows by their condition; doses as tables write them, with six digits."""
    doses = table["dose"].map("{:.6g}".format)
    names = table["drug"].astype(str) + "\t" + table["line"].astype(str)
    return table.set_index(names + "\t" + doses)


def _long(table: pd.DataFrame, ending: str) -> pd.DataFrame:
    there = {name + ending: name for name in DISTANCES if name + ending in table}
    made = table.melt([*CONDITION, "observations"], list(there), "metric", "value")
    return made.assign(metric=made["metric"].map(there), genes=ALL)[SCORES].dropna()


def show_examples(fold: Fold, truth: Truth, compared: Compared, made: pd.DataFrame) -> pd.DataFrame:
    """Return the listed genes of the best and of the worst predicted drug, at its highest dose.

    Drugs are told by the mean over lines of `SHOWN_BY` on the genes listed for that dose.

    Returns
    -------
    DataFrame
        The columns of `EXAMPLES` from which on: which is "best" or "worst", score the mean that it
        is; a row per line and listed gene, ranked from 0 on; low, high: where 95 % of the cells are
        predicted, NaN without a variance. Empty where no gene is listed.
    """
    rows = made[(made["metric"] == SHOWN_BY[truth.kind]) & (made["genes"] == DEG)]
    rows = rows[rows["dose"] == rows.groupby("drug")["dose"].transform("max")]
    of_drug = rows.groupby("drug")["value"].mean()
    tables = []
    ends = {BEST: of_drug.idxmax(), WORST: of_drug.idxmin()} if len(of_drug) else {}
    for which, drug in ends.items():
        own = truth.conditions["drug"] == drug
        top = truth.conditions["dose"] == truth.conditions["dose"][own].max()
        for row in np.flatnonzero(own & top):
            listed = truth.lists[DEG][row]
            table = pd.DataFrame({name: getattr(compared, name)[row, listed] for name in MEANS})
            reach = INTERVAL * np.sqrt(compared.predicted_variance[row, listed])
            table = table.assign(low=table["predicted"] - reach, high=table["predicted"] + reach)
            table = table.assign(gene=fold.genes[listed], rank=np.arange(len(listed)))
            line, dose = (truth.conditions[name].iloc[row] for name in ("line", "dose"))
            table = table.assign(which=which, score=of_drug[drug], drug=drug, line=line, dose=dose)
            tables.append(table)
    return stacked(tables, EXAMPLES[5:])
