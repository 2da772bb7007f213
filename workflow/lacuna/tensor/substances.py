"""Which ids of a screen are one drug: those of one name, or of one InChIKey."""

from collections.abc import Iterable

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.names import drug_key, spelt_as
from lacuna.io.perturbations import COMPOUND
from lacuna.structures.identity import BLOCK_LETTERS, KEY

# The values of `tensor: merge`.
NAME, INCHI_KEY, BEST_ID, APART = "name", "inchikey", "best_id", "none"


def add_facts(experiments: pd.DataFrame, drug_tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add to experiments what tables of drugs know: a name where there is none, the InChIKey.

    Parameters
    ----------
    experiments
        As the table of a `SignatureSet`.
    drug_tables
        As `lacuna.io.geo.read_drugs` reads them; the first one that has a value wins.

    Returns
    -------
    DataFrame
        `experiments` with names filled in, and inchi_key (NaN where it is not known).
    """
    columns = ["drug", "name", "inchi_key"]
    tables = [table.reindex(columns=columns).astype(object) for table in drug_tables]
    known = pd.concat([pd.DataFrame(columns=columns, dtype=object), *tables])
    known["drug"] = spelt_as(known["drug"], experiments["drug"].unique(), drug_key)
    known = known.groupby("drug")[columns[1:]].first()
    drug, name = experiments["drug"].astype(object), experiments["name"].astype(object)
    return experiments.assign(
        name=name.where(name.notna() & name.ne(""), drug.map(known["name"])),
        inchi_key=drug.map(known["inchi_key"]),
    )


def same_substance(experiments: pd.DataFrame, merge: str) -> pd.Series:
    """Return which substance each experiment is of; the ids of one drug have the same.

    By name, in upper or lower case, ids are one drug unless their InChIKeys say that their
    skeletons differ (the first block: LINCS calls two substances "Compound 12"). Stereo twins of
    one name are one drug, for a user who orders it by name. Drugs without a name are distinct; so
    are those whose name is their id, as LINCS has it.

    By InChIKey, ids are one drug if the full key is the same, whatever they are called. Stereo
    twins are then distinct, as they may act differently, and so is a salt whose structure has its
    counter-ion. What is no key says nothing.

    Treatments of several types (pert_type) are never one: no gene is a drug of its name.

    Parameters
    ----------
    experiments
        drug, name, pert_type and, where it is known, inchi_key.
    merge
        One of the values of `tensor: merge`; `BEST_ID` goes by name alone, as the code of Hodos et
        al. 2018, which knows no structures.

    Raises
    ------
    LacunaError
        If ids are to be merged by their InChIKeys, and no drug has one.
    """
    kind = experiments["pert_type"].astype(object)
    substance = _same(experiments, merge)
    return substance.where(kind.eq(COMPOUND), kind + " " + substance)


def _same(experiments: pd.DataFrame, merge: str) -> pd.Series:
    own = "id " + experiments["drug"].astype(object)
    if merge == APART:
        return own
    key = known_keys(experiments)
    if merge == INCHI_KEY:
        if len(key) and key.isna().all():
            raise LacunaError(
                "tensor: merge is inchikey, but no drug has an InChIKey; expected a column "
                "inchi_key in pert_info. Write merge: name, or give it."
            )
        return key.fillna(own)
    name = _first(experiments, "name").fillna("").astype(str).str.strip().str.casefold()
    # LINCS writes an unnamed drug's id as its name.
    unnamed = name.isin(["", "nan", "-666"]) | name.eq(experiments["drug"].str.casefold())
    name = name.mask(unnamed, own)
    if merge == BEST_ID:
        return name
    skeleton = key.str[:BLOCK_LETTERS]
    differ = skeleton.groupby(name).transform("nunique") > 1
    return name.mask(differ, name + " " + skeleton.fillna(own))


def told_apart(experiments: pd.DataFrame) -> pd.Series:
    """Return the id of each experiment's drug, with its pert_type where others have the id, too."""
    drug, kind = (experiments[name].astype(object) for name in ("drug", "pert_type"))
    shared = kind.groupby(drug).transform("nunique").gt(1) & kind.ne(COMPOUND)
    return drug.mask(shared, drug + " (" + kind + ")")


def best_ids(experiments: pd.DataFrame, substance: pd.Series) -> pd.Series:
    """Return for each experiment the id of its substance that was measured in most cells.

    Of ids in as many cells, the first one counts.
    """
    ids = [substance, experiments["drug"]]
    cells = experiments.groupby(ids, sort=False, observed=True)["cell"].nunique()
    best = cells.groupby(level=0, sort=False).idxmax().map(lambda key: key[1])
    return substance.map(best)


def shared_ids(experiments: pd.DataFrame, merge: str) -> list[list[str]]:
    """Return the ids of each drug that has several, by the values of `tensor: merge`."""
    ids = experiments["drug"].astype(object)
    by_substance = ids.groupby(same_substance(experiments, merge), sort=False)
    return [list(each) for each in by_substance.unique() if len(each) > 1]


def known_keys(experiments: pd.DataFrame) -> pd.Series:
    """Return the InChIKey of each experiment's drug, NaN where it is not known."""
    if "inchi_key" not in experiments:
        return pd.Series(None, experiments.index, dtype=object)
    key = _first(experiments, "inchi_key")
    return key.where(key.astype(str).str.fullmatch(KEY))


def _first(experiments: pd.DataFrame, column: str) -> pd.Series:
    """Return the first value that each experiment's drug has."""
    return experiments.groupby("drug", observed=True)[column].transform("first").astype(object)
