"""A generated tensor of the size and pattern of Hodos et al. 2018; it is simulated, not theirs.

Drugs belong to mechanisms and answer by lineage; what a profile holds besides is noise, of which
some directions of expression have more than others. The strengths were set such that 1D-Mean,
2D-Mean and DNPP score about what the paper prints for them (0.40, 0.46, 0.54).
"""

import numpy as np

from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

DRUGS, GENES, CELLS, PROFILES = 2130, 978, 71, 15_855
# Table 1 of the paper: profiles of the ten cells that have most.
TABLE_1 = [1505, 1368, 1340, 1168, 1139, 1127, 1022, 934, 798, 441]
CELLS_PER_DRUG, DRUGS_PER_CELL = 3, 3
MECHANISMS, LINEAGES, FACTORS = 150, 12, 60
NOISE = 0.8


def paper_tensor(
    drugs: int = DRUGS, genes: int = GENES, cells: int = CELLS, seed: int = 1
) -> ProfileSet:
    """Return a generated tensor with the paper's density and cell counts, scaled to the size."""
    rng = np.random.default_rng(seed)
    measured = _pattern(drugs, _profiles_per_cell(drugs, cells), rng)
    drug, cell = np.nonzero(measured)
    signal = _signal(drug, cell, measured.shape, genes, rng)
    noise = rng.normal(size=signal.shape) * np.arange(1, genes + 1) ** -0.35
    noise = noise @ _directions(genes, rng)
    profiles = signal / _size(signal) + NOISE * noise / _size(noise)
    return ProfileSet(
        unit_rows(profiles).astype(np.float32),
        drug,
        cell,
        *(
            np.array([f"{axis}{number + 1}" for number in range(count)])
            for axis, count in (("drug", drugs), ("cell", cells), ("gene", genes))
        ),
    )


def _profiles_per_cell(drugs: int, cells: int) -> np.ndarray:
    """Table 1, and a geometric decline over the other cells that sums to the paper's total."""
    tail = np.geomspace(1, 0.02, CELLS - len(TABLE_1))
    low, high = 0.0, TABLE_1[-1] * 1e3
    while high - low > 1e-9:
        scale = (low + high) / 2
        total = np.clip(tail * scale, DRUGS_PER_CELL, TABLE_1[-1]).sum() + sum(TABLE_1)
        low, high = (scale, high) if total < PROFILES else (low, scale)
    counts = np.array([*TABLE_1, *np.clip(tail * low, DRUGS_PER_CELL, TABLE_1[-1])])
    if (drugs, cells) == (DRUGS, CELLS):
        counts = counts.round().astype(int)
        counts[len(TABLE_1)] += PROFILES - counts.sum()  # what rounding lost
        return counts
    # Of other sizes: the same curve at as many places as there are cells, and enough for each drug.
    curve = np.interp(np.linspace(0, CELLS - 1, cells), np.arange(CELLS), counts) * drugs / DRUGS
    counts = np.clip(curve, DRUGS_PER_CELL, drugs)
    while counts.sum() < (CELLS_PER_DRUG + 1) * drugs:
        curve *= 1.1
        counts = np.clip(curve, DRUGS_PER_CELL, drugs)
    return counts.round().astype(int)


def _pattern(drugs: int, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which drugs are measured in which cells; some drugs are popular, none has too few cells."""
    popularity = rng.gamma(1.0, 1.0, drugs) + 0.05
    popularity /= popularity.sum()
    measured = np.zeros((drugs, len(counts)), dtype=bool)
    for cell, count in enumerate(counts):
        measured[rng.choice(drugs, count, replace=False, p=popularity), cell] = True
    least = CELLS_PER_DRUG
    for drug in rng.permutation(drugs):
        while measured[drug].sum() < least:
            cell = rng.choice(len(counts), p=counts / counts.sum())
            givers = np.flatnonzero(measured[:, cell] & (measured.sum(axis=1) > least))
            if not measured[drug, cell] and len(givers):
                measured[rng.choice(givers), cell] = False
                measured[drug, cell] = True
    return measured


def _signal(
    drug: np.ndarray,
    cell: np.ndarray,
    shape: tuple[int, int],
    genes: int,
    rng: np.random.Generator,
) -> np.ndarray:
    drugs, cells = shape
    mechanism = rng.integers(MECHANISMS, size=drugs)
    lineage = np.arange(cells) % LINEAGES
    of_mechanism = rng.normal(size=(MECHANISMS, FACTORS))
    of_drug = of_mechanism[mechanism] + 0.7 * rng.normal(size=(drugs, FACTORS))
    of_cell = 0.35 * rng.normal(size=(cells, FACTORS))
    in_lineage = 0.6 * rng.normal(size=(MECHANISMS, LINEAGES, FACTORS))
    openness = rng.normal(size=(LINEAGES, FACTORS))[lineage]
    openness = 1 / (1 + np.exp(-2 * (openness + 0.7 * rng.normal(size=(cells, FACTORS)))))
    factors = of_drug[drug] * openness[cell] + of_cell[cell]
    factors += in_lineage[mechanism[drug], lineage[cell]]
    count = min(FACTORS, genes)
    loadings = _directions(genes, rng)[:count] * np.arange(1, count + 1)[:, None] ** -0.5
    return factors[:, :count] @ loadings


def _directions(genes: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(genes, genes)))[0]


def _size(rows: np.ndarray) -> float:
    """Root mean square length of the rows."""
    return float(np.sqrt((rows**2).sum(axis=1).mean()))
