"""Where wells lie on their plates."""

import re

import numpy as np
import pandas as pd

# A well's position, as F04. The largest plates have 32 rows, AF the last, and 48 columns.
POSITION = re.compile(r"([A-Z]|A[A-F])0?([1-9]|[1-3]\d|4[0-8])", re.IGNORECASE)


def read_positions(given: pd.Series, wells: pd.Series) -> pd.DataFrame:
    """Read where wells lie on their plates.

    Parameters
    ----------
    given
        Texts as "F04"; NaN where none is given.
    wells
        Their ids. Where the position cannot be read, what stands behind the last colon counts:
        "CPC006_A375_6H_X1:F04".

    Returns
    -------
    DataFrame of int
        row (1 for A, 27 for AA) and column, both 0 where they are not known.
    """
    read = _split_positions(given)
    unknown = read["row"].eq(0)
    ends = wells[unknown].astype(str).str.extract(r":([^:]*)$")[0]
    read.loc[unknown] = _split_positions(ends)
    return read


def _split_positions(texts: pd.Series) -> pd.DataFrame:
    codes, distinct = pd.factorize(texts)
    found = [POSITION.fullmatch(str(text).strip()) for text in distinct]
    numbers = [(_row(f[1]), int(f[2])) if f else (0, 0) for f in found]
    table = np.array([*numbers, (0, 0)])  # the last one for missing texts, whose code is -1
    return pd.DataFrame(table[codes], texts.index, ["row", "column"])


def _row(letters: str) -> int:
    return 26 * (len(letters) - 1) + ord(letters[-1].upper()) - ord("A") + 1
