"""Does Blend lose to Kernel where profiles are few, and what would keep it from losing?

`make bench-few` simulates screens of several forms and densities by each generator, each with a
seed of its own, which no other table shows. It predicts a fifth of the profiles of each, and prints
how far Blend lies above Kernel: as it is, and with its weights fitted or shrunk otherwise
(`SETTINGS`), with 95 % t-intervals over screens. It writes the table between its marks into
docs/accuracy.md.
"""

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts
from scipy import stats

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods.blend import (
    MAX_DRAWS,
    FittedBlend,
    MemberPredictions,
    predict_by,
    prepare_members,
)
from lacuna.completion.registry import options_of
from lacuna.completion.shared.holdout import WARM, draw_holdouts, split_by_cold_start
from lacuna.completion.shared.stacking import fit_weights
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import METRICS
from lacuna.evaluation.scorer import Scorer
from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.signatures.characteristic_direction import characteristic_directions
from lacuna.simulation.biology import draw_drugs, draw_structures, plant_drugs
from lacuna.simulation.parameters import GENERATORS
from lacuna.simulation.screen import lay_out_screen
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

SEEDS, FOLDS, GAMMA = (2018, 2019), 5, 0.5
SCORES = ["pct", "pct_specific"]
MEMBERS = options_of("blend")["members"].default
# Drugs, cells, profiles in percent of all pairs, and how many such screens a generator and seed.
GRIDS = [(11, 2, 100, 6), (3, 20, 60, 4), (32, 4, 40, 3), (60, 6, 30, 2)]
DRUGS_OF_A_MECHANISM = 6


class Setting(NamedTuple):
    """How Blend's weights are found.

    Attributes
    ----------
    draws : int
        Of held-out profiles, at most.
    warm : bool
        Whether they are fitted only to held-out profiles whose drug and cell keep others.
    pull : float
        As if Kernel had predicted so many more of the held-out profiles without an error: of n,
        weights w become (n w + pull e) / (n + pull), with e those of Kernel alone.
    """

    draws: int = MAX_DRAWS
    warm: bool = False
    pull: float = 0


SETTINGS = {
    "Kernel": Setting(pull=np.inf),
    "Blend": Setting(),
    "k = 10": Setting(pull=10),
    "k = 30": Setting(pull=30),
    "all draws": Setting(draws=100),
    "warm": Setting(warm=True),
    "all draws, warm": Setting(draws=100, warm=True),
    "all draws, warm, k = 10": Setting(draws=100, warm=True, pull=10),
}
FIRST, *OTHERS = SETTINGS


def screens() -> Iterator[tuple[dict[str, object], ProfileSet, SideInformation]]:
    """Simulate all screens; yield what each is, its profiles, and what is known beside them."""
    for seed, (drugs, cells, percent, repeats), name in product(SEEDS, GRIDS, GENERATORS):
        for repeat in range(repeats):
            what = {"form": f"{drugs} x {cells}, {percent} %", "generator": name, "repeat": repeat}
            rng = generator(seed, "few", *what.values())
            yield {"seed": seed} | what, *simulate(name, (drugs, cells), percent, rng)


