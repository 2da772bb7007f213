"""The product: every drug in every cell, measured or predicted, in one file to take away.

`lacuna.completion.writer` writes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.gctx import Gctx
from lacuna.io.quantities import MISSING_NUMBER

# Column metadata, in the file's order. A column of the matrix is one drug in one cell.
DRUG, NAME, CELL, LINEAGE = "pert_id", "pert_iname", "cell_id", "cell_lineage"
SOURCE, FALLBACK, NORM, STDERR = "source", "fallback", "norm", "stderr"
EXPECTED_R, TIER = "expected_r", "tier"
REPLICATES, ACD = "replicates", "acd"
COLUMNS = (
    *(DRUG, NAME, CELL, LINEAGE, SOURCE, FALLBACK, NORM, STDERR, EXPECTED_R, TIER),
    *(REPLICATES, ACD),
)
SYMBOL = "pr_gene_symbol"  # row metadata
MEASURED, PREDICTED = "measured", "predicted"  # what `SOURCE` says


@dataclass(frozen=True)
class CompletedProfile:
    """What the product says of one drug in one cell.

    Attributes
    ----------
    drug, name, cell
        The drug's id and name, and the cell, as the product spells them.
    values : Series of float32
        The profile, by gene: symbols, or ids where a gene has no symbol of its own. Of length 1
        when measured, unless `tensor: scale` is z; a prediction is as the method made it.
    source
        "measured" or "predicted".
    fallback
        Whether a plain mean stands instead of a prediction, for want of anything nearer.
    stderr
        Standard error of a predicted value, on average over the genes; None when measured, or when
        the method states none.
    expected_r
        The correlation to expect with a fresh measurement of the same drug in the same cell: of a
        prediction as calibrated on held-out profiles, of a measured profile from how well its
        replicates agree. None where not known.
    tier
        The same in words, one of `lacuna.completion.tiers.TIERS`; empty where not known.
    replicates
        How many replicates were averaged; None when predicted.
    acd
        Their average cosine distance; None when predicted or not replicated.
    """

    drug: str
    name: str
    cell: str
    values: pd.Series
    source: str
    fallback: bool
    stderr: float | None
    expected_r: float | None
    tier: str
    replicates: int | None
    acd: float | None


class CompletedTensor:
    """A product that was opened for reading; profiles are read when they are asked for.

    Use it as a context manager, or let it be closed with the last reference to it.

    Attributes
    ----------
    path : Path
        The GCTX file.
    drugs : DataFrame
        drug (id), name.
    cells : DataFrame
        cell, lineage (empty where not known).
    genes : DataFrame
        gene (id), symbol (empty where not known).

    Examples
    --------
    >>> from lacuna import CompletedTensor
    >>> product = CompletedTensor.open("results/demo/completed/kernel.gctx")
    >>> profile = product.profile("Vorinostat", "mcf7")
    >>> profile.source, profile.replicates
    ('measured', 3)
    >>> profile.values
    gene
    TP53    0.6
    CDK1   -0.8
    MYC     0.0
    Name: vorinostat in MCF7, dtype: float32
    >>> predicted = product.profile("vorinostat", "A549")
    >>> predicted.source, predicted.stderr
    ('predicted', 0.25)
    >>> predicted.expected_r, predicted.tier
    (0.75, 'good')
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._gctx = Gctx(self.path)
        try:
            columns, rows = self._gctx.metadata("columns"), self._gctx.metadata("rows")
            self._check_layout(columns, rows)
        except BaseException:
            self._gctx.__exit__()
            raise
        self._columns = columns.reset_index(drop=True)
        self.genes = pd.DataFrame({"gene": rows.index, "symbol": rows[SYMBOL].to_numpy()})
        self.drugs = _distinct(columns, {DRUG: "drug", NAME: "name"})
        self.cells = _distinct(columns, {CELL: "cell", LINEAGE: "lineage"})

    @classmethod
    def open(cls, path: str | Path) -> "CompletedTensor":
        """Open a GCTX file that `lacuna.completion.writer.write_completed` wrote.

        Raises
        ------
        DamagedFile
            If the file is cut short, damaged or not HDF5.
        LacunaError
            If the file is missing, or is not a product of Lacuna.
        """
        return cls(path)

    def __enter__(self) -> "CompletedTensor":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._gctx.__exit__(*exc_info)

    @property
    def columns(self) -> pd.DataFrame:
        """What the file says of every drug in every cell (`COLUMNS`), in its order."""
        return self._columns

    @property
    def measured(self) -> pd.DataFrame:
        """Which profiles are measured: bool, drugs x cells, both by id in the file's order."""
        is_measured = self._columns[SOURCE].eq(MEASURED).to_numpy()
        return pd.DataFrame(
            is_measured.reshape(len(self.drugs), len(self.cells)),
            index=pd.Index(self.drugs["drug"]),
            columns=pd.Index(self.cells["cell"]),
        )

    def profile(self, drug: str, cell: str) -> CompletedProfile:
        """Return the profile of a drug in a cell.

        Parameters
        ----------
        drug
            Its id or its name; capital and small letters count only where they must.
        cell
            Its name, likewise.

        Raises
        ------
        LacunaError
            If there is no such drug or cell, or a name is that of several.
        """
        row = self._find("drug", drug, self.drugs["drug"], self.drugs["name"])
        column = self._find("cell", cell, self.cells["cell"])
        position = row * len(self.cells) + column
        about = self._columns.iloc[position]
        return CompletedProfile(
            drug=about[DRUG],
            name=about[NAME],
            cell=about[CELL],
            values=pd.Series(
                self._gctx.read(list(self._gctx.rows), [self._gctx.columns[position]])[0],
                index=pd.Index(gene_names(self.genes), name="gene"),
                name=f"{about[NAME]} in {about[CELL]}",
            ),
            source=about[SOURCE],
            fallback=bool(about[FALLBACK]),
            stderr=_stated(about[STDERR]),
            expected_r=_stated(about[EXPECTED_R]),
            tier=about[TIER],
            replicates=None if _stated(about[REPLICATES]) is None else int(about[REPLICATES]),
            acd=_stated(about[ACD]),
        )

    def read(self, drugs: Sequence[str], cells: Sequence[str]) -> np.ndarray:
        """Read the profiles of some drugs in some cells, both by id.

        Returns
        -------
        float32 array of shape (drugs, cells, genes)
            In the order asked for; genes in the file's order.

        Raises
        ------
        LacunaError
            If the product has no such drug or cell.
        """
        ids = [column_id(drug, cell) for drug in drugs for cell in cells]
        profiles = self._gctx.read(list(self._gctx.rows), ids)
        return profiles.reshape(len(drugs), len(cells), len(self.genes))

    def _check_layout(self, columns: pd.DataFrame, rows: pd.DataFrame) -> None:
        missing = [name for name in COLUMNS if name not in columns]
        missing += [name for name in (SYMBOL,) if name not in rows]
        if missing:
            raise LacunaError(
                f"{self.path}: no product of Lacuna: its metadata lack {listed(missing, 20)}. "
                "Expected a file results/DATASET/completed/METHOD.gctx."
            )
        drugs, cells = columns[DRUG].unique(), columns[CELL].unique()
        expected = [column_id(drug, cell) for drug in drugs for cell in cells]
        if list(columns.index) != expected:
            raise LacunaError(
                f"{self.path}: its columns are not every drug in every cell, by drug, then cell. "
                "Expected a whole file results/DATASET/completed/METHOD.gctx; make it again."
            )

    def _find(self, kind: str, wanted: str, *names: pd.Series) -> int:
        """Return the position of what is called so: by the first names (ids) that know it."""
        try:
            return find_called(kind, wanted, *names)
        except LacunaError as error:
            raise LacunaError(f"{self.path}: {error}") from None


