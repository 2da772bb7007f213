"""A simulated screen, written as GEO would have shipped it; its names say that it is simulated.

Biology: gene programmes (sparse sets of genes that move together); mechanism classes that drive a
few programmes each; drugs of a class that share a chemical scaffold, by and large; cells of a few
lineages. How a drug's response differs between cells depends on the generator, so that no method
need be judged on the family that it assumes:

- clustered: lineages whose cells let a programme through or not. Most classes act alike in every
  cell that lets their programmes through; some are cell-specific and drive other programmes in each
  lineage. Responses saturate.
- additive: the drug's response, the same in every cell, plus the cell's own to any drug.
- low_rank: the sum over a few factors of drug x cell x programmes.

The screen, whatever the generator: plates of 384 wells in 2 to 4 replicates, two doses, two
times, plate and well-position effects, correlated noise, failed wells, and a drug x cell grid of
which few cells have most drugs.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna import hdf5
from lacuna.characteristic_direction import unit_rows
from lacuna.files import write_table
from lacuna.gctx import write_gctx
from lacuna.gene_sets import write_gmt
from lacuna.randomness import generator as stream

FILES = {
    "level3": "SIMULATED_Level3.gctx",
    "inst_info": "SIMULATED_inst_info.txt.gz",
    "pert_info": "SIMULATED_pert_info.txt.gz",
    "gene_info": "SIMULATED_gene_info.txt.gz",
    "cell_info": "SIMULATED_cell_info.txt.gz",
}
ANNOTATION = "SIMULATED_annotation.tsv"
TRUTH = "SIMULATED_truth.h5"
GENE_SETS = "SIMULATED_gene_sets.gmt"
EXTERNAL = {
    "profiles": "SIMULATED_external_profiles.tsv",
    "samples": "SIMULATED_external_samples.tsv",
}

GENES = 978
PROGRAMMES = 24
GENES_PER_PROGRAMME = 60
PROGRAMMES_PER_CLASS = 3
LINEAGES = ("breast", "prostate", "skin", "lung", "kidney", "colon")
CELLS_PER_LINEAGE = 2
ATC_LETTERS = "ACDGHJLMNR"
GENERATORS = ("clustered", "additive", "low_rank")
FACTORS = 6  # of the generator low_rank

PLATE_ROWS, PLATE_COLUMNS = 16, 24
VEHICLE_WELLS = 24
DRUGS_PER_PLATE = (PLATE_ROWS * PLATE_COLUMNS - VEHICLE_WELLS) // 2
DOSES = {10.0: 1.0, 0.37: 0.45}  # micromolar: share of the full response
TIMES = {24: 1.0, 6: 0.6}  # hours: share of the full response of a late programme
LOWEST, HIGHEST = 2.4, 15.0

INACTIVE_SHARE = 0.35
CELL_SPECIFIC_SHARE = 0.4  # of mechanisms
ANNOTATED_SHARE = 0.7
FAILED_SHARE = 0.02
ODD_SHARE = 0.25  # of drugs without the scaffold of their mechanism
RINGS = (
    *("c1ccc({})cc1", "c1cnc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "c1coc({})c1"),
    *("C1CCC({})CC1", "c1nc({})sc1", "c1ccc2nc({})ccc2c1", "n1ccc({})c1", "c1ncnc({})c1"),
)
LINKERS = ("C(=O)N", "CC", "O", "S(=O)(=O)", "C(=O)", "CN", "OCC", "C=C", "C(C)", "COC")
HEADS = ("C", "CC", "O=C(O)", "FC(F)(F)", "CC(C)", "N#C", "COC", "CC(=O)", "NC(=O)", "OC")
SUBSTITUENTS = ("C", "CC", "C(F)(F)F", "C(C)C", "C#N", "CO", "C(=O)C", "C(N)=O", "CCl", "CCO")
DRUGS_UNDER_TWO_IDS = 1

EXTERNAL_DRUGS, EXTERNAL_CELLS, EXTERNAL_REPLICATES = 15, 2, 3
EXTERNAL_OWN = 0.2  # along each programme, beside the mixture of two drugs of the screen
EXTERNAL_GAIN = 0.5  # spread between genes of the log of how strongly the platform shows a change
EXTERNAL_NOISE = 0.3  # of one replicate, log2
EXTERNAL_MISSING = 0.05  # of genes


@dataclass(frozen=True)
class Biology:
    """What the simulator plants.

    Attributes
    ----------
    drugs : DataFrame
        pert_id, name, mechanism, active (bool), cell_specific (bool), potency.
    cells : DataFrame
        cell_id, lineage, coverage (share of a compound set that is screened in the cell).
    programmes : array of shape (programmes, genes)
        Unit rows.
    late : bool array of shape (programmes,)
        Programmes that are not yet in full swing at the shorter time.
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
        """Return the log2 change of every gene, without noise."""
        at_time = np.where(self.late, TIMES[time], 1.0)
        return (DOSES[dose] * at_time * self.response[drug, cell]) @ self.programmes


