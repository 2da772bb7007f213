"""Gene programmes, mechanism classes, drugs and cells, and how drugs act in cells.

Gene programmes are sparse sets of genes that move together. Each mechanism class drives a few of
them; most drugs of a class share a chemical scaffold; cells belong to a few lineages. How a drug's
response differs between cells depends on the generator, so that no method is judged only on the
model that it assumes:

- clustered: each cell lets some programmes through and holds others back. Most classes drive the
  same programmes in every cell; some are cell-specific and drive others in each lineage. Responses
  saturate.
- additive: response[drug, cell] = effect[drug] + effect[cell].
- low_rank: response[drug, cell, programme] is a sum over a few factors of
  a[drug, factor] b[cell, factor] c[factor, programme].
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.simulation.parameters import (
    CELL_SPECIFIC_SHARE,
    CELLS_PER_LINEAGE,
    DOSES,
    FACTORS,
    GENES,
    GENES_PER_PROGRAMME,
    HEADS,
    INACTIVE_SHARE,
    LINEAGES,
    LINKERS,
    ODD_SHARE,
    PROGRAMMES,
    PROGRAMMES_PER_CLASS,
    RINGS,
    SUBSTITUENTS,
    TIMES,
)
from lacuna.vectors import unit_rows


@dataclass(frozen=True)
class Biology:
    """The planted truth.

    Attributes
    ----------
    drugs : DataFrame
        pert_id, name, mechanism, active (bool), cell_specific (bool), potency.
    cells : DataFrame
        cell_id, lineage, coverage (share of a compound set that is screened in the cell).
    programmes : array of shape (programmes, genes)
        Unit rows.
    late : bool array of shape (programmes,)
        Programmes that reach their full response only at the longer time.
    response : array of shape (drugs, cells, programmes)
        Log2 change along each programme, at the full dose and time.
    baseline : array of shape (cells, genes)
        Log2 expression without treatment.
    """

    drugs: pd.DataFrame
    cells: pd.DataFrame
    programmes: np.ndarray
    late: np.ndarray
    response: np.ndarray
    baseline: np.ndarray

    def change(self, drug: int, cell: int, dose: float = 10.0, time: int = 24) -> np.ndarray:
        """Return the log2 change of every gene without noise, shape (genes,).

        The dose is in micromolar, the time in hours: one of `DOSES` and one of `TIMES`.
        """
        at_time = np.where(self.late, TIMES[time], 1.0)
        return (DOSES[dose] * at_time * self.response[drug, cell]) @ self.programmes


def plant(
    generator: str, drugs: int, cells: int, mechanisms: int, rng: np.random.Generator
) -> Biology:
    """Draw programmes, mechanisms, drugs, cells and what the drugs do in the cells.

    Parameters
    ----------
    generator
        How responses differ between cells: one of `GENERATORS`.
    drugs, cells, mechanisms
        How many of each.
    rng
        The random stream of the biology.
    """
    return plant_drugs(draw_drugs(drugs, mechanisms, rng), generator, cells, mechanisms, rng)


def plant_drugs(
    drug_table: pd.DataFrame, generator: str, cells: int, mechanisms: int, rng: np.random.Generator
) -> Biology:
    """Draw programmes, mechanisms, cells and what these drugs do in the cells.

    Parameters
    ----------
    drug_table : DataFrame
        pert_id, name, mechanism (0 to mechanisms - 1), active, potency; it gets cell_specific.
    generator
        How responses differ between cells: one of `GENERATORS`.
    cells, mechanisms
        How many of each.
    rng
        The random stream of the biology.
    """
    cell_table = _cells(cells)
    lineage = pd.factorize(cell_table["lineage"])[0]
    respond = {"clustered": _clustered, "additive": _additive, "low_rank": _low_rank}[generator]
    response = respond(drug_table, lineage, mechanisms, rng)
    shared = rng.uniform(4, 13, GENES)
    of_lineage = rng.normal(0, 0.9, (lineage.max() + 1, GENES))
    baseline = shared + of_lineage[lineage] + rng.normal(0, 0.5, (cells, GENES))
    late = rng.random(PROGRAMMES) < 0.5
    return Biology(drug_table, cell_table, _programmes(rng), late, response, baseline)


def _clustered(
    drug_table: pd.DataFrame, lineage: np.ndarray, mechanisms: int, rng: np.random.Generator
) -> np.ndarray:
    """Return saturating responses behind the gates of cells, shape (drugs, cells, programmes)."""
    drugs = len(drug_table)
    gate = _gates(lineage, rng)

    # A cell-specific mechanism drives other programmes in each lineage.
    everywhere = np.stack([_class_weights(rng) for _ in range(mechanisms)])
    by_lineage = rng.permuted(np.repeat(everywhere[:, None], lineage.max() + 1, axis=1), axis=2)
    specific = rng.permutation(mechanisms) < round(CELL_SPECIFIC_SHARE * mechanisms)
    by_class = np.where(specific[:, None, None], by_lineage, everywhere[:, None])
    drug_table["cell_specific"] = drug_table["active"] & specific[drug_table["mechanism"]]
    own = rng.normal(0, 0.25, (drugs, PROGRAMMES)) * (rng.random((drugs, PROGRAMMES)) < 0.2)
    response = by_class[drug_table["mechanism"]][:, lineage] + own[:, None]
    response = response * gate * drug_table["potency"].to_numpy()[:, None, None]
    response = 8 * np.tanh(response / 8)  # no gene set moves without bound
    response[~drug_table["active"].to_numpy()] = 0
    return response


def _additive(
    drug_table: pd.DataFrame, lineage: np.ndarray, mechanisms: int, rng: np.random.Generator
) -> np.ndarray:
    """Return effect[drug] + effect[cell], shape (drugs, cells, programmes)."""
    by_class = np.stack([_class_weights(rng) for _ in range(mechanisms)])
    own = rng.normal(0, 0.25, (len(drug_table), PROGRAMMES))
    of_drug = (by_class[drug_table["mechanism"]] + own) * drug_table["potency"].to_numpy()[:, None]
    of_drug[~drug_table["active"].to_numpy()] = 0
    of_lineage = rng.normal(0, 1, (lineage.max() + 1, PROGRAMMES))
    of_cell = of_lineage[lineage] + rng.normal(0, 0.5, (len(lineage), PROGRAMMES))
    drug_table["cell_specific"] = False
    return of_drug[:, None] + of_cell


def _low_rank(
    drug_table: pd.DataFrame, lineage: np.ndarray, mechanisms: int, rng: np.random.Generator
) -> np.ndarray:
    """Return a sum over factors of drug x cell x programme, shape (drugs, cells, programmes)."""
    of_class = rng.normal(size=(mechanisms, FACTORS))
    of_drug = of_class[drug_table["mechanism"]] + rng.normal(0, 0.4, (len(drug_table), FACTORS))
    of_drug *= drug_table["potency"].to_numpy()[:, None]
    of_drug[~drug_table["active"].to_numpy()] = 0
    of_lineage = rng.normal(size=(lineage.max() + 1, FACTORS))
    of_cell = of_lineage[lineage] + rng.normal(0, 0.5, (len(lineage), FACTORS))
    programmes = unit_rows(rng.normal(size=(FACTORS, PROGRAMMES)))
    drug_table["cell_specific"] = drug_table["active"]
    return np.einsum("df,cf,fp->dcp", of_drug, of_cell, programmes) / np.sqrt(FACTORS)


def _cells(cells: int) -> pd.DataFrame:
    lineage = [LINEAGES[(i // CELLS_PER_LINEAGE) % len(LINEAGES)] for i in range(cells)]
    # Lineages take turns: else the best covered cells would all belong to one.
    order = np.argsort(np.arange(cells) % CELLS_PER_LINEAGE, kind="stable")
    return (
        pd.DataFrame(
            {
                "cell_id": [f"SIM{site[:3].upper()}{i + 1}" for i, site in enumerate(lineage)],
                "lineage": lineage,
            }
        )
        .iloc[order]
        .assign(coverage=np.linspace(1.0, 0.3, cells))
        .reset_index(drop=True)
    )


def draw_drugs(drugs: int, mechanisms: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return pert_id, name, mechanism, active and potency of each drug."""
    active = rng.random(drugs) >= INACTIVE_SHARE
    return pd.DataFrame(
        {
            "pert_id": [f"SIM-K{i + 1:08d}" for i in range(drugs)],
            "name": [f"simulated-{i + 1:03d}" for i in range(drugs)],
            "mechanism": rng.integers(mechanisms, size=drugs),
            "active": active,
            "potency": rng.lognormal(1.7, 0.6, drugs),
        }
    )


