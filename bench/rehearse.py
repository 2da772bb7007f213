"""A rehearsal of the paper's run: `make rehearse SCALE=0.02` runs this.

Files of a made-up GSE92742 (bench/geo_files.py) are served by a local server, and
config/hodos.yaml runs on them as it is, from download to report; a table of sources sends its
downloads here. Only the trees of the random forests are fewer. What each part took goes to
results/bench/rehearse.tsv, beside what runs of other scales took; from two or more of them follows
what the whole of GSE92742 takes.
"""

import argparse
import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import yaml
from geo_drugs import ANNOTATION
from geo_files import PREFIX, SERIES, write_series
from rehearsed import foretell, print_needs, table_for_docs

from lacuna.io.atomic import write_whole
from lacuna.io.sources import SOURCES_COLUMNS, read_sources
from lacuna.io.tsv import read_table, write_table
from lacuna.project.small_data import SHARED
from lacuna.tensor.profiles import ProfileSet

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "results/bench/rehearse.tsv"
PAGE = ROOT / "docs/cluster.md"
MARKS = re.compile(r"(<!-- made by bench/rehearse.py --docs -->\n).*?(<!-- end -->)", re.DOTALL)
SEED = 1
# Of 500, and the fewest a configuration may have: forests would take most of the time, and their
# price is linear in the trees.
TREES = 5
WATCHED = 2.0  # seconds between two looks at the folder
# What else the name of a benchmark says of its job, and is kept apart.
DETAILS = {
    "predict_folds": r"(?P<size>large|small)_profiles_(?P<method>\w+)_\d+",
    "score_method": r"(?P<size>large|small)_profiles_\w+",
    "measure_density": r"(?P<method>\w+)_\d+",
    "complete_tensor": r"(?P<method>\w+)",
    "classify_drugs": r"[a-z0-9_]+?_(?P<model>logistic_regression|random_forest|nearest_\w+)",
}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine; give the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def write_sources(path: Path, files: Path, address: str) -> None:
    """Write a table of sources: each file has the address here, and made-up ones no checksum."""
    rows = []
    for source in read_sources(ROOT / "resources/sources.tsv").values():
        here = files / source.file
        if here.is_file():
            real = source.file in ANNOTATION and here.stat().st_size == source.bytes
            known = (source.bytes, source.sha256) if real else ("", "")
            url = f"{address}/{source.file}"
            rows.append((source.file, url, *known, source.licence, source.origin))
    write_table(pd.DataFrame(rows, columns=list(SOURCES_COLUMNS), dtype=object), path)


