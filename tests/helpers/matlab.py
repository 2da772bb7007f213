"""Tensors in MATLAB's files, as SciPy writes version 5 and MATLAB version 7.3."""

import h5py
import numpy as np
from scipy.io import savemat


def tensor(drugs=5, genes=7, cells=4, density=0.6, seed=0):
    """Return T (drugs x genes x cells, NaN where missing) of unit profiles, one a drug at least."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(drugs, genes, cells))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    missing = rng.random((drugs, cells)) > density
    missing[np.arange(drugs), np.arange(drugs) % cells] = False
    return np.where(missing[:, None], np.nan, values)


def names(values):
    """Return names of the axes: of drugs as LINCS has them, genes as Entrez ids, lines of cells."""
    drugs, genes, cells = values.shape
    return {
        "pertIds": [f"BRD-{number:03d}" for number in range(drugs)],
        "geneIds": [str(780 + 3 * number) for number in range(genes)],
        "cellIds": [f"C{number}" + "X" * (number % 3) for number in range(cells)],
    }


def cells_of(texts):
    """Return a cell array, n x 1, for `savemat`."""
    array = np.empty((len(texts), 1), object)
    array[:, 0] = texts
    return array


def write_v5(path, values, ids=None, compress=True, **variables):
    """Write version 5, names in cell arrays; variables say what to write instead."""
    ids = names(values) if ids is None else ids
    content = {"T": values} | {name: cells_of(texts) for name, texts in ids.items()} | variables
    content = {name: value for name, value in content.items() if value is not None}
    savemat(path, content, do_compression=compress)
    return path


def write_v73(path, values, ids=None, change=None):
    """Write version 7.3 as MATLAB does; `change(file)` is called with the open file."""
    ids = names(values) if ids is None else ids
    with h5py.File(path, "w", userblock_size=512) as file:
        put(file, "T", values.transpose(), "double", chunks=True, compression="gzip")
        for name, texts in ids.items():
            put_cells(file, name, texts)
        if change:
            change(file)
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(124, b" ")
    with path.open("r+b") as file:
        file.write(header + b"\x00\x02IM")
    return path


def put(file, name, values, kind, **options):
    """Write an array, its axes the other way round already."""
    file.create_dataset(name, data=values, **options).attrs["MATLAB_class"] = np.bytes_(kind)


def put_text(file, name, text):
    """Write a row of characters."""
    codes = np.frombuffer(text.encode("utf-16-le"), "<u2")[:, None]
    put(file, name, codes, "char")
    file[name].attrs["MATLAB_int_decode"] = np.int32(2)


def put_cells(file, name, values):
    """Write a cell array of texts or numbers."""
    references = np.empty((1, len(values)), h5py.ref_dtype)
    for number, value in enumerate(values):
        place = f"#refs#/{name}{number}_{len(file.get('#refs#', ()))}"
        if isinstance(value, str):
            put_text(file, place, value)
        else:
            put(file, place, np.full((1, 1), value, float), "double")
        references[0, number] = file[place].ref
    if name in file:
        del file[name]
    file.create_dataset(name, data=references, dtype=h5py.ref_dtype)
    file[name].attrs["MATLAB_class"] = np.bytes_("cell")