def _programmes(rng: np.random.Generator) -> np.ndarray:
    programmes = np.zeros((PROGRAMMES, GENES))
    for programme in programmes:
        members = rng.choice(GENES, GENES_PER_PROGRAMME, replace=False)
        programme[members] = rng.laplace(size=GENES_PER_PROGRAMME)
    return unit_rows(programmes)


def _gates(lineage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how far each cell lets each programme through, shape (cells, programmes), 0 to 1."""
    open_everywhere = rng.random(PROGRAMMES) < 0.4
    open_in_lineage = rng.random((lineage.max() + 1, PROGRAMMES)) < 0.5
    gate = np.where(open_everywhere | open_in_lineage[lineage], 1.0, 0.1)
    return gate * rng.uniform(0.6, 1.0, gate.shape)


def _class_weights(rng: np.random.Generator) -> np.ndarray:
    weights = np.zeros(PROGRAMMES)
    driven = rng.choice(PROGRAMMES, PROGRAMMES_PER_CLASS, replace=False)
    weights[driven] = rng.choice([-1, 1], PROGRAMMES_PER_CLASS) * rng.uniform(0.5, 1.0, len(driven))
    return weights


def draw_structures(mechanism: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Return a SMILES per drug; most drugs of a mechanism share its scaffold.

    A scaffold is two rings and a linker; a drug's own are the groups at both ends.

    Parameters
    ----------
    mechanism : int array of shape (drugs,)
        The mechanism class of each drug.
    rng
        The random stream of the structures.
    """

    def scaffold() -> tuple[str, str, str]:
        return rng.choice(RINGS), rng.choice(LINKERS), rng.choice(RINGS)

    of_class = [scaffold() for _ in range(mechanism.max() + 1)]
    structures = []
    for number in mechanism:
        first, linker, second = scaffold() if rng.random() < ODD_SHARE else of_class[number]
        # The inner ring needs ring-bond numbers of its own, because the outer one is still open.
        inner = second.translate(str.maketrans("12", "34")).format(rng.choice(SUBSTITUENTS))
        structures.append(rng.choice(HEADS) + first.format(linker + inner))
    return structures