def simulate(
    folder: str | Path, *, generator: str, drugs: int, cells: int, mechanisms: int, seed: int
) -> None:
    """Write a simulated screen into a folder: `FILES`, and what is known beside them.

    Beside them lie the annotation of the drugs, the gene programmes as gene sets, new drugs as
    another platform measures them, and the truth.

    Parameters
    ----------
    folder
        Where to write.
    generator
        How responses come about: one of `GENERATORS`.
    drugs, cells, mechanisms
        How many of each.
    seed
        The run's seed.
    """
    folder = Path(folder)
    biology = plant(generator, drugs, cells, mechanisms, stream(seed, "biology"))
    wells, expression = _screen(biology, stream(seed, "screen"))
    genes = pd.DataFrame(
        {
            "pr_gene_id": [str(900_001 + gene) for gene in range(GENES)],
            "pr_gene_symbol": [f"SIMG{gene + 1:04d}" for gene in range(GENES)],
            "pr_is_lm": 1,
        }
    )
    write_table(wells, folder / FILES["inst_info"])
    write_table(_pert_info(biology, stream(seed, "structures")), folder / FILES["pert_info"])
    write_table(genes, folder / FILES["gene_info"])
    write_table(
        biology.cells[["cell_id", "lineage"]].rename(columns={"lineage": "primary_site"}),
        folder / FILES["cell_info"],
    )
    write_table(_annotation(biology, stream(seed, "annotation")), folder / ANNOTATION)
    sets = _gene_sets(biology.programmes, genes["pr_gene_symbol"].to_numpy())
    write_gmt(sets, "simulated", folder / GENE_SETS)
    profiles, samples = _external(biology, genes["pr_gene_symbol"], stream(seed, "external"))
    write_table(profiles, folder / EXTERNAL["profiles"])
    write_table(samples, folder / EXTERNAL["samples"])
    _write_truth(biology, genes, folder / TRUTH)
    write_gctx(
        folder / FILES["level3"],
        expression,
        pd.DataFrame(index=genes["pr_gene_id"]),
        pd.DataFrame(index=wells["inst_id"]),
    )


def plant(
    generator: str, drugs: int, cells: int, mechanisms: int, rng: np.random.Generator
) -> Biology:
    """Draw programmes, mechanisms, drugs, cells and what the drugs do in the cells."""
    cell_table = _cells(cells)
    drug_table = _drugs(drugs, mechanisms, rng)
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
    """Mechanisms through the gates of cells, saturating; shape (drugs, cells, programmes)."""
    drugs = len(drug_table)
    gate = _gates(lineage, rng)

    # A cell-specific mechanism drives its programmes in one lineage, others elsewhere.
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
    """The drug's response plus the cell's own to any drug; shape (drugs, cells, programmes)."""
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
    """A sum over factors of drug x cell x programmes; shape (drugs, cells, programmes)."""
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
    # Interleave lineages, so that the well covered cells are not all of one.
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


