"""Annotations of drugs (ATC codes, targets, mechanisms), joined to the drugs of a screen."""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.geo import read_genes
from lacuna.io.names import tidy_texts
from lacuna.io.odd_rows import Account, tell
from lacuna.io.untrusted import check_header, check_plain, parse_table

SEPARATOR = "|"
CONNECTIVITY = 14  # letters of an InChIKey for the connections, without stereochemistry and salt
ATC_SUBSTANCE = 7  # letters of an ATC code that names a substance, not a group
ANNOTATIONS = ["atc_codes", "targets", "mechanisms"]
BY_ID = "Entrez "  # before the id of a target whose symbol the screen does not tell


def read_drugbank(drugs: str | Path, proteins: str | Path, symbols: pd.Series) -> pd.DataFrame:
    """Read DrugBank's drugs and their human protein targets, as dhimmel/drugbank extracts them.

    Parameters
    ----------
    drugs, proteins
        drugbank.tsv and proteins.tsv.
    symbols
        Gene symbols by Entrez id. A target without a symbol here goes by its id, as "Entrez 1234";
        one without an Entrez id has no name at all, and is left out.

    Returns
    -------
    DataFrame with columns name, inchi_key, atc_codes, targets, mechanisms (never known)
        One row per drug; several codes or symbols are separated by "|", NaN where none is known.

    Raises
    ------
    LacunaError
        If a file or a column is missing, or a file is no table of plain text.
    """
    table = _read(drugs, ["drugbank_id", "name", "atc_codes", "inchikey"])
    bound = _read(proteins, ["drugbank_id", "category", "entrez_gene_id", "organism"])
    bound = bound[bound["category"].eq("target") & bound["organism"].eq("Human")]
    bound = bound.dropna(subset="entrez_gene_id")
    symbol = bound["entrez_gene_id"].map(symbols).fillna(BY_ID + bound["entrez_gene_id"])
    targets = symbol.groupby(bound["drugbank_id"]).agg(_join_values)
    return pd.DataFrame(
        {
            "name": table["name"],
            "inchi_key": table["inchikey"],
            "atc_codes": table["atc_codes"],
            "targets": table["drugbank_id"].map(targets),
            "mechanisms": None,
        }
    )


def read_repurposing_hub(drugs: str | Path, samples: str | Path) -> pd.DataFrame:
    """Read the Drug Repurposing Hub: one row per sample.

    Source: Corsello et al. 2017, Nature Medicine 23:405, doi:10.1038/nm.4306.

    Returns
    -------
    DataFrame with columns name, inchi_key, atc_codes (never known), targets, mechanisms

    Raises
    ------
    LacunaError
        If a file or a column is missing, or a file is no table of plain text.
    """
    table = _read(drugs, ["pert_iname", "moa", "target"])
    keys = _read(samples, ["pert_iname", "InChIKey"]).drop_duplicates()
    both = table.merge(keys, on="pert_iname", how="left")
    names = {"pert_iname": "name", "InChIKey": "inchi_key"}
    names |= {"moa": "mechanisms", "target": "targets"}
    return both.rename(columns=names).assign(atc_codes=None)[["name", "inchi_key", *ANNOTATIONS]]


