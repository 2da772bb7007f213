"""Are the results the same as before the library was ordered by stage?

    python bench/same_results.py OLD NEW [OLD NEW ...]

Each pair is two folders of results of one dataset, `results/{dataset}` of commit 01dcc5d and of
today, both made with `snakemake --notemp`. Every table, GCTX, HDF5 and model file of the one is
compared with its partner in the other, bit by bit in what it holds; what is known to differ is
listed with its reason. The exit status is 1 when anything else differs or has no partner.
"""

import argparse
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np

# What lay elsewhere before: the longest beginning that fits is replaced.
MOVED = {
    "crossval": "evaluation",
    "density": "evaluation/density",
    "density.tsv": "evaluation/density.tsv",
    "density_per_repeat.tsv": "evaluation/density_per_repeat.tsv",
    "metrics_per_fold.tsv": "evaluation/metrics_per_fold.tsv",
    "comparisons.tsv": "evaluation/comparisons.tsv",
    "where.tsv": "evaluation/where.tsv",
    "specificity_kept.tsv": "evaluation/specificity_kept.tsv",
    "classes": "classification",
    "published.tsv": "report/published.tsv",
    "tables/filters.html": "report/pages/filters.html",
    "tables/plates.html": "signatures/pages/plates.html",
    "tables/methods.html": "evaluation/pages/methods.html",
    "tables/where.html": "evaluation/pages/where.html",
    "tables/classes.html": "classification/pages/classification.html",
    "tables/cell_to_cell.html": "cell_to_cell/pages/cell_to_cell.html",
    "tables/published.html": "report/pages/published.html",
    "tables/run.html": "report/pages/run.html",
}
FIGURES = {
    "coverage": "tensor",
    "cell_specificity": "tensor",
    "plate_quality": "signatures",
    "class_gain": "classification",
    "class_predicted": "classification",
    "factors": "cell_to_cell",
    "important_genes": "cell_to_cell",
    "latent_correlation": "cell_to_cell",
    "latent_states": "cell_to_cell",
    "transfer": "cell_to_cell",
    "variations": "cell_to_cell",
}  # the others: evaluation

RENAMED = {"elsewhere": "cell_transfer"}  # splits, in paths and in columns of this name:
RENAMED_COLUMN = "split"
RENAMED_WHY = (
    "the split elsewhere is called cell_transfer; rows stand in the order of the schema's splits"
)

NOT_COMPARED = {
    "benchmarks": "wall times and memory",
    "logs": "wall times and times of day",
}
# Shown, not computed: their tables of numbers are compared.
ONLY_THERE = {
    ".html": "page: there on both sides, wording not compared",
    ".svg": "picture: there on both sides, its .tsv is compared",
    ".png": "picture: there on both sides, its .tsv is compared",
    ".yaml": "configuration and provenance: keys were renamed, versions and commit are in it",
}


def moved(path: str) -> str:
    """Give the place of today of a file of before, both relative to the dataset's folder."""
    parts = PurePosixPath(path).parts
    if parts[0] == "figures":
        stage = FIGURES.get(PurePosixPath(path).stem, "evaluation")
        return str(PurePosixPath(stage, *parts))
    for length in range(len(parts), 0, -1):
        if place := MOVED.get("/".join(parts[:length])):
            renamed = [RENAMED.get(part, part) for part in parts[length:]]
            return str(PurePosixPath(place, *renamed))
    return path


def files(folder: Path) -> list[str]:
    """Name a dataset's files, without hidden ones and those in folders not compared."""
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(
        path.as_posix()
        for path in found
        if path.parts[0] not in NOT_COMPARED
        and not any(part.startswith(".") for part in path.parts)
    )


def compare(old: Path, new: Path) -> tuple[Counter, list[str], list[str]]:
    """Compare the results of one dataset, before and now.

    Returns
    -------
    counts
        How many files were compared, by what came out.
    allowed, found
        The differences that are known, each with its reason, and all others; one line each.
    """
    counts: Counter = Counter()
    allowed, found = [], []
    left = set(files(new))
    for path in files(old):
        place = moved(path)
        if place not in left:
            counts["without partner"] += 1
            found.append(f"{path}: expected now as {place}, which is not there")
            continue
        left.remove(place)
        suffix = PurePosixPath(path).suffix
        if (old / path).read_bytes() == (new / place).read_bytes():
            counts["the same, byte by byte"] += 1
        elif suffix in ONLY_THERE:
            counts["not compared"] += 1
            allowed.append(f"{path}: {ONLY_THERE[suffix]}")
        elif differences := list(differences_in(old / path, new / place)):
            counts["different"] += 1
            found += [f"{path}: {difference}" for difference in differences]
        elif suffix == ".tsv":
            counts["allowed to differ"] += 1
            allowed.append(f"{path}: {RENAMED_WHY}")
        else:
            counts["the same in all they hold"] += 1
    counts["without partner"] += len(left)
    found += [f"{place}: has no partner among the old results" for place in sorted(left)]
    return counts, allowed, found


def differences_in(old: Path, new: Path) -> Iterator[str]:
    """Say how two files that are not equal byte by byte differ in what they hold."""
    match old.suffix:
        case ".tsv":
            yield from _in_table(old, new)
        case ".h5" | ".gctx":
            yield from _in_hdf5(old, new)
        case ".pt":
            import torch

            yield from _in_model(*(torch.load(path, weights_only=True) for path in (old, new)))
        case ".gz":
            if gzip.decompress(old.read_bytes()) != gzip.decompress(new.read_bytes()):
                yield "differs, unpacked"
        case _:
            yield "differs"


