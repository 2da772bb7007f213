"""The signatures of a series as a GCTX of their own, in the field's layout of Level 5."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io.gctx import write_gctx
from lacuna.io.perturbations import COMPOUND
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.signatures.signature_set import EXPERIMENT, SIGNATURES_AT_ONCE, SignatureSet
from lacuna.vectors import slices


def write_signatures(path: str | Path, signatures: SignatureSet, genes: pd.DataFrame) -> None:
    """Write the signatures of a series block by block.

    Parameters
    ----------
    path
        The GCTX file; it appears whole or not at all.
    signatures
        Those of one series.
    genes
        As `lacuna.io.geo.read_genes` returns them.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.

    Notes
    -----
    A column is an experiment, its unit signature; its id is batch:cell:drug:dose:time, with
    :pert_type behind where it is no compound. Column metadata have the names of LINCS's sig_info,
    so that cmapPy, cmapR and Lacuna itself (as Level 5) read them: pert_id, pert_iname (empty where
    the drug has none), pert_type, cell_id, pert_dose and pert_dose_unit, pert_time and
    pert_time_unit, batch, distil_nsample (replicates), acd, p_value (-666 without), and no_p_value,
    why there is none. Row metadata: pr_gene_symbol.
    """
    table = signatures.table
    dose, time = (table[name].fillna(MISSING_NUMBER) for name in ("dose", "time"))
    columns = pd.DataFrame(
        {
            "pert_id": table["drug"],
            "pert_iname": table["name"].fillna(""),
            "pert_type": table["pert_type"],
            "cell_id": table["cell"],
            "pert_dose": dose,
            "pert_dose_unit": np.where(dose.eq(MISSING_NUMBER), str(MISSING_NUMBER), "um"),
            "pert_time": time,
            "pert_time_unit": np.where(time.eq(MISSING_NUMBER), str(MISSING_NUMBER), "h"),
            "batch": table["batch"],
            "distil_nsample": table["replicates"],
            "acd": table["acd"].fillna(MISSING_NUMBER),
            "p_value": table["p_value"].fillna(MISSING_NUMBER),
            "no_p_value": table["no_p_value"],
        }
    )
    columns.index = pd.Index(_ids(table), name="id")
    symbols = genes.set_index("gene")["symbol"].reindex(signatures.genes).fillna("")
    write_gctx(path, _blocks(signatures), pd.DataFrame({"pr_gene_symbol": symbols}), columns)


def _ids(table: pd.DataFrame) -> list[str]:
    drug, cell, dose, time, batch, pert_type = (table[name] for name in EXPERIMENT)
    quantities = (number.map("{:g}".format) for number in (dose, time))
    kind = (":" + pert_type).where(pert_type.ne(COMPOUND), "")
    ids = zip(batch, cell, drug, *quantities, strict=True)
    return [":".join(parts) + suffix for parts, suffix in zip(ids, kind, strict=True)]


def _blocks(signatures: SignatureSet) -> Iterator[np.ndarray]:
    for rows in slices(len(signatures.table), SIGNATURES_AT_ONCE):
        yield signatures.profiles[rows]