def find_called(kind: str, wanted: str, *names: pd.Series) -> int:
    """Return the position of what is called so: by the first names (ids) that know it.

    Parameters
    ----------
    kind
        drug or cell, for the message.
    wanted
        An id or a name, in upper or lower case.
    *names
        Ids, then names where there are any, of all that there are.

    Raises
    ------
    LacunaError
        If nothing is called so, or several are.
    """
    for known in names:
        exact = np.flatnonzero(known == wanted)
        if len(exact) == 1:
            return int(exact[0])
        alike = np.flatnonzero(known.str.casefold() == str(wanted).casefold())
        if len(alike) == 1:
            return int(alike[0])
        if len(alike):
            ids = listed(names[0].iloc[alike])
            raise LacunaError(f"{kind} {wanted!r} may be {ids}; ask for one of these.")
    hint = did_you_mean(wanted, [name for known in names for name in known])
    raise LacunaError(f"no {kind} {wanted!r}{hint} among the {len(names[0])} of the tensor.")


def gene_names(genes: pd.DataFrame) -> pd.Series:
    """Return what each gene is called: its symbol, or its id where it has no symbol of its own.

    Parameters
    ----------
    genes
        gene (id), symbol (empty where not known).
    """
    symbols = genes["symbol"]
    own = symbols.ne("") & ~symbols.duplicated(keep=False)
    return symbols.where(own, genes["gene"])


def column_id(drug: str, cell: str) -> str:
    """Return the id of a drug in a cell."""
    return f"{drug}:{cell}"


def _distinct(columns: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Return what the columns say of each drug, or of each cell, in the file's order."""
    described = columns[list(names)].rename(columns=names)
    return described.drop_duplicates(next(iter(names.values()))).reset_index(drop=True)


def _stated(number: float) -> float | None:
    return None if number == MISSING_NUMBER else float(number)
