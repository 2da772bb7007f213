"""Names in tables of others: one spelling each, whatever their blanks, invisible signs and case.

Names that differ only in case are one drug, one cell line, one plate.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

import pandas as pd

from lacuna.io.odd_rows import Account, note
from lacuna.io.quantities import MISSING

# Signs without a width: soft hyphen, blanks and joiners, marks of direction and of byte order.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]")
# Case has a meaning in SMILES: C1CCCCC1 is no c1ccccc1. Names of these letters alone stay apart.
SMILES = re.compile(r"[BCNOPSFIHKbcnopslr0-9=#$:/\\.\-+%()\[\]@]+")


def tidy(text: str) -> str:
    """Return a text without invisible signs, with single blanks, and none at its ends.

    Examples
    --------
    >>> tidy(" MCF\u00a07\u200b ")
    'MCF 7'
    """
    if text.isascii() and " " not in text:
        return text
    return " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())


def tidy_texts(texts: pd.Series, column: str, account: Account | None = None) -> pd.Series:
    """Tidy a column of texts.

    Parameters
    ----------
    texts
        Texts, or categories of texts; NaN where one is missing.
    column
        What the file calls it.
    account
        Gets which texts changed, and in how many rows.

    Returns
    -------
    Series
        The same where nothing changes, else of objects; None where nothing is left, or what stands
        for a missing value.
    """
    distinct = [text for text in texts.dropna().unique() if isinstance(text, str)]
    changed = {text: new for text in distinct if (new := tidy(text)) != text}
    if not changed:
        return texts
    rows = int(texts.isin(list(changed)).sum())
    what = f"blanks or invisible signs in {column}: taken away"
    note(account, what, pd.Series([*changed]), rows)
    said = texts.astype(object)
    given = {text: None if new in MISSING else new for text, new in changed.items()}
    return said.map(lambda text: given.get(text, text), na_action="ignore")


def drug_key(name: str) -> str:
    """Return what is alike of two names of one drug."""
    return name if SMILES.fullmatch(name) else name.casefold()


def plain_key(name: str) -> str:
    """Return what is alike of names that sources write differently: letters and digits alone.

    Examples
    --------
    >>> plain_key("MCF-7") == plain_key("mcf7")
    True
    """
    return "".join(filter(str.isalnum, name.casefold())) or name.casefold()


def one_spelling(
    names: pd.Series,
    column: str,
    account: Account | None = None,
    key: Callable[[str], str] = str.casefold,
) -> pd.Series:
    """Write names that differ only in case as most rows do.

    Parameters
    ----------
    names
        NaN where one is missing.
    column
        What the file calls them.
    account
        Gets which were changed, into what, and in how many rows.
    key
        What names of one thing have in common: `drug_key` for drugs.

    Returns
    -------
    Series
        The same where nothing changes, else of objects. Of spellings in as many rows, the first.
    """
    distinct = pd.Series(names.dropna().unique(), dtype=object)
    keys = distinct.map(key)
    several = distinct[keys.duplicated(keep=False)]
    if several.empty:
        return names
    rows = names[names.isin(several)].astype(object).value_counts().reindex(several)
    most = rows.groupby(several.map(key).to_numpy(), sort=False).idxmax()
    respelt = {name: most[key(name)] for name in several if most[key(name)] != name}
    told = [f"{name} is {best}" for name, best in respelt.items()]
    what = f"{column} that differ only in case: one spelling counts"
    note(account, what, pd.Series(told), int(rows[list(respelt)].sum()))
    return names.astype(object).replace(respelt)


def spelt_as(
    names: pd.Series, known: Iterable[str], key: Callable[[str], str] = str.casefold
) -> pd.Series:
    """Write names as those of another table, where they differ only in case.

    Parameters
    ----------
    names
        Those of one table; NaN where one is missing.
    known
        Those of the other.
    key
        As in `one_spelling`.

    Returns
    -------
    Series
        Names that the other table does not know, or knows in just this spelling, are the same.
    """
    spellings = dict.fromkeys(known)
    by_key = {key(name): name for name in reversed(spellings)}
    return names.map(
        lambda name: name if name in spellings else by_key.get(key(name), name), na_action="ignore"
    )