def read_atc(path: str | Path) -> pd.DataFrame:
    """Read the WHO's ATC list (as fabkury/atcd extracts it): one row per substance.

    Returns
    -------
    DataFrame with columns name, inchi_key, atc_codes, targets, mechanisms
        Of these, name and atc_codes are known.

    Raises
    ------
    LacunaError
        If the file or a column is missing, or the file is no table of plain text.
    """
    table = _read(path, ["atc_code", "atc_name"], separator=",")
    substances = table[table["atc_code"].str.len().eq(ATC_SUBSTANCE)]
    codes = substances.groupby("atc_name")["atc_code"].agg(_join_values)
    known = codes.rename("atc_codes").rename_axis("name").reset_index()
    return known.assign(inchi_key=None, targets=None, mechanisms=None)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of the user's own: name, and those of inchi_key and `ANNOTATIONS` that it has.

    Raises
    ------
    LacunaError
        If the file or its column `name` is missing, or the file is no table of plain text.
    """
    table = _read(path, ["name"], quoting=csv.QUOTE_NONE)  # names such as "2-APB hold quotes
    unknown = {column: None for column in ["inchi_key", *ANNOTATIONS] if column not in table}
    return table.assign(**unknown)[["name", "inchi_key", *ANNOTATIONS]]


def read_symbols(gene_info: Iterable[str | Path]) -> pd.Series:
    """Return gene symbols by Entrez id, of tables as GEO ships them; the first one wins."""
    genes = pd.concat([pd.DataFrame(columns=["gene", "symbol"]), *map(read_genes, gene_info)])
    return genes.drop_duplicates("gene").set_index("gene")["symbol"]


def read_sources(files: dict[str, str], symbols: pd.Series) -> dict[str, pd.DataFrame]:
    """Read all annotation tables of a configuration.

    Parameters
    ----------
    files
        Paths by kind, as `files: annotations` names them.
    symbols
        Gene symbols by Entrez id.

    Returns
    -------
    dict of DataFrames with columns name, inchi_key, atc_codes, targets, mechanisms
        By the source's name. A source without structures takes those of the others, by name, so
        that a drug which the screen knows only by its structure still finds its ATC code.

    Raises
    ------
    LacunaError
        If a file or a column is missing, or a file is no table of plain text.
    """
    readers: dict[str, tuple[list[str], Callable[..., pd.DataFrame]]] = {
        "DrugBank": (
            ["drugbank_drugs", "drugbank_proteins"],
            lambda drugs, proteins: read_drugbank(drugs, proteins, symbols),
        ),
        "Drug Repurposing Hub": (["hub_drugs", "hub_samples"], read_repurposing_hub),
        "WHO ATC": (["atc"], read_atc),
        "own table": (["table"], read_table),
    }
    tables = {
        source: read(*(files[kind] for kind in kinds))
        for source, (kinds, read) in readers.items()
        if all(kind in files for kind in kinds)
    }
    structures = pd.concat(tables.values())[["name", "inchi_key"]].dropna()
    return {source: _with_structures(table, structures) for source, table in tables.items()}


def annotate(
    drugs: pd.DataFrame, sources: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join annotations to drugs: by structure first, then by name.

    Two structures are the same if the first blocks of their InChIKeys are, whatever the salt and
    the stereochemistry on record. Two names are the same if they differ only in case and blanks.
    A drug gets the union of what several sources or rows say of it.

    Parameters
    ----------
    drugs
        drug, name, inchi_key (NaN where unknown): one row per drug.
    sources
        name, inchi_key, atc_codes, targets, mechanisms: by the source's name.

    Returns
    -------
    labels : DataFrame with columns drug, name, atc_codes, targets, mechanisms
        In the order of `drugs`; NaN where no source knows any.
    counts : DataFrame, one row per source and one for all of them
        source, drugs, without_structure, by_structure, by_name, not_found, with_atc_codes,
        with_targets, with_mechanisms; targets, how many the drugs have between them, and
        targets_by_id, how many of these go by their Entrez id.
    """
    found = {source: _look_up(drugs, table) for source, table in sources.items()}
    found["all sources"] = pd.concat(found.values())
    together = found["all sources"].groupby(level=0)[ANNOTATIONS].agg(_join_values)
    labels = drugs[["drug", "name"]].reset_index(drop=True).join(together)
    counts = [{"source": source, **_count(drugs, rows)} for source, rows in found.items()]
    return labels, pd.DataFrame(counts)