def _drugs(drugs: int, mechanisms: int, rng: np.random.Generator) -> pd.DataFrame:
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
    """How far each cell lets each programme through, shape (cells, programmes), 0 to 1."""
    everywhere = rng.random(PROGRAMMES) < 0.4
    opened = rng.random((lineage.max() + 1, PROGRAMMES)) < 0.5
    gate = np.where(everywhere | opened[lineage], 1.0, 0.1)
    return gate * rng.uniform(0.6, 1.0, gate.shape)


def _class_weights(rng: np.random.Generator) -> np.ndarray:
    weights = np.zeros(PROGRAMMES)
    driven = rng.choice(PROGRAMMES, PROGRAMMES_PER_CLASS, replace=False)
    weights[driven] = rng.choice([-1, 1], PROGRAMMES_PER_CLASS) * rng.uniform(0.5, 1.0, len(driven))
    return weights


def _screen(biology: Biology, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Fill plates and measure them; returns inst_info and expression (wells, genes)."""
    noise_factors = unit_rows(rng.normal(size=(6, GENES))) * np.sqrt(GENES)
    tables, measured = [], []
    for number, drugs in enumerate(_compound_sets(len(biology.drugs))):
        screened_in = max(3, round(len(biology.cells) * (1 - 0.4 * number)))
        layout = rng.permutation(PLATE_ROWS * PLATE_COLUMNS)
        for cell in range(min(screened_in, len(biology.cells))):
            dispensed = drugs[rng.random(len(drugs)) < biology.cells["coverage"][cell]]
            # The shorter time only in the cells that are screened most.
            times = [24, 6] if cell < 0.4 * len(biology.cells) else [24]
            for time in times:
                batch = f"SIM{number + 1:03d}_{biology.cells['cell_id'][cell]}_{time}H"
                for replicate in range(rng.integers(2, 5)):
                    plate = f"{batch}_X{replicate + 1}"
                    table = _plate_map(biology, drugs, dispensed, layout, plate, cell, time)
                    tables.append(table)
                    measured.append(_measure(biology, table, cell, noise_factors, rng))
    wells = pd.concat(tables, ignore_index=True)
    drug = wells.pop("drug_index")
    _give_a_second_id(wells, drug)
    return wells, np.concatenate(measured)


def _compound_sets(drugs: int) -> list[np.ndarray]:
    return np.array_split(np.arange(drugs), -(-drugs // DRUGS_PER_PLATE))


def _plate_map(
    biology: Biology,
    drugs: np.ndarray,
    dispensed: np.ndarray,
    layout: np.ndarray,
    plate: str,
    cell: int,
    time: int,
) -> pd.DataFrame:
    """Say which well of a plate holds what; replicate plates share the layout."""
    treatments = [(drug, dose) for dose in DOSES for drug in drugs]
    at = dict(zip(treatments, layout[VEHICLE_WELLS:], strict=False))
    contents = [(position, -1, np.nan) for position in layout[:VEHICLE_WELLS]]
    contents += [(at[drug, dose], drug, dose) for drug in dispensed for dose in DOSES]
    table = pd.DataFrame(sorted(contents), columns=["position", "drug_index", "pert_dose"])
    treated = table["drug_index"] >= 0
    rows, columns = np.divmod(table.pop("position"), PLATE_COLUMNS)
    names = biology.drugs.reindex(table["drug_index"]).reset_index(drop=True)
    table["rna_plate"] = plate
    table["rna_well"] = [f"{chr(65 + r)}{c + 1:02d}" for r, c in zip(rows, columns, strict=True)]
    table["inst_id"] = plate + ":" + table["rna_well"]
    table["pert_id"] = names["pert_id"].where(treated, "DMSO")
    table["pert_iname"] = names["name"].where(treated, "DMSO")
    table["pert_type"] = np.where(treated, "trt_cp", "ctl_vehicle")
    table["pert_dose"] = table["pert_dose"].fillna(-666)
    table["pert_dose_unit"] = np.where(treated, "um", "-666")
    table["pert_time"], table["pert_time_unit"] = time, "h"
    table["cell_id"] = biology.cells["cell_id"][cell]
    return table


def _measure(
    biology: Biology,
    plate: pd.DataFrame,
    cell: int,
    noise_factors: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    wells = len(plate)
    change = np.zeros((wells, GENES))
    for well, (drug, dose, time) in enumerate(
        zip(plate["drug_index"], plate["pert_dose"], plate["pert_time"], strict=True)
    ):
        if drug >= 0:
            change[well] = biology.change(drug, cell, dose, time)
    plate_effect = (
        rng.normal(0, 0.3, GENES) + rng.normal(0, 0.4, len(noise_factors)) @ noise_factors
    )
    edge = plate["rna_well"].str[0].isin(["A", "P"]).to_numpy()[:, None] * noise_factors[0]
    quality = rng.normal(0, 0.12, (wells, len(noise_factors))) @ noise_factors
    expression = biology.baseline[cell] + change + plate_effect + 0.1 * edge + quality
    expression += 0.2 * rng.standard_t(5, (wells, GENES))
    failed = rng.random(wells) < FAILED_SHARE
    expression[failed] = rng.permuted(expression[failed], axis=1)
    return np.clip(expression, LOWEST, HIGHEST).astype(np.float32)


def _give_a_second_id(wells: pd.DataFrame, drug: pd.Series) -> None:
    """Let a drug of the first plates go by another id in half of its cells, as happens in LINCS."""
    for twice in range(DRUGS_UNDER_TWO_IDS):
        cells = wells["cell_id"].unique()[::2]
        renamed = (drug == twice) & wells["cell_id"].isin(cells)
        wells.loc[renamed, "pert_id"] = _second_id(twice)


def _second_id(drug: int) -> str:
    return f"SIM-A{drug + 1:08d}"


def _pert_info(biology: Biology, rng: np.random.Generator) -> pd.DataFrame:
    drugs = biology.drugs[["pert_id", "name"]].rename(columns={"name": "pert_iname"})
    drugs["canonical_smiles"] = _structures(biology.drugs["mechanism"].to_numpy(), rng)
    twice = drugs.iloc[:DRUGS_UNDER_TWO_IDS].copy()
    twice["pert_id"] = [_second_id(drug) for drug in twice.index]
    table = pd.concat([drugs, twice], ignore_index=True).assign(pert_type="trt_cp")
    vehicle = pd.DataFrame(
        {"pert_id": ["DMSO"], "pert_iname": ["DMSO"], "pert_type": ["ctl_vehicle"]}
    )
    table = pd.concat([table, vehicle], ignore_index=True)
    return table.fillna({"canonical_smiles": "-666"}).assign(inchi_key="-666")


def _structures(mechanism: np.ndarray, rng: np.random.Generator) -> list[str]:
    """SMILES: most drugs of a mechanism have its scaffold in common, two rings and a linker."""

    def scaffold() -> tuple[str, str, str]:
        return rng.choice(RINGS), rng.choice(LINKERS), rng.choice(RINGS)

    of_class = [scaffold() for _ in range(mechanism.max() + 1)]
    structures = []
    for each in mechanism:
        first, linker, second = scaffold() if rng.random() < ODD_SHARE else of_class[each]
        # Ring bonds of the inner ring get numbers of their own, as the outer one is still open.
        inner = second.translate(str.maketrans("12", "34")).format(rng.choice(SUBSTITUENTS))
        structures.append(rng.choice(HEADS) + first.format(linker + inner))
    return structures


def _annotation(biology: Biology, rng: np.random.Generator) -> pd.DataFrame:
    """ATC code, targets and mechanism; some drugs have none on record.

    Mechanisms ten apart share an ATC class; each has a target of its own, and two share another.
    """
    mechanism = biology.drugs["mechanism"]
    known = rng.random(len(mechanism)) < ANNOTATED_SHARE
    atc = [f"{ATC_LETTERS[m % len(ATC_LETTERS)]}{m // len(ATC_LETTERS) + 1:02d}" for m in mechanism]
    targets = [f"SIMT{m + 1:02d}|SIMT{m // 2 + 1:02d}S" for m in mechanism]
    mechanisms = [f"simulated mechanism {m + 1:02d}" for m in mechanism]
    return pd.DataFrame(
        {
            "pert_id": biology.drugs["pert_id"],
            "name": biology.drugs["name"],
            "atc_codes": np.where(known, atc, ""),
            "targets": np.where(known, targets, ""),
            "mechanisms": np.where(known, mechanisms, ""),
        }
    )


def _gene_sets(programmes: np.ndarray, symbols: np.ndarray) -> dict[str, list[str]]:
    """A set per programme: its strongest gene names it, the other ones are that gene's targets."""
    sets: dict[str, list[str]] = {}
    for programme in programmes:
        strongest_first = symbols[np.argsort(-np.abs(programme), kind="stable")]
        members = strongest_first[: np.count_nonzero(programme)]
        # Where another programme has the same strongest gene, the next one names the set.
        factor = next(gene for gene in members if f"{gene}_programme" not in sets)
        sets[f"{factor}_programme"] = [gene for gene in members if gene != factor]
    return sets


def _external(
    biology: Biology, symbols: pd.Series, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure new drugs in the best covered cells on another platform, replicates averaged.

    Each is an analogue of two active drugs of a mechanism: a mixture of their responses at the
    full dose and time, and a little of its own. The platform lacks some genes, shows each of the
    others with a gain of its own, and is noisy.

    Returns
    -------
    profiles : DataFrame
        symbol, then log2 fold changes, a column per sample.
    samples : DataFrame
        sample, drug, cell.
    """
    cells = biology.cells["coverage"].nlargest(EXTERNAL_CELLS).index
    active = biology.drugs[biology.drugs["active"]]
    classes = [drugs.index.to_numpy() for _, drugs in active.groupby("mechanism")]
    # In a tiny screen it may be that no two active drugs share a mechanism.
    classes = [drugs for drugs in classes if len(drugs) > 1] or classes
    gain = rng.lognormal(0, EXTERNAL_GAIN, GENES)
    on_platform = np.sort(rng.permutation(GENES)[round(EXTERNAL_MISSING * GENES) :])
    measured, samples = {}, []
    for number in range(EXTERNAL_DRUGS):
        drugs = classes[rng.integers(len(classes))]
        first, second = biology.response[rng.choice(drugs, 2, replace=len(drugs) < 2)][:, cells]
        share = rng.random()
        response = share * first + (1 - share) * second + rng.normal(0, EXTERNAL_OWN, PROGRAMMES)
        change = gain * (response @ biology.programmes)
        noise = rng.normal(0, EXTERNAL_NOISE, (EXTERNAL_REPLICATES, *change.shape)).mean(axis=0)
        drug = f"simulated-external-{number + 1:02d}"
        for cell, values in zip(biology.cells["cell_id"][cells], change + noise, strict=True):
            sample = f"{drug}_{cell}"
            measured[sample] = values[on_platform]
            samples.append((sample, drug, cell))
    profiles = pd.DataFrame({"symbol": symbols.to_numpy()[on_platform], **measured})
    return profiles, pd.DataFrame(samples, columns=["sample", "drug", "cell"])


def _write_truth(biology: Biology, genes: pd.DataFrame, path: Path) -> None:
    hdf5.save(
        path,
        {
            "drugs": biology.drugs,
            "cells": biology.cells,
            "genes": genes["pr_gene_id"].to_numpy(),
            "programmes": biology.programmes,
            "response": biology.response,
            "log2_change": (biology.response @ biology.programmes).astype(np.float32),
        },
    )
