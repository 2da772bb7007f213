"""What a drug does at a dose, in cells that respond to it, and in the mean of all cells.

In a responding cell, the log2 change is the drug's full response times a Hill function of the dose:

    share(dose) = dose^slope / (dose^slope + ec50^slope)

The other cells of the same well do not change. What a bulk measurement sees is the mean over both:

    change = log2(1 - responders + responders 2^(share response))

Hill 1910, Journal of Physiology 40:iv-vii; that drugs leave part of the cells as they are, as in
Srivatsan et al. 2020, Science 367:45, doi:10.1126/science.aax6234.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lacuna.simulation.biology import Biology, plant_drugs
from lacuna.simulation.parameters import GENES, GENES_PER_PROGRAMME, TIMES
from lacuna.simulation.transcriptome import extend_programmes
from lacuna.vectors import unit_rows

OTHER_PROGRAMMES = 6  # of the genes that bulk does not measure alone
COMMON = 0.4  # response of all genes to any drug, by the drug's potency
SCALE = 1.6  # of responses by those of the other simulated screens
STRONG_SHARE = 0.35  # of the mechanisms; in sci-Plex, fewer than 20 % of the drugs move cells
STRONG, WEAK = 7.0, 1.6  # median log2 change along a programme, at full response
POTENCY_SPREAD = 0.25  # standard deviation between drugs of the logarithm of it
EC50_LOWEST, EC50_HIGHEST = 0.05, 1.5  # micromolar, of mechanisms
EC50_SPREAD = 0.5  # standard deviation between drugs of a mechanism of the logarithm
LATE_SHARE = 0.2  # of the drugs, which act only at the highest dose
LATE_EC50, LATE_SLOPE = 6.0, 3.0  # micromolar
SLOPES = (0.8, 2.0)
RESPONDERS = (0.6, 0.95)  # share of the cells that respond to a drug


@dataclass(frozen=True)
class DosedBiology(Biology):
    """A planted truth in which responses follow the dose.

    Attributes
    ----------
    drugs : DataFrame
        As of `Biology`, and strong (bool), ec50 (micromolar), slope, late (bool: acts only at the
        highest dose), responders (share of the cells).
    """

    def full_change(self, drug: int, cell: int, dose: float, time: int = 24) -> np.ndarray:
        """Return the log2 change in responding cells, shape (genes,); the dose is micromolar."""
        facts = self.drugs.iloc[drug]
        share = hill(dose, facts["ec50"], facts["slope"])
        at_time = np.where(self.late, TIMES[time], 1.0)
        return (share * at_time * self.response[drug, cell]) @ self.programmes

    def change(self, drug: int, cell: int, dose: float = 10.0, time: int = 24) -> np.ndarray:
        """Return the log2 change of the mean over cells, shape (genes,); micromolar, hours."""
        full = self.full_change(drug, cell, dose, time)
        return mean_change(full, self.drugs["responders"].iloc[drug])

    def of_landmarks(self) -> "DosedBiology":
        """Return the part of it that a bulk screen of the landmarks sees."""
        of = (self.programmes[:, :GENES], self.baseline[:, :GENES])
        return replace(self, programmes=of[0], baseline=of[1])


def hill(
    dose: float | np.ndarray, ec50: float | np.ndarray, slope: float | np.ndarray
) -> np.ndarray:
    """Return the share of the full response that is reached at a dose, 0 to 1.

    Parameters
    ----------
    dose, ec50
        In the same unit, of shapes that fit each other.
    slope
        Of the curve, where it is half.
    """
    return np.asarray(1 / (1 + (np.asarray(ec50) / dose) ** slope))


def mean_change(full: np.ndarray, responders: float | np.ndarray) -> np.ndarray:
    """Return the log2 change of the mean over cells, of which some respond.

    Parameters
    ----------
    full
        Log2 change in a responding cell.
    responders
        Share of the cells, of a shape that fits.
    """
    return np.log2(1 - responders + responders * 2.0**full)


def draw_effects(
    molecules: pd.DataFrame, mechanisms: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw how strongly drugs act, at which doses, and in how many cells.

    Mechanisms are strong or weak, and most act at doses of their own, so that structures that tell
    the mechanism tell this, too; drugs of a mechanism vary about it.

    Parameters
    ----------
    molecules : DataFrame
        kind and mechanism, as `draw_molecules` returns them.
    mechanisms
        How many.
    rng
        The random stream of the biology.

    Returns
    -------
    DataFrame, a row per molecule
        pert_id, name, mechanism, active, potency, strong, ec50, slope, late, responders. A drug
        that is not active has a number in each, of which nothing comes.
    """
    number = len(molecules)
    mechanism = molecules["mechanism"].clip(lower=0).to_numpy()
    active = molecules["kind"].eq("active").to_numpy()
    strong = rng.permutation(mechanisms) < max(1, round(STRONG_SHARE * mechanisms))
    half = rng.uniform(np.log(EC50_LOWEST), np.log(EC50_HIGHEST), mechanisms)
    late = rng.random(number) < LATE_SHARE
    ec50 = np.exp(half[mechanism] + rng.normal(0, EC50_SPREAD, number))
    slope = rng.uniform(*SLOPES, number)
    median = np.where(strong, STRONG, WEAK)[mechanism]
    return pd.DataFrame(
        {
            "pert_id": [f"SIM-K{drug + 1:08d}" for drug in range(number)],
            "name": [f"simulated-{drug + 1:03d}" for drug in range(number)],
            "mechanism": mechanism,
            "active": active,
            "potency": median * rng.lognormal(0, POTENCY_SPREAD, number),
            "strong": active & strong[mechanism],
            "ec50": np.where(late, LATE_EC50, ec50),
            "slope": np.where(late, LATE_SLOPE, slope),
            "late": late,
            "responders": rng.uniform(*RESPONDERS, number),
        }
    )


