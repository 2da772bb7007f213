"""From translated wells to signatures, and the search by gene."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_genes, read_wells
from lacuna.io.level3 import open_level3
from lacuna.io.match import rows_of
from lacuna.io.names import drug_key, spelt_as
from lacuna.io.tsv import write_table
from lacuna.translation.batches import (
    Read,
    Treatment,
    find_treatments,
    same_drugs,
    score_treatments,
)
from lacuna.translation.chain import Translation
from lacuna.translation.gene_search import gather, name_signature, search_genes
from lacuna.translation.knock_downs import TARGETS, TargetScores, rank_targets
from lacuna.translation.search_tables import volcano_points, write_search
from lacuna.translation.stage import KNOCK_DOWNS

GAMMA = 0.5  # as the signatures of the screen, Hodos et al. 2018
TRANSLATED, BASELINE_PLATFORM, ORIGINAL = "translated", "baseline", "L1000"


@dataclass(frozen=True)
class Screen:
    """The wells of a series, and what each platform says of them.

    Attributes
    ----------
    wells : DataFrame
        well, drug, name, plate, cell, type, time, dose, in the order of the matrix.
    drugs : DataFrame
        drug, name, inchi_key.
    same : dict
        See `lacuna.translation.batches.same_drugs`.
    platforms : dict
        By name: the symbols of its genes, and what reads profiles of wells by position.
    inferred : set of str
        Genes that L1000 measures or infers itself, as its table of genes says.
    """

    wells: pd.DataFrame
    drugs: pd.DataFrame
    same: dict[str, str]
    platforms: dict[str, tuple[list[str], Read]]
    inferred: set[str]


@contextmanager
def open_screen(
    files: Mapping[str, str], model: Translation, baseline: Translation | None
) -> Iterator[Screen]:
    """Open the wells of a series.

    Parameters
    ----------
    files
        matrix, inst_info, gene_info, pert_info.
    model
        The translation.
    baseline
        The paper's baseline, where it is another.
    """
    genes = read_genes(files["gene_info"])
    with Gctx(files["matrix"]) as matrix:
        level3 = open_level3(matrix, genes, model.genes.landmarks)
        wells = rows_of(matrix, read_wells(files["inst_info"]), files["inst_info"])
        wells = wells.rename_axis("well").reset_index().rename(columns={"kind": "type"})

        def read(at: np.ndarray) -> np.ndarray:
            return np.concatenate([block[1] for block in level3.blocks(matrix.columns[at])])

        platforms: dict[str, tuple[list[str], Read]] = {
            TRANSLATED: (model.genes.genes, lambda at: model.predict(read(at)))
        }
        if baseline is not None:
            other = baseline
            platforms[BASELINE_PLATFORM] = (
                other.genes.genes,
                lambda at: other.predict(read(at)),
            )
        platforms[ORIGINAL] = (model.genes.landmarks, read)
        names = wells[["drug", "name"]].drop_duplicates()
        known = read_drugs(files["pert_info"]).drop(columns="name")
        known["drug"] = spelt_as(known["drug"], names["drug"], drug_key)
        known = known.groupby("drug", sort=False, as_index=False).first()
        drugs = names.merge(known, on="drug", how="left")
        yield Screen(wells, drugs, same_drugs(drugs), platforms, set(genes["symbol"].dropna()))


def search(
    screen: Screen,
    types: Collection[str],
    way: str,
    shown: Sequence[str],
    cells: Sequence[str],
    output: Mapping[str, str],
) -> None:
    """Score all treatments, and write which of them move each gene most.

    Parameters
    ----------
    screen
        The wells.
    types
        Kinds of perturbation, as LINCS calls them: trt_cp, trt_sh, ...
    way
        What treated wells are compared with: "vehicle" or "others".
    shown
        Genes of the volcano plot.
    cells
        Cell lines of the volcano plot; all, if none is named.
    output
        Where to write: search (Parquet), table (TSV), volcano, knock_downs, left_out.
    """
    treatments, left_out = find_treatments(screen.wells, screen.same, way, types)
    there = {str(one.facts["cell"]) for one in treatments}
    if unknown := [cell for cell in cells if cell not in there]:
        raise LacunaError(
            f"translation: cells_shown: no signature is of a cell line {listed(unknown)}"
            f"{did_you_mean(unknown[0], there)}; there are {listed(sorted(there), 20)}."
        )
    genes, read = screen.platforms[TRANSLATED]
    scored = score_treatments(treatments, screen.wells, read, GAMMA)
    found = search_genes(gather(scored), genes)
    write_search(found.tables(), output["search"], output["table"])
    if shown:
        points = volcano_points(found.tables(), shown, cells or None)
        write_table(points, output["volcano"])
    else:
        write_table(pd.DataFrame(columns=["gene", "signature"]), output["volcano"])
    write_table(left_out, output["left_out"])
    downs = [one for one in treatments if one.facts["type"] in KNOCK_DOWNS]
    write_table(_targets_of(screen, downs), output["knock_downs"])
    print(f"{len(treatments)} signatures of {len(genes)} genes; {len(left_out)} wells left out.")


def _targets_of(screen: Screen, downs: Sequence[Treatment]) -> pd.DataFrame:
    """Rank the target of each knock-down by fold change, before and after translation."""
    if not downs:
        return pd.DataFrame(columns=TARGETS)
    sides = []
    for platform in (ORIGINAL, TRANSLATED):
        genes, read = screen.platforms[platform]
        scored = score_treatments(downs, screen.wells, read, GAMMA)
        sides.append(TargetScores(np.stack([s.fold_change for _, s in scored]), genes))
    signatures = [name_signature(one.facts) for one in downs]
    return rank_targets(signatures, [str(one.facts["name"]) for one in downs], *sides)