def simulate(
    name: str, shape: tuple[int, int], percent: int, rng: np.random.Generator
) -> tuple[ProfileSet, SideInformation]:
    """Simulate plates, average the directions of each pair's wells, and keep some of the pairs.

    All drugs are active, as those that pass the filters are, and each keeps a profile.
    """
    drugs, cells = shape
    drug_table = draw_drugs(drugs, max(drugs // DRUGS_OF_A_MECHANISM, 1), rng).assign(active=True)
    mechanisms = int(drug_table["mechanism"].max()) + 1
    biology = plant_drugs(drug_table, name, cells, mechanisms, rng)
    biology.cells["coverage"] = min(1, 3 * percent / 100)  # the others need no plates
    wells, expression = lay_out_screen(biology, rng)
    wells["pert_iname"] = wells["pert_iname"].where(wells["pert_type"] == "trt_cp")
    known = pd.Index(biology.drugs["name"])
    drug, cell = known.get_indexer(wells["pert_iname"]), pd.Index(biology.cells["cell_id"])
    place = drug * cells + cell.get_indexer(wells["cell_id"])
    sums = np.zeros((drugs * cells, expression.shape[1]))
    for rows in wells.groupby("rna_plate").indices.values():
        treated = rows[drug[rows] >= 0]
        vehicle = expression[rows[drug[rows] < 0]]
        np.add.at(
            sums, place[treated], characteristic_directions(expression[treated], vehicle, GAMMA)
        )
    places = rng.permutation(np.flatnonzero(sums.any(axis=1)))
    _, firsts = np.unique(places // cells, return_index=True)
    places = np.concatenate([places[firsts], np.delete(places, firsts)])
    kept = np.sort(places[: drugs * cells * percent // 100])
    genes = np.arange(expression.shape[1]).astype(str)
    tensor = ProfileSet(
        unit_rows(sums[kept]).astype(np.float32),
        kept // cells,
        kept % cells,
        known.to_numpy(),
        cell.to_numpy(),
        genes,
    )
    smiles = np.array(draw_structures(biology.drugs["mechanism"].to_numpy(), rng))
    return tensor, SideInformation(smiles, biology.baseline.astype(np.float32))


class Draw(NamedTuple):
    """Held-out training profiles, what the members predict of them, and which are no cold start."""

    held_out: ProfileSet
    predictions: MemberPredictions
    warm: np.ndarray


def predict_held_out(
    training: ProfileSet, side: SideInformation, rng: np.random.Generator
) -> Iterator[Draw]:
    """Predict all draws of held-out training profiles, as Blend does the first of them."""
    for held_out, kept in (
        (draw.held_out, draw.training) for draw in draw_holdouts(training, WARM, rng)
    ):
        warm = dict(split_by_cold_start(kept, held_out.pairs)).get(WARM)
        if warm is not None:
            prepared = prepare_members(MEMBERS, kept, held_out.pairs, side, rng)
            yield Draw(held_out, predict_by(prepared, kept, held_out.pairs), warm)


def blend(
    setting: Setting, draws: list[Draw], asked: MemberPredictions, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Blend predictions by weights fitted to draws; return, too, how many profiles these hold."""
    kernel = asked.profiles[-1]
    used = draws[: setting.draws]
    rows = [draw.warm if setting.warm else slice(None) for draw in used]
    if not used:
        return kernel, 0
    predictions = MemberPredictions.join(
        [draw.predictions.take(row) for draw, row in zip(used, rows, strict=True)]
    )
    truth, drug = (
        np.concatenate(
            [getattr(draw.held_out, name)[row] for draw, row in zip(used, rows, strict=True)]
        )
        for name in ("profiles", "drug")
    )
    weights = fit_weights(predictions.profiles, truth, predictions.counts, drug, rng)
    share = len(truth) / (len(truth) + setting.pull)
    return share * FittedBlend(weights).predict(asked) + (1 - share) * kernel, len(truth)


def score(
    tensor: ProfileSet, side: SideInformation, seed: int, rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    """Score all settings on the profiles of fold 0 of a grid, predicted from the others."""
    fold_of = folds_by_profile(tensor, FOLDS, rng)
    training, wanted = tensor.take(fold_of != 0), tensor.take(fold_of == 0).pairs
    with redirect_stdout(StringIO()):
        prepared = prepare_members(MEMBERS, training, wanted, side, rng)
        asked = predict_by(prepared, training, wanted)
        draws = list(predict_held_out(training, side, rng))
    warm = dict(split_by_cold_start(training, wanted)).get(WARM, np.array([], dtype=int))
    only_first = np.where(fold_of == 0, 0, -1)
    for name, setting in SETTINGS.items():
        predicted = asked.profiles[-1].copy()
        predicted[warm], held_out = blend(
            setting, draws, asked.take(warm), generator(seed, "weights")
        )
        scorer = Scorer(HeldOut.gather(tensor, only_first, [Completion(predicted)]), rng)
        scores = {metric: METRICS[metric].score(scorer)[0] for metric in SCORES}
        yield {"setting": name, "training": len(training), "held_out": held_out, **scores}


def table(rows: pd.DataFrame) -> str:
    """Return a Markdown table: how far each setting lies above Kernel on screens of each form."""
    keys = ["form", "seed", "generator", "repeat"]
    wide = rows.pivot_table(index=keys, columns="setting", values="pct", sort=False)
    counts = rows[rows["setting"] == "Blend"].groupby("form")[["training", "held_out"]].mean()
    lines = []
    for form, of_form in wide.groupby("form", sort=False):
        lead = of_form[OTHERS].sub(of_form[FIRST], axis=0)
        half = lead.sem() * stats.t.ppf(0.975, len(lead) - 1)
        line = [form, *(f"{count:.0f}" for count in counts.loc[form])]
        line += [f"{of_form[FIRST].mean():.3f}", f"{(lead['Blend'] < 0).sum()} of {len(lead)}"]
        for name, mean in lead.mean().items():
            line.append(f"{mean:+.4f} [{mean - half[name]:+.4f}, {mean + half[name]:+.4f}]")
        lines.append(line)
    head = ["grid", "training profiles", "n", f"{FIRST}: PCT", "screens where Blend is lower"]
    return markdown([*head, *OTHERS], lines)


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    found = []
    for what, tensor, side in screens():
        seed, *words = what.values()
        rng = generator(seed, "score", *words)
        found += [what | row for row in score(tensor, side, seed, rng)]
        print(*what.values(), file=sys.stderr, flush=True)
    rows = pd.DataFrame(found)
    write_table(rows, "results/bench/few_profiles.tsv")
    shown = table(rows)
    print(shown)
    write_parts("bench-few", {"few": shown})


if __name__ == "__main__":
    main()