def plant_doses(
    molecules: pd.DataFrame, cells: int, mechanisms: int, others: int, rng: np.random.Generator
) -> DosedBiology:
    """Let drugs act by the mechanism of their fragments, also on genes that bulk does not see.

    Parameters
    ----------
    molecules : DataFrame
        kind and mechanism, as `draw_molecules` returns them.
    cells, mechanisms
        How many.
    others
        How many genes there are beside the landmarks. They belong to the programmes of the
        landmarks, too, and to some of their own; one programme is of all genes and answers to all
        drugs.
    rng
        The random stream of the biology.
    """
    drugs = draw_effects(molecules, mechanisms, rng)
    seen = plant_drugs(drugs, "clustered", cells, mechanisms, rng)
    size = min(GENES_PER_PROGRAMME, others)
    programmes = np.zeros((OTHER_PROGRAMMES + 1, GENES + others))
    programmes[0] = rng.normal(size=GENES + others)  # the common one, of all genes
    for programme in programmes[1:]:
        programme[GENES + rng.choice(others, size, replace=False)] = rng.laplace(size=size)
    driven = rng.integers(OTHER_PROGRAMMES, size=mechanisms)
    weight = rng.choice([-1, 1], mechanisms) * rng.uniform(0.5, 1.0, mechanisms)
    by_class = weight[:, None] * np.eye(OTHER_PROGRAMMES)[driven]
    acts = np.where(drugs["active"], drugs["potency"], 0.0)
    of_drug = np.column_stack([COMMON * acts, acts[:, None] * by_class[drugs["mechanism"]]])
    everywhere = np.repeat(8 * np.tanh(of_drug[:, None] / 8), cells, axis=1)
    of_others = rng.uniform(4, 13, others) + rng.normal(0, 1, (cells, others))
    return DosedBiology(
        drugs=seen.drugs,
        cells=seen.cells.assign(coverage=1.0),
        programmes=np.vstack(
            [extend_programmes(seen.programmes, GENES + others, rng), unit_rows(programmes)]
        ),
        late=np.append(seen.late, np.zeros(OTHER_PROGRAMMES + 1, dtype=bool)),
        response=SCALE * np.concatenate([seen.response, everywhere], axis=2),
        baseline=np.hstack([seen.baseline, of_others]),
    )