def annotate_from_files(
    drugs: pd.DataFrame, files: Mapping[str, str], symbols: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join what a run's annotation tables know to its drugs.

    Parameters
    ----------
    drugs
        As `annotate` takes them.
    files, symbols
        As `read_sources` takes them; without any files, nothing is known.

    Returns
    -------
    labels, counts : DataFrames
        As `annotate` returns them.

    Raises
    ------
    LacunaError
        If a file or a column is missing, or a file is no table of plain text.
    """
    if not files:
        return drugs[["drug", "name"]].assign(**dict.fromkeys(ANNOTATIONS)), pd.DataFrame()
    return annotate(drugs, read_sources(dict(files), symbols))


def split(values: pd.Series) -> pd.Series:
    """Return each drug's codes, targets or mechanisms as a set, NaN where none is known."""
    return values.map(lambda text: set(text.split(SEPARATOR)), na_action="ignore")


def _read(
    path: str | Path,
    columns: list[str],
    separator: str = "\t",
    quoting: int = csv.QUOTE_MINIMAL,
) -> pd.DataFrame:
    """Read a text table below its comments, which begin with an exclamation mark."""
    path = Path(path)
    comments = check_header(path, separator, comment="!")
    account: Account = []
    table = parse_table(
        path,
        "a table of text",
        account,
        sep=separator,
        skiprows=comments,
        dtype=str,
        keep_default_na=False,
        quoting=quoting,
        na_values=["", "-666", "NA"],
    )
    for column in columns:
        if column not in table:
            raise LacunaError(
                f"{path}: no column {column!r}{did_you_mean(column, map(str, table))}; "
                f"it has {listed(table, 20)}."
            )
    for column in table.columns.intersection([*columns, "inchi_key", *ANNOTATIONS]):
        check_plain(table[column], column, path)
        table[column] = tidy_texts(table[column], column, account)
    tell(path, account)
    return table


def _with_structures(table: pd.DataFrame, structures: pd.DataFrame) -> pd.DataFrame:
    """Give a table without structures those that other tables have under the same name."""
    if table["inchi_key"].notna().any():
        return table
    known = structures.assign(key=_normalise(structures["name"])).drop_duplicates(
        ["key", "inchi_key"]
    )
    nameless = table.drop(columns="inchi_key").assign(key=_normalise(table["name"]))
    return nameless.merge(known[["key", "inchi_key"]], on="key", how="left").drop(columns="key")


def _join_values(values: Iterable[str]) -> str | None:
    parts = {part.strip() for text in values if pd.notna(text) for part in text.split(SEPARATOR)}
    return SEPARATOR.join(sorted(parts - {""})) or None


def _connectivity(inchi_keys: pd.Series) -> pd.Series:
    return inchi_keys.astype(object).str.removeprefix("InChIKey=").str[:CONNECTIVITY]


def _normalise(names: pd.Series) -> pd.Series:
    return names.str.casefold().str.split().str.join(" ")


def _look_up(drugs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return what a table knows of the drugs, indexed by the drug's row; drugs may repeat."""
    by_structure = _match(_connectivity(drugs["inchi_key"]), _connectivity(table["inchi_key"]))
    by_name = _match(_normalise(drugs["name"]), _normalise(table["name"]))
    by_name = by_name[~by_name["drug_row"].isin(by_structure["drug_row"])]
    matched = pd.concat({"structure": by_structure, "name": by_name}, names=["joined_by"])
    matched = matched.reset_index("joined_by").reset_index(drop=True)
    known = table[ANNOTATIONS].iloc[matched["table_row"]].reset_index(drop=True)
    return known.assign(joined_by=matched["joined_by"]).set_index(matched["drug_row"].to_numpy())


def _match(ours: pd.Series, theirs: pd.Series) -> pd.DataFrame:
    """Return all pairs of rows whose keys are equal, as drug_row and table_row."""
    left = pd.DataFrame({"key": ours.to_numpy(), "drug_row": range(len(ours))})
    right = pd.DataFrame({"key": theirs.to_numpy(), "table_row": range(len(theirs))})
    return left.dropna().merge(right.dropna(), on="key")[["drug_row", "table_row"]]


def _count(drugs: pd.DataFrame, found: pd.DataFrame) -> dict[str, int]:
    by_structure = found.index[found["joined_by"] == "structure"].nunique()
    known = {f"with_{name}": found.index[found[name].notna()].nunique() for name in ANNOTATIONS}
    targets = set(split(found["targets"].dropna()).explode().dropna())
    return {
        "drugs": len(drugs),
        "without_structure": int(drugs["inchi_key"].isna().sum()),
        "by_structure": by_structure,
        "by_name": found.index.nunique() - by_structure,
        "not_found": len(drugs) - found.index.nunique(),
        **known,
        "targets": len(targets),
        "targets_by_id": sum(target.startswith(BY_ID) for target in targets),
    }
