"""Hostile input for property-based tests: damaged bytes, changed tables, odd names and values."""

import copy

import h5py
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

# The same examples each time, so that a failure on one machine is one on all.
settings.register_profile(
    "lacuna", derandomize=True, database=None, deadline=None, max_examples=60, print_blob=True
)
settings.load_profile("lacuna")

ODD_TEXTS = [
    *("../../x", "/etc/passwd", "--version", "a;b", "$(touch x)", "`x`", "{x}", "%s", "x\0y", "\r"),
    *("=1+1", "+1", "-1", "@x", "<script>", "&amp;", '"', "''", "$\\foo$", "NA", "null", "-666"),
    *("1e999", "-0", "1_000", "0x10", "\u0661", "True", "\ufeff", "\u202e", "é", "\x85", ""),
    "9" * 400,
]
texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.binary(max_size=4)
    | st.dates()
)
# Whatever YAML can say.
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw, whole: bytes) -> bytes:
    """Bytes of a good file cut short, changed here and there, or with others put in; or any."""
    how = draw(st.sampled_from(["change", "change", "change", "cut", "put in", "any"]))
    if how == "any":
        return draw(st.binary(max_size=64))
    at = draw(st.integers(0, len(whole) - 1))
    if how == "cut":
        return whole[:at]
    if how == "put in":
        return whole[:at] + draw(st.binary(min_size=1, max_size=8)) + whole[at:]
    changed = bytearray(whole)
    places = st.integers(0, len(whole) - 1)
    for at, byte in draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)):
        changed[at] = byte
    return bytes(changed)


@st.composite
def changed_table(draw, whole: str, separator: str = "\t") -> bytes:
    """A good table with a cell, row or column changed, lost or doubled, in some encoding."""
    rows = [line.split(separator) for line in whole.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        how = draw(st.sampled_from(["cell", "cell", "cell", "row", "column", "lose", "double"]))
        row = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(0, max(min(map(len, rows)) - 1, 0)))
        if how == "cell":
            rows[row] = [*rows[row][:column], draw(texts), *rows[row][column + 1 :]]
        elif how == "row":
            rows.insert(row, draw(st.lists(texts, max_size=len(rows[0]) + 2)))
        elif how == "double":
            rows.insert(row, list(rows[row]))
        elif how == "lose" and len(rows) > 1:
            del rows[row]
        else:
            rows = [[*cells[:column], *cells[column + 1 :]] for cells in rows]
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-16", "latin-1"]))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return ending.join(map(separator.join, rows)).encode(encoding, "replace")


ARRAYS = [
    np.zeros(0),
    np.zeros((2, 3), np.float32),
    np.full(3, np.nan),
    np.arange(4),
    np.array([-1, 10**12]),
    np.array(2.0),
    np.array([b"a", b"\xff"]),
    np.array([1 + 2j]),
    np.ones((2, 2, 2)),
    np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
    np.ones(3, dtype=">f8"),
]


@st.composite
def hdf5_change(draw):
    """A function that changes one item of an open HDF5 file; no file is made while drawing."""
    which = draw(st.integers(0, 20))
    how = draw(st.sampled_from(["lose", "array", "promise", "link", "group", "rename", "again"]))
    array, name = draw(st.sampled_from(ARRAYS)), draw(st.sampled_from(["x", "id", "é", "drug"]))
    shape = draw(st.sampled_from([(10**12,), (10**6, 10**6), (2**31, 3)]))

    def change(file: h5py.File) -> None:
        names: list[str] = []
        file.visit(names.append)
        chosen = names[which % len(names)]
        parent, key = file[chosen].parent, chosen.rpartition("/")[2]
        if how == "again":
            parent.require_group("again" + name)[name] = file["/"]  # a group within itself
            return
        if how == "rename":
            parent.move(key, "renamed")
            return
        del parent[key]
        if how == "array":
            parent[key] = array
        elif how == "promise":
            chunks = tuple(min(length, 1024) for length in shape)
            parent.create_dataset(key, shape, np.float32, chunks=chunks)
        elif how == "link":
            parent[key] = h5py.ExternalLink("/etc/passwd", "/x")
        elif how == "group":
            parent.create_group(key)

    return change


@st.composite
def changed_tree(draw, tree: dict) -> dict:
    """A configuration, or another tree of dictionaries, with some values or keys changed."""
    changed = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 2))):
        node = changed
        key = draw(st.sampled_from(sorted(node, key=str)))
        while isinstance(node[key], dict) and node[key] and draw(st.booleans()):
            node = node[key]
            key = draw(st.sampled_from(sorted(node, key=str)))
        how = draw(st.sampled_from(["value", "value", "key", "lose"]))
        if how == "lose":
            del node[key]
        elif how == "key":
            node[draw(scalars)] = draw(values)
        else:
            node[key] = draw(values)
        if not changed:
            break
    return changed
