"""RNA-seq samples: what they are, and their true log2 expression.

Each function returns a table of samples and an array of shape (samples, genes).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lacuna.simulation.plates import list_treatments
from lacuna.simulation.transcriptome import (
    AGEING_TISSUES,
    CULTURE,
    DECADES,
    DONOR,
    SAMPLE,
    TISSUE,
    TISSUES,
    Transcription,
)

CELL_LINE_STUDIES = 0.3  # share of the studies
MAIN_TISSUE_SHARE = 0.75  # of a study's samples; the others are of one other tissue
TISSUES_PER_DONOR = 3  # of the donors whose tissues were measured on both platforms
STEROID_STUDIES, STEROID_REPLICATES = 3, 3


def study_samples(
    truth: Transcription, studies: int, per_study: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return studies for training: most have one tissue and some of another, some cell lines."""
    parts, of_tissues = [], studies - round(CELL_LINE_STUDIES * studies)
    for study in range(studies):
        source = f"simulated-study-{study + 1:02d}"
        if study < of_tissues:
            main, other = study % len(TISSUES), (study + of_tissues) % len(TISSUES)
            tissue = np.where(rng.random(per_study) < MAIN_TISSUE_SHARE, main, other)
            kinds = [TISSUES[number] for number in tissue]
            donors = [f"{source}-{number + 1:03d}" for number in range(per_study)]
            state = truth.tissues[tissue] + truth.regulation.vary(DONOR, per_study, rng)
        else:
            kinds = donors = [f"SIMRNA{study + 1}L{number + 1}" for number in range(per_study)]
            state = truth.new_lines(per_study, rng)
        table = _describe(source, "training", kinds, donors)
        state = truth.mean + state + truth.regulation.vary(SAMPLE, per_study, rng)
        parts.append((table, state))
    return _concatenate(parts)


def pair_samples(
    truth: Transcription, donors: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return samples measured on both platforms: some tissues of each donor, and each line once."""
    tissue = np.concatenate(
        [rng.choice(len(TISSUES), TISSUES_PER_DONOR, replace=False) for _ in range(donors)]
    )
    donor = np.repeat(np.arange(donors), TISSUES_PER_DONOR)
    lines = truth.biology.cells["cell_id"].tolist()
    table = _describe(
        "simulated-pairs",
        "pair",
        [TISSUES[number] for number in tissue] + lines,
        [f"simulated-pairs-{number + 1:03d}" for number in donor] + lines,
    )
    state = truth.tissues[tissue] + truth.regulation.vary(DONOR, donors, rng)[donor]
    state = np.concatenate(
        [
            state + truth.regulation.vary(SAMPLE, len(state), rng),
            truth.lines + truth.regulation.vary(CULTURE, len(lines), rng),
        ]
    )
    return table, truth.mean + state


def unrelated_samples(shown: Transcription, number: int, rng: np.random.Generator) -> np.ndarray:
    """Return samples that tell nothing of any others, not even which of them share a tissue.

    Each is of a tissue of its own. Drawn from a few tissues instead, they would agree with the
    tissues of the pairs more than chance in some worlds, and less in others.
    """
    state = sum(shown.regulation.vary(spread, number, rng) for spread in (TISSUE, DONOR, SAMPLE))
    return shown.mean + state


def ageing_samples(
    truth: Transcription, per_decade: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the same tissues of each donor; ages are decades, as GTEx tells them."""
    decade = np.repeat(np.arange(len(DECADES)), per_decade)
    donors = [f"simulated-ageing-{number + 1:03d}" for number in range(len(decade))]
    of_donor = truth.regulation.vary(DONOR, len(decade), rng)
    parts = []
    for name, slope in zip(AGEING_TISSUES, truth.ageing, strict=True):
        state = truth.mean + truth.tissues[TISSUES.index(name)] + of_donor
        state = state + np.outer(decade - decade.mean(), slope)
        table = _describe("simulated-ageing", "ageing", [name] * len(decade), donors)
        table["age"] = [DECADES[number] for number in decade]
        parts.append((table, state + truth.regulation.vary(SAMPLE, len(decade), rng)))
    return _concatenate(parts)


def steroid_samples(
    truth: Transcription, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return studies of the first glucocorticoid, each in one line of the screen: 3 v 3."""
    treatments = list_treatments(truth)
    steroid = treatments.index[treatments["receptor"]][0]
    change, parts = truth.changes()[steroid], []
    for study in range(STEROID_STUDIES):
        cell = study % len(truth.lines)
        line = truth.biology.cells["cell_id"][cell]
        treated = np.repeat([False, True], STEROID_REPLICATES)
        table = _describe(f"simulated-steroid-{study + 1}", "steroid", [line] * len(treated), line)
        table["condition"] = np.where(treated, treatments["name"][steroid], "control")
        state = truth.mean + truth.lines[cell] + treated[:, None] * change[cell]
        parts.append((table, state + truth.regulation.vary(CULTURE, len(treated), rng)))
    return _concatenate(parts)


def _describe(
    source: str, role: str, kinds: Sequence[str], donors: Sequence[str] | str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": source,
            "kind": kinds,
            "condition": "",
            "unit": "counts",
            "donor": donors,
            "age": "",
            "role": role,
        }
    )


def _concatenate(
    parts: Sequence[tuple[pd.DataFrame, np.ndarray]],
) -> tuple[pd.DataFrame, np.ndarray]:
    return (
        pd.concat([table for table, _ in parts], ignore_index=True),
        np.concatenate([expression for _, expression in parts]),
    )