@contextmanager
def watched(folder: Path) -> Iterator[list[float]]:
    """Give a list that holds the most bytes that a folder had on disk."""
    most, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(WATCHED):
            most[0] = max(most[0], folder_size(folder))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def folder_size(folder: Path) -> int:
    """Return the bytes of the files in a folder; those that go meanwhile do not count."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue
    return total


def run(work: Path, address: str, trees: int, cores: int) -> tuple[float, float]:
    """Run config/hodos.yaml in a folder; return the seconds and the most bytes on disk."""
    write_sources(work / "sources.tsv", work / "served", address)
    changed = {"acquire": {"sources": "sources.tsv"}, "classification": {"trees": trees}}
    (work / "rehearsal.yaml").write_text(yaml.safe_dump(changed))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", str(work)]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--rerun-incomplete", "--configfile"]
    command += [str(ROOT / "config/hodos.yaml"), str(work / "rehearsal.yaml")]
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    started = time.monotonic()
    with watched(work / "results") as most, (work / "snakemake.log").open("w") as log:
        ended = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    if ended.returncode:
        print("".join((work / "snakemake.log").read_text().splitlines(keepends=True)[-40:]))
        raise SystemExit(f"The run failed: {work}/snakemake.log says why.")
    return time.monotonic() - started, most[0]


def measured(results: Path) -> pd.DataFrame:
    """Return what each part took: stage, part, jobs, wall_s, cpu_s, longest_s, peak_mb, ..."""
    stages = {
        name: path.stem
        for path in (ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)
    }
    rows = []
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        took = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        rule, *rest = path.relative_to(results / "benchmarks").with_suffix("").parts
        found = re.fullmatch(DETAILS.get(rule, "(?!)"), "/".join(rest))
        part = " ".join([rule, *(found.groups() if found else ())])
        if rule == "acquire_file":
            part += " matrix" if "Level3" in path.name else " table"
        numbers = [took[name] for name in ("s", "cpu_time", "max_rss", "io_in", "io_out")]
        rows.append((stages.get(rule, "figures"), part, *map(float, numbers)))
    jobs = pd.DataFrame(rows, columns=["stage", "part", "s", "cpu", "rss", "read", "written"])
    parts = jobs.groupby(["stage", "part"]).agg(
        jobs=("s", "size"),
        wall_s=("s", "sum"),
        cpu_s=("cpu", "sum"),
        longest_s=("s", "max"),
        peak_mb=("rss", "max"),
        read_mb=("read", "sum"),
        written_mb=("written", "sum"),
    )
    return parts.reset_index()


def sizes(results: Path) -> dict[str, int]:
    """Return how large the run was: wells, experiments, both tensors, tasks of classification."""
    wells = pd.read_csv(results / f"signatures/{SERIES}/wells.tsv", sep="\t")["wells"].sum()
    first = pd.read_csv(results / "tensor/filters.tsv", sep="\t").iloc[0]
    large, small = (ProfileSet.load(results / f"tensor/{size}.h5") for size in ("large", "small"))
    return {
        "wells": int(wells),
        "experiments": int(first["profiles"]),
        "drugs": len(large.drugs),
        "cells": len(large.cells),
        "profiles": len(large),
        "small_drugs": len(small.drugs),
        "small_cells": len(small.cells),
        "small_profiles": len(small),
        "tasks": len(pd.read_csv(results / "classification/tasks.tsv", sep="\t")),
    }


def rehearse(scale: float, trees: int, cores: int, work: Path, mirror: Path) -> pd.DataFrame:
    """Write, serve and run; return what each part took, and the whole."""
    started = time.monotonic()
    written = write_series(work / "served", scale, mirror, SEED)
    drugs = "real drugs" if written.real else "drugs made up (no annotation tables at hand)"
    print(f"Written in {time.monotonic() - started:.0f} s: {written.wells:,} wells, {drugs}.")
    with served(work / "served") as address:
        seconds, most = run(work, address, trees, cores)
    results = work / "results/hodos"
    parts = measured(results)
    packed = sum(path.stat().st_size for path in (work / "served").glob(f"{PREFIX}*Level3*"))
    whole = {
        "stage": "whole run",
        "part": "whole run",
        "jobs": parts["jobs"].sum(),
        "wall_s": seconds,
        "cpu_s": parts["cpu_s"].sum(),
        "longest_s": parts["longest_s"].max(),
        "peak_mb": parts["peak_mb"].max(),
        "disk_mb": most / 2**20,
        "packed_mb": packed / 2**20,
    }
    parts = pd.concat([parts, pd.DataFrame([whole])], ignore_index=True)
    facts = {"scale": scale, "trees": trees, "cores": cores, **sizes(results)}
    for place, (name, value) in enumerate(facts.items()):
        parts.insert(place, name, value)
    return parts


def show(parts: pd.DataFrame) -> None:
    """Print what each stage took."""
    facts = parts.iloc[0]
    print(
        f"\nScale {facts['scale']:g}: {facts['wells']:,} wells, {facts['experiments']:,} "
        f"experiments; large tensor {facts['drugs']:,} x {facts['cells']}, "
        f"{facts['profiles']:,} profiles; small tensor {facts['small_drugs']} x "
        f"{facts['small_cells']}; {facts['trees']} trees; {facts['cores']} cores"
    )
    stages = parts.groupby("stage", sort=False).agg(
        jobs=("jobs", "sum"),
        wall_s=("wall_s", "sum"),
        cpu_s=("cpu_s", "sum"),
        longest_s=("longest_s", "max"),
        peak_mb=("peak_mb", "max"),
        written_mb=("written_mb", "sum"),
        disk_mb=("disk_mb", "max"),
    )
    print(stages.round(1).fillna("").to_string())


def main() -> None:
    """Run, print, gather and foretell."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, help="share of GSE92742; left out: foretell only")
    arguments.add_argument("--trees", type=int, default=TREES)
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--work", type=Path, default=ROOT / "results/rehearsal")
    arguments.add_argument("--keep", action="store_true", help="keep what the run has written")
    arguments.add_argument("--docs", action="store_true", help=f"put the table into {PAGE.name}")
    arguments.add_argument("--mirror", type=Path, default=SHARED)
    options = arguments.parse_args()
    table = read_table(TABLE) if TABLE.exists() else pd.DataFrame({"scale": []})
    if options.scale:
        if not 0 < options.scale <= 1:
            raise SystemExit(f"--scale {options.scale}: expected a share of GSE92742, up to 1.")
        work = options.work.resolve() / f"{options.scale:g}"
        shutil.rmtree(work, ignore_errors=True)
        parts = rehearse(options.scale, options.trees, options.cores, work, Path(options.mirror))
        show(parts)
        table = pd.concat([table[table["scale"] != options.scale], parts], ignore_index=True)
        write_table(table.sort_values("scale", kind="stable"), TABLE)
        if not options.keep:
            shutil.rmtree(work)
    print_needs(table, foretell(table))
    if options.docs:
        shown = table_for_docs(table, foretell(table))
        page = MARKS.sub(lambda marks: marks[1] + shown + marks[2], PAGE.read_text())
        with write_whole(PAGE) as unfinished:
            unfinished.write_text(page)


if __name__ == "__main__":
    main()
