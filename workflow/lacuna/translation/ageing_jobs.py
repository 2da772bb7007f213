"""From files to files: signatures of ageing of RNA-seq samples whose donors' ages are known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.expression import open_expression
from lacuna.io.genes import GeneTable
from lacuna.io.geo import read_genes, read_text_table
from lacuna.io.gmt import write_gmt
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.translation.ageing import (
    DECADES,
    ageing_signatures,
    check_facts,
    frequent_genes,
    gene_set_library,
    signature_table,
)
from lacuna.translation.gene_list import read_gene_list
from lacuna.translation.signature_jobs import GAMMA
from lacuna.translation.sources import open_source

NEEDED = {"donor": ("donor",), "tissue": ("tissue", "kind"), "age": ("age",)}


def age_tissues(
    file: Mapping[str, str],
    genes: str | None,
    gene_info: str,
    gene_list: str,
    seed: int,
    output: Mapping[str, str],
    facts: str | None = None,
) -> None:
    """Compare tissues of older donors with those of the youngest.

    Parameters
    ----------
    file
        RNA-seq counts: expression, unit, and samples, a table with donor, tissue (or kind) and age
        (a decade such as 20-29).
    genes, gene_info
        The tables of names of genes.
    gene_list
        The genes of the model: those that L1000 neither measures nor infers are the model's own.
    seed
        Of the run.
    output
        Where to write: signatures, library (GMT), genes, left_out.
    facts
        A table of what is known of genes: gene and other columns, which `genes` gets, too.

    Raises
    ------
    LacunaError
        If the samples have no ages, no two groups can be compared, or the table of facts does not
        name each gene once.
    """
    table = GeneTable.read(genes, gene_info)
    known = _read_facts(facts) if facts is not None else None
    with open_expression(file["expression"], file.get("samples") or None) as opened:
        source = open_source(opened, file["unit"], table)
        samples = aged_samples(source.samples, file)
        source = source.only(samples["sample"])
        samples = samples.set_index("sample").loc[source.samples.index]
        samples = samples.rename_axis("sample").reset_index()

        def read(at: np.ndarray) -> np.ndarray:
            wanted = source.only(samples["sample"].to_numpy()[at])
            return np.nan_to_num(np.concatenate([block[1] for block in wanted.blocks()]))

        rng = generator(seed, "translation", "ageing")
        signatures, left_out = ageing_signatures(read, samples, GAMMA, rng)
        if not signatures:
            raise LacunaError(
                f"{file.get('samples')}: no tissue has two donors of {DECADES[0]} and two of "
                "another decade; expected some to compare."
            )
        library = gene_set_library(signatures, source.genes.tolist())
    listed_genes = read_gene_list(gene_list)
    landmarks = set(listed_genes.loc[listed_genes["landmark"], "gene"])
    inferred = set(read_genes(gene_info)["symbol"].dropna())
    write_table(pd.DataFrame(list(signature_table(signatures))), output["signatures"])
    write_table(frequent_genes(library, landmarks, inferred, known), output["genes"])
    write_table(left_out, output["left_out"])
    write_gmt(library, "ageing", output["library"])
    print(f"{len(signatures)} signatures of ageing, of {samples['donor'].nunique()} donors.")


def _read_facts(path: str) -> pd.DataFrame:
    table = read_text_table(Path(path), str)
    try:
        check_facts(table)
    except LacunaError as error:
        raise LacunaError(f"{path}: {error}") from error
    return table


def aged_samples(samples: pd.DataFrame, file: Mapping[str, str]) -> pd.DataFrame:
    """Return the samples whose donor's age is known: sample, donor, tissue, age.

    Raises
    ------
    LacunaError
        If a column is missing, or no sample has an age.
    """
    chosen: dict[str, object] = {"sample": samples.index.astype(str)}
    for name, columns in NEEDED.items():
        there = [column for column in columns if column in samples]
        if not there:
            raise LacunaError(
                f"{file.get('samples') or file['expression']}: no column {' or '.join(columns)}, "
                f"the {name} of samples; it has {listed(samples.columns, 20)}."
            )
        chosen[name] = samples[there[0]].to_numpy()
    table = pd.DataFrame(chosen)
    known = table["age"].notna() & table["age"].ne("")
    if not known.any():
        raise LacunaError(f"{file.get('samples')}: no sample has an age; expected e.g. 20-29.")
    return table[known]
