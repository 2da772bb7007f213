"""How fast does an alignment train at the paper's size? `make bench-retrieval`.

Random wells of the paper's shape: 2,934 features, 3,490 molecules, 417 wells a step. Steps are
timed, twenty of each loss on fingerprints and twenty with a D-MPNN that is trained, too, and the
hours of the paper's twelve epochs of 97,210 wells follow. Then CCA, ours and others'.
"""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import retrieval_cca
import torch

from lacuna.io.tsv import write_table
from lacuna.retrieval.alignment import align
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.alignment.negatives import Negatives, expression_distance
from lacuna.retrieval.interface import Pairs
from lacuna.retrieval.molecules import Source
from lacuna.simulation.molecules import draw_molecules

GENES, BLOCKS, BITS = 978, 3, 512
WELLS, MOLECULES = 97_210, 3_490
BATCH, STEPS, EPOCHS = 417, 20, 12
STRUCTURES = 400  # drawn; with a D-MPNN each step encodes a batch's molecules
LOSSES = ("quadruplet_code", "quadruplet_paper", "quintuplet", "contrastive", "batch_margin", "cca")
RESULTS = "results/bench/retrieval.tsv"


def random_pairs(wells: int, molecules: int, rng: np.random.Generator) -> Pairs:
    """Draw wells of standard normal features, and fingerprints."""
    profiles = rng.standard_normal((wells, BLOCKS * GENES), dtype=np.float32)
    vectors = (rng.random((molecules, BITS)) < 0.05).astype(np.float32)
    return Pairs(profiles, vectors, rng.integers(molecules, size=wells), "jaccard")


def examples(pairs: Pairs, molecules: object = None) -> Examples:
    """Return them with lines and no twins."""
    line = np.arange(len(pairs.profiles)) % 6
    return Examples(pairs, molecules=molecules, line=line, blocks=BLOCKS, treated=1)


def seconds(run: Callable[[], object]) -> float:
    """Return how long it took."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def wells_per_second(made: Examples, **options: object) -> float:
    """Train for one epoch of some steps, after one that warms up."""
    nothing = Examples(
        Pairs(made.pairs.profiles[:0], made.pairs.vectors, made.pairs.molecule[:0], "jaccard"),
        molecules=made.molecules,
        blocks=BLOCKS,
        treated=1,
    )

    def train(epochs: int) -> float:
        return seconds(
            lambda: align.fit(
                made, nothing, np.random.default_rng(0), epochs=epochs, batch=BATCH,
                early_stopping=False, **options,
            )
        )  # fmt: skip

    train(1)  # what only happens the first time
    once, twice = train(1), train(2)
    return len(made.pairs.profiles) / max(twice - once, 1e-9)


def main() -> None:
    """Time, print, write."""
    device = "GPU" if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    rng, rows = np.random.default_rng(0), []

    def tell(what: str, value: float, unit: str) -> None:
        rows.append({"what": what, "value": value, "unit": unit, "device": device})
        print(f"{what}: {value:,.3g} {unit} ({device})", flush=True)

    made = examples(random_pairs(STEPS * BATCH, MOLECULES, rng))
    for loss in LOSSES:
        rate = wells_per_second(made, loss=loss)
        tell(f"{loss}, fingerprints", rate, "wells/s")
        tell(f"{loss}, {EPOCHS} epochs of {WELLS:,}", EPOCHS * WELLS / rate / 3600, "hours")
    if find_spec("chemprop") is not None:
        smiles = draw_molecules(STRUCTURES, 12, rng).table["smiles"].tolist()
        pairs = random_pairs(STEPS * BATCH, STRUCTURES, rng)
        source = Source("dmpnn")
        known = {"morgan": pairs.vectors}
        graphs = examples(pairs, source.read(smiles, known))
        rate = wells_per_second(graphs, loss="quadruplet_code")
        tell("quadruplet_code, D-MPNN trained", rate, "wells/s")
        tell(f"D-MPNN, {EPOCHS} epochs of {WELLS:,}", EPOCHS * WELLS / rate / 3600, "hours")
    molecule = made.pairs.molecule
    distance = expression_distance(made.pairs.profiles[:, GENES : 2 * GENES], molecule, MOLECULES)
    group = np.arange(MOLECULES)
    drawn = Negatives(distance, molecule, "uniform", group)
    anchors = molecule[:BATCH]
    spent = seconds(lambda: [drawn.well_of(drawn.draw(anchors)) for _ in range(100)])
    tell(f"negatives of a batch of {BATCH}", 10 * spent, "ms")
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.DataFrame(rows), RESULTS)
    print(f"Written: {RESULTS}")
    retrieval_cca.main()


if __name__ == "__main__":
    main()
