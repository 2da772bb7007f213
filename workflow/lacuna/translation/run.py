"""From files to files: what the jobs of the stage do."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.expression import open_expression
from lacuna.io.gctx import Gctx
from lacuna.io.genes import GeneTable
from lacuna.io.geo import read_columns, read_genes, read_wells
from lacuna.io.level3 import Level3, open_level3
from lacuna.io.match import rows_of
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.translation.gene_list import make_gene_list, write_gene_list
from lacuna.translation.normalise import Reference
from lacuna.translation.prepare import (
    RnaSeq,
    choose_genes,
    write_l1000,
    write_rnaseq,
)
from lacuna.translation.sources import open_source

TRAINING = "training"  # the role of samples that are trained on
PAIRS = {"l1000": ("l1000",), "rnaseq": ("rnaseq",)}
PAIRS_OPTIONAL = {"donor": ("donor",), "kind": ("kind",)}


@contextmanager
def open_rnaseq(
    files: Sequence[Mapping[str, str]],
    genes: GeneTable,
    held_out: Sequence[str],
    studies: Sequence[str] = (),
) -> Iterator[RnaSeq]:
    """Open and filter all files of RNA-seq.

    Parameters
    ----------
    files
        Each with name, expression, unit and perhaps samples.
    genes
        The names of genes.
    held_out
        Samples that are not trained on, beside those whose table gives them a role of their own.
    studies
        Studies that are not trained on: signatures are compared with them.

    Raises
    ------
    LacunaError
        If no file has one of the studies, or a file is not what it should be.
    """
    with ExitStack() as stack:
        sources, not_trained, known = [], set(held_out), set()
        for file in files:
            opened = stack.enter_context(
                open_expression(file["expression"], file.get("samples") or None)
            )
            source = open_source(opened, file["unit"], genes)
            sources.append(source)
            study = source.samples["study"].dropna().astype(str)
            not_trained |= set(study.index[study.isin(studies)])
            known |= set(study)
            if "role" in source.samples:
                roles = source.samples["role"].fillna(TRAINING)
                not_trained |= set(source.samples.index[roles != TRAINING])
        if missing := [study for study in studies if study not in known]:
            raise LacunaError(
                f"translation: targets: no RNA-seq sample that passed the filters is of a study "
                f"{listed(missing)}{did_you_mean(missing[0], known)}; the tables of samples have "
                f"{listed(sorted(known), 20)}."
            )
        yield RnaSeq([file["name"] for file in files], sources, not_trained)


@contextmanager
def open_l1000(
    matrices: Sequence[Mapping[str, str]], wanted: Sequence[str] | None = None
) -> Iterator[list[tuple[Level3, pd.DataFrame]]]:
    """Open matrices of L1000, each with its wells as `write_l1000` takes them.

    A baseline of cell lines has one profile of each, and no plates.
    """
    with ExitStack() as stack:
        opened = []
        for file in matrices:
            matrix = stack.enter_context(Gctx(file["matrix"]))
            level3 = open_level3(matrix, read_genes(file["gene_info"]), wanted)
            if wanted is not None and len(level3.missing):
                raise LacunaError(
                    f"{file['matrix']}: lacks landmarks of the model: {listed(level3.missing)}."
                )
            opened.append((level3, _wells(matrix, file)))
        yield opened


def _wells(matrix: Gctx, file: Mapping[str, str]) -> pd.DataFrame:
    if not file.get("inst_info"):
        alone = {"cell": matrix.columns, "plate": "", "replicate_of": "", "series": file["series"]}
        return pd.DataFrame(alone, index=matrix.columns)
    wells = rows_of(matrix, read_wells(file["inst_info"]), file["inst_info"])
    condition = wells[["cell", "drug", "dose", "time"]].astype(str).agg("|".join, axis=1)
    return wells[["cell", "plate"]].assign(replicate_of=condition, series=file["series"])


def read_pairs(path: str | Path) -> pd.DataFrame:
    """Read which samples were measured both ways: l1000, rnaseq, donor, kind.

    A pair without a donor is its own.
    """
    pairs = read_columns(path, PAIRS, PAIRS_OPTIONAL)
    return pairs.assign(donor=pairs["donor"].fillna(pairs["rnaseq"]), kind=pairs["kind"].fillna(""))


def pair_lines(l1000: pd.Index, rnaseq: pd.Index) -> pd.DataFrame:
    """Pair cell lines by their names without punctuation and case.

    Returns
    -------
    DataFrame with columns l1000, rnaseq, donor, kind
        A name that stands twice on one side is left out.
    """
    sides = []
    for names in (l1000, rnaseq):
        plain = names.astype(str).str.upper().str.replace(r"[^A-Z0-9]", "", regex=True)
        table = pd.Series(names, index=plain)
        sides.append(table[~table.index.duplicated(keep=False)])
    common = sides[0].index.intersection(sides[1].index).sort_values()
    return pd.DataFrame(
        {
            "l1000": sides[0].loc[common].to_numpy(),
            "rnaseq": sides[1].loc[common].to_numpy(),
            "donor": common,
            "kind": "cell line",
        }
    )


def prepare(
    *,
    rnaseq: Sequence[Mapping[str, str]],
    l1000: Sequence[Mapping[str, str]],
    pairs: Mapping[str, str],
    lines_of: str | None,
    genes: str | None,
    logarithm: str,
    quantile_normalise_l1000: bool,
    seed: int,
    output: Mapping[str, str],
    studies: Sequence[str] = (),
) -> None:
    """Choose genes and samples, normalise, and write what the steps are trained and judged on.

    Parameters
    ----------
    rnaseq, l1000
        Files; see `open_rnaseq` and `open_l1000`.
    pairs
        Files of samples measured both ways: level3, gene_info, table; empty for none.
    lines_of
        The RNA-seq file whose lines are paired with those of a baseline.
    genes
        The table of names of genes.
    logarithm, quantile_normalise_l1000
        See the configuration.
    seed
        Of the run.
    output
        Where to write: genes, samples, rnaseq, l1000, pairs.
    studies
        Studies that are not trained on, see `open_rnaseq`.

    Raises
    ------
    LacunaError
        If a file does not fit the others.
    """
    table = GeneTable.read(genes, l1000[0]["gene_info"])
    with ExitStack() as stack:
        opened = stack.enter_context(open_l1000(l1000))
        known = _known_pairs(pairs, lines_of, rnaseq, l1000, opened, table)
        data = stack.enter_context(open_rnaseq(rnaseq, table, known["rnaseq"].tolist(), studies))
        training = data.training()
        measured = set.intersection(*(set(level3.rows.index) for level3, _ in opened))
        kept, landmarks, symbols = choose_genes([source for _, source in training], measured)
        chosen = make_gene_list(symbols, landmarks, table)
        reference = write_rnaseq(output["rnaseq"], training, chosen, logarithm)
        _write_pairs(output["pairs"], data, chosen, logarithm, reference, known)
        write_table(_account(data, training), output["samples"])
        write_gene_list(chosen, output["genes"])
        trained = stack.enter_context(open_l1000(l1000, landmarks))
        free = [(level3, wells[~wells.index.isin(known["l1000"])]) for level3, wells in trained]
        write_l1000(
            output["l1000"],
            free,
            landmarks,
            generator(seed, "translation", "l1000"),
            quantile_normalised=quantile_normalise_l1000,
        )
        print(f"{len(kept)} genes in common, {len(symbols)} kept, {len(landmarks)} landmarks.")
        print(f"{len(known)} samples measured both ways.")


def _known_pairs(
    pairs: Mapping[str, str],
    lines_of: str | None,
    rnaseq: Sequence[Mapping[str, str]],
    l1000: Sequence[Mapping[str, str]],
    opened: Sequence[tuple[Level3, pd.DataFrame]],
    genes: GeneTable,
) -> pd.DataFrame:
    tables = [pd.DataFrame(columns=["l1000", "rnaseq", "donor", "kind"], dtype=str)]
    if pairs:
        tables.append(read_pairs(pairs["table"]))
    if lines_of is not None:
        (file,) = (file for file in rnaseq if file["name"] == lines_of)
        lines = [
            wells.index
            for (_, wells), matrix in zip(opened, l1000, strict=True)
            if not matrix.get("inst_info")
        ]
        with open_rnaseq([file], genes, []) as data:
            names = data.sources[0].samples.index
        tables += [pair_lines(baseline, names) for baseline in lines]
    known = pd.concat(tables, ignore_index=True)
    if (pairs or lines_of is not None) and known.empty:
        raise LacunaError(
            f"translation: no sample of {lines_of or pairs['table']} was measured both ways; "
            "expected names that are alike in L1000 and in RNA-seq."
        )
    return known


def _write_pairs(
    path: str,
    data: RnaSeq,
    genes: pd.DataFrame,
    logarithm: str,
    reference: Reference,
    known: pd.DataFrame,
) -> None:
    """Write the RNA-seq side of pairs, normalised against what was learnt without them."""
    chosen = []
    for name, source in zip(data.names, data.sources, strict=True):
        there = source.samples.index[source.samples.index.isin(known["rnaseq"])]
        if len(there):
            chosen.append((name, source.only(there)))
    if not chosen:
        raise LacunaError(
            f"translation: no sample measured both ways ({listed(known['rnaseq'])}) is in a file "
            "of acquire: rnaseq, or none passed the filters."
        )
    facts = known.drop_duplicates("rnaseq").set_index("rnaseq").astype(str)
    write_rnaseq(path, chosen, genes, logarithm, reference, facts)


def _account(data: RnaSeq, training: Sequence[tuple[str, Any]]) -> pd.DataFrame:
    trained = {name: len(source.samples) for name, source in training}
    rows = []
    for name, source in zip(data.names, data.sources, strict=True):
        steps = [*source.filters.itertuples(index=False)]
        rows += [(name, step, samples) for step, samples in steps]
        rows.append((name, "trained on", trained.get(name, 0)))
    return pd.DataFrame(rows, columns=["source", "step", "samples"])
