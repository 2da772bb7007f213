"""The 978 landmark genes of L1000, for data that bring no names of genes.

landmarks.tsv, beside this module: Entrez ids and symbols as LINCS gives them in GEO's
GSE92742_Broad_LINCS_gene_info.txt.gz (rows with pr_is_lm = 1; CC BY 4.0; Subramanian et al. 2017,
doi:10.1016/j.cell.2017.10.049), Ensembl ids as the R package yarn has them (Artistic-2.0), of 960.
"""

from functools import cache
from pathlib import Path

import pandas as pd

from lacuna.io.genes import LEAST_SHARE

TABLE = Path(__file__).with_name("landmarks.tsv")


@cache
def landmarks() -> pd.DataFrame:
    """Return the landmark genes: entrez, symbol, ensembl (empty where not known), all texts."""
    return pd.read_csv(TABLE, sep="\t", dtype=str, keep_default_na=False)


def fill_symbols(genes: pd.DataFrame) -> pd.DataFrame:
    """Give genes without a symbol the one of their Entrez id, where they are the landmarks.

    Parameters
    ----------
    genes
        gene (ids as the data have them), symbol (NaN or empty where not known), and others.

    Returns
    -------
    DataFrame
        The same; symbols that the data have stay. Where fewer than 90 % of the ids are Entrez ids
        of landmarks, nothing is filled in: row numbers, too, are an Entrez id now and then.
    """
    known = genes["gene"].astype(str).map(landmarks().set_index("entrez")["symbol"])
    if known.notna().mean() < LEAST_SHARE:
        return genes
    own = genes["symbol"].astype(object)
    own = own.where(own.notna() & own.ne(""))
    return genes.assign(symbol=own.where(own.notna(), known.astype(object)))