def _in_table(old: Path, new: Path) -> Iterator[str]:
    # As text: a number that is written otherwise is another number.
    before, now = (
        [line.split("\t") for line in path.read_bytes().decode().split("\n")] for path in (old, new)
    )
    if RENAMED_COLUMN in before[0]:
        column = before[0].index(RENAMED_COLUMN)
        for row in before[1:-1]:
            row[column] = RENAMED.get(row[column], row[column])
        # The order of splits was that of the configuration's files, and is the schema's now; so the
        # metrics, which come in the order in which the splits have them.
        for rows in (before, now):
            rows[1:-1] = sorted(rows[1:-1])
    if before[0] != now[0]:
        yield f"columns were {before[0]}, are {now[0]}"
    elif len(before) != len(now):
        yield f"had {len(before) - 2} rows, has {len(now) - 2}"
    else:
        cells = [
            (line, *cell)
            for line, rows in enumerate(zip(before, now, strict=True), start=1)
            if rows[0] != rows[1]
            for cell in zip_longest(now[0], *rows)
            if cell[1] != cell[2]
        ]
        if cells:
            line, column, was, is_ = cells[0]
            first = f"line {line}, column {column}: {was!r} before, {is_!r} now"
            yield f"{len(cells)} values differ, the first in {first}"


def _in_hdf5(old: Path, new: Path) -> Iterator[str]:
    with h5py.File(old) as before, h5py.File(new) as now:
        nodes = [{"/": file} for file in (before, now)]
        for file, named in zip((before, now), nodes, strict=True):
            file.visititems(named.__setitem__)
        for name in sorted(nodes[0].keys() ^ nodes[1].keys()):
            yield f"{name}: only {'before' if name in nodes[0] else 'now'}"
        for name in sorted(nodes[0].keys() & nodes[1].keys()):
            yield from _in_node(name, nodes[0][name], nodes[1][name])


def _in_node(name: str, before: Any, now: Any) -> Iterator[str]:
    for key in sorted({*before.attrs, *now.attrs}):
        if key not in before.attrs or key not in now.attrs:
            yield f"{name}: attribute {key} only {'before' if key in before.attrs else 'now'}"
        elif problem := _in_array(before.attrs[key], now.attrs[key]):
            yield f"{name}: attribute {key} {problem}"
    datasets = [isinstance(node, h5py.Dataset) for node in (before, now)]
    if datasets[0] != datasets[1]:
        yield f"{name}: a dataset {'before' if datasets[0] else 'now'}, else a group"
    elif datasets[0]:
        if before.id.get_type() != now.id.get_type():
            yield f"{name}: type {before.dtype} before, {now.dtype} now"
        elif problem := _in_array(before[()], now[()]):
            yield f"{name}: {problem}"


def _in_array(before: Any, now: Any) -> str:
    """Say how two arrays or values differ, bit by bit; an empty text when they do not."""
    before, now = np.asarray(before), np.asarray(now)
    if before.dtype != now.dtype:
        return f"type {before.dtype} before, {now.dtype} now"
    if before.shape != now.shape:
        return f"shape {before.shape} before, {now.shape} now"
    if before.dtype.hasobject or before.size == 0:
        equal = np.asarray(before == now)
    else:  # as bytes, so that nan is nan and -0 is not 0
        bits = [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in (before, now)]
        equal = (bits[0] == bits[1]).reshape(before.size, -1).all(1)
    return "" if equal.all() else f"{(~equal).sum()} of {before.size} values differ"


def _in_model(before: Any, now: Any, name: str = "model") -> Iterator[str]:
    if type(before) is not type(now):
        yield f"{name}: {type(before).__name__} before, {type(now).__name__} now"
    elif isinstance(before, dict):
        if list(before) != list(now):
            yield f"{name}: keys were {list(before)}, are {list(now)}"
        else:
            for key in before:
                yield from _in_model(before[key], now[key], f"{name}/{key}")
    elif isinstance(before, list | tuple) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from _in_model(*pair, f"{name}/{number}")
    elif hasattr(before, "numpy"):
        if problem := _in_array(before.numpy(), now.numpy()):
            yield f"{name}: {problem}"
    elif before != now:
        yield f"{name}: {before!r} before, {now!r} now"


def main() -> int:
    """Print what differs; return 1 when anything does that may not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="OLD NEW")
    folders = parser.parse_args().folders
    if len(folders) % 2:
        parser.error(f"expected pairs of folders, got {len(folders)}")
    for folder in folders:
        if not folder.is_dir():
            parser.error(f"{folder}: no such folder; name one of results/, made by a run")
    failed = False
    print("Not compared in any dataset:")
    print("".join(f"  {name}/: {reason}\n" for name, reason in NOT_COMPARED.items()), end="")
    for old, new in zip(folders[::2], folders[1::2], strict=True):
        counts, allowed, found = compare(old, new)
        print(f"\n{new.name}: {old} and {new}")
        kinds = Counter(PurePosixPath(path).suffix for path in files(old))
        print("  files before: " + ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds)))
        print("".join(f"  {count:6} {what}\n" for what, count in counts.items() if count), end="")
        print("".join(f"  allowed: {line}\n" for line in allowed), end="")
        print("".join(f"  DIFFERS: {line}\n" for line in found), end="")
        failed |= bool(found)
    print("\nDifferent." if failed else "\nThe same, but for what is allowed.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
