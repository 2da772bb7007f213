"""Reads the target genes of a transcription factor as ChIP-Atlas gives them.

Source: Oki et al. 2018, EMBO Rep 19:e46255, doi:10.15252/embr.201846255; the tables of Target Genes
(https://chip-atlas.dbcls.jp/data/hg38/target/{factor}.{kilobases}.tsv).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.external import stem
from lacuna.io.geo import check_unique, read_text_table
from lacuna.io.untrusted import check_plain

GENE, AVERAGE = "Target_genes", "Average"


class Binding(NamedTuple):
    """How strongly a factor binds near genes, by experiment.

    Attributes
    ----------
    factor : str
        Its symbol.
    genes : array of str
        Symbols.
    cells : array of str
        The cell of each experiment, as ChIP-Atlas names it: MCF-7.
    scores : float array of shape (genes, experiments)
        Of binding; 0 where a gene is not bound.
    """

    factor: str
    genes: np.ndarray
    cells: np.ndarray
    scores: np.ndarray


def read_chip_atlas(path: str | Path) -> Binding:
    """Read a table of target genes.

    Parameters
    ----------
    path
        Tab-separated, plain or gzipped: `Target_genes`, then `{factor}|Average`, which names the
        factor (else the file does, up to its first dot), then `{experiment}|{cell}` for each
        experiment. Columns without "|" (STRING) are left out.

    Raises
    ------
    LacunaError
        If it is no such table, a gene stands twice, no column is an experiment, or a score is
        negative or no number.
    """
    table = read_text_table(Path(path), dtype=str)
    if table.columns[0] != GENE:
        raise LacunaError(
            f"{path}: the first column is {table.columns[0]!r}; expected {GENE!r}, as ChIP-Atlas "
            "gives target genes."
        )
    check_unique(table, GENE, GENE, path)
    check_plain(table[GENE], GENE, path, first_line=2)
    parts = {name: name.partition("|") for name in map(str, table.columns[1:])}
    named = [first for first, _, second in parts.values() if second == AVERAGE]
    experiments = [
        name for name, (_, bar, cell) in parts.items() if bar and cell and cell != AVERAGE
    ]
    if not experiments:
        raise LacunaError(
            f"{path}: no column is an experiment; it has {listed(table.columns, 20)}. Expected "
            "names like 'SRX150579|MCF-7'."
        )
    texts = table[experiments]
    scores = texts.apply(pd.to_numeric, errors="coerce").astype(float)
    given = texts.notna().to_numpy()
    wrong = np.argwhere(given & ~(np.isfinite(scores.to_numpy()) & (scores.to_numpy() >= 0)))
    if len(wrong):
        row, column = wrong[0]
        raise LacunaError(
            f"{path}: column {experiments[column]!r}, line {row + 2}, gene "
            f"{table[GENE].iloc[row]!r}: {texts.iloc[row, column]!r}; expected a score of "
            "binding, 0 or more."
        )
    return Binding(
        named[0] if named else stem(path),
        table[GENE].to_numpy(str),
        np.array([parts[name][2] for name in experiments]),
        scores.fillna(0).to_numpy(),
    )
