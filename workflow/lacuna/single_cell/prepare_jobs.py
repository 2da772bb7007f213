"""From files to files: the bulk screen, the targets and their folds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lacuna.errors import LacunaError, listed
from lacuna.io.genes import GeneTable
from lacuna.io.smiles import read_smiles
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.single_cell import bulk as bulk_screen
from lacuna.single_cell import cells, signatures
from lacuna.single_cell.account import Prepared
from lacuna.single_cell.fold import make_fold
from lacuna.single_cell.interface import ROLES
from lacuna.single_cell.observations import open_observations, write_observations
from lacuna.single_cell.split import split_observations

STAGE = "single_cell"  # the first word of random streams


def prepare_bulk(
    screens: Sequence[Mapping[str, str]],
    smiles_tables: Sequence[str | Path],
    outputs: Mapping[str, str | Path],
    *,
    fewest: int = bulk_screen.FEWEST,
    centred: bool = False,
) -> None:
    """Choose the wells of the bulk screen, and write them.

    Parameters
    ----------
    screens, smiles_tables, fewest, centred
        See `bulk.prepare`.
    outputs
        Where to write: observations, drugs, account, left_out.

    Raises
    ------
    LacunaError
        See `bulk.prepare`.
    """
    _write(bulk_screen.prepare(screens, smiles_tables, fewest, centred=centred), outputs)


def prepare_cells(
    files: Mapping[str, str | Path],
    described: Mapping[str, Any],
    genes_table: str | Path | None,
    outputs: Mapping[str, str | Path],
) -> None:
    """Prepare a target: cells, or signatures.

    Parameters
    ----------
    files
        By kind: expression (h5ad) and where there is one structures; ranks and structures; or
        level5, sig_info, pert_info and where there is one gene_info.
    described
        Of cells: scale, and where they differ from None layer, columns, unit, control; see
        `cells.prepare`.
    genes_table
        Names of human genes, see `lacuna.io.genes.GeneTable`; None without one.
    outputs
        Where to write: observations, drugs, account, left_out.

    Raises
    ------
    LacunaError
        If the files are of no kind that is known, or not what they should be.
    """
    structures = read_smiles(files["structures"]) if files.get("structures") else None
    if files.get("expression"):
        prepared = cells.prepare(
            files["expression"],
            columns=described.get("columns") or {},
            control=described.get("control"),
            unit=described.get("unit"),
            scale=described["scale"],
            layer=described.get("layer"),
            structures=structures,
            genes=GeneTable.read(genes_table) if genes_table else GeneTable(),
        )
    elif files.get("ranks"):
        if structures is None:
            raise LacunaError(
                f"{files['ranks']}: ranks come without structures; name a table of drug and smiles "
                "(structures)."
            )
        prepared = signatures.prepare_ranks(files["ranks"], structures)
    elif files.get("level5"):
        prepared = signatures.prepare_level5(files)
    else:
        raise LacunaError(
            f"single_cell: a target has the files {listed(files)}; expected expression, ranks or "
            "level5."
        )
    _write(prepared, outputs)


def split_cells(
    observations: str | Path,
    drugs: str | Path,
    bulk: str | Path | None,
    bulk_drugs: str | Path | None,
    output: str | Path,
    *,
    fold_name: str,
    split: Mapping[str, Any],
    genes: Mapping[str, Any],
    degs: Mapping[str, Any],
    validation: Mapping[str, Any],
    seed: int,
) -> None:
    """Make one fold of a target.

    Parameters
    ----------
    observations, drugs
        What `prepare_cells` (or, of a bulk screen, `prepare_bulk`) wrote.
    bulk, bulk_drugs
        What `prepare_bulk` wrote; None without a bulk screen.
    output
        The fold, see `interface.Fold`.
    fold_name
        Such as drugs_0, see `split.SPLITS`.
    split
        folds, lines, named; see `split.split_observations`.
    genes
        total, of; see `fold.make_fold`.
    degs
        number, of; see `degs.list_degs`.
    validation
        by, share; see `split.split_observations`.
    seed
        Of the run.

    Raises
    ------
    LacunaError
        If the target cannot be split so, or no gene is chosen.
    """
    target = open_observations(observations, drugs)
    shared = None
    if bulk is not None and bulk_drugs is not None:
        shared = open_observations(bulk, bulk_drugs, in_memory=0).genes
    chosen = split_observations(
        target,
        fold_name,
        folds=int(split.get("folds", 2)),
        lines=split.get("lines") or [],
        named=split.get("named") or [],
        validation=validation,
        # The same for all folds of a split, so that each drug is judged once.
        rng=generator(seed, STAGE, "split", fold_name.rpartition("_")[0]),
    )
    fold = make_fold(
        target,
        chosen,
        bulk=shared,
        genes=genes,
        degs=degs,
        rng=generator(seed, STAGE, "halves", fold_name),
    )
    fold.save(output)
    for said in chosen.said:
        print(f"{fold_name}: {said}")
    counted = ", ".join(f"{int((fold.role == role).sum()):,} {role}" for role in ROLES)
    print(
        f"{fold_name}: {counted} observations; {len(fold.held_out)} drugs held out; "
        f"{len(fold.genes):,} genes, {fold.shared:,} of the bulk screen."
    )


def _write(prepared: Prepared, outputs: Mapping[str, str | Path]) -> None:
    write_observations(
        outputs["observations"],
        outputs["drugs"],
        prepared.kind,
        prepared.obs,
        prepared.drugs,
        prepared.genes,
        prepared.blocks,
    )
    account, left_out = prepared.account.tables()
    write_table(account, outputs["account"])
    write_table(left_out, outputs["left_out"])
    print(
        f"{len(prepared.obs):,} observations of {len(prepared.drugs):,} drugs in "
        f"{prepared.obs['line'].nunique()} lines, {len(prepared.genes):,} genes."
    )
