"""From a folder of files to a report, as a stranger goes: `make own-data` runs this.

Seven folders are made of the real data of lincs-mini and tahoe-ranks, each altered into a screen
that is small or odd in its own way. Each goes through `lacuna init`, `lacuna check` and one run of
what init wrote, unedited. What came of it is printed, and kept in results/bench/own_data.tsv.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lacuna.completion.registry import is_control
from lacuna.io.convert import convert
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_text_table
from lacuna.io.tsv import read_table, write_table
from lacuna.io.unpacking import unpack_matrix
from lacuna.project.small_data import SHARED

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "results/bench/own_data.tsv"
FULL_GRID = (30, 10)  # drugs, cells
LEFT_OUT = 40  # genes that each of three series lacks, each other ones


class Series(NamedTuple):
    """A matrix with its tables.

    Attributes
    ----------
    expression : DataFrame
        Samples x genes.
    samples, genes, drugs : DataFrame
        inst_info or sig_info, gene_info and pert_info, as text.
    """

    expression: pd.DataFrame
    samples: pd.DataFrame
    genes: pd.DataFrame
    drugs: pd.DataFrame

    def take(self, kept: pd.Series) -> "Series":
        """Return some of the samples."""
        return self._replace(
            expression=self.expression[kept.to_numpy()], samples=self.samples[kept.to_numpy()]
        )


def read_series(dataset: str, matrix: str, samples: str) -> Series:
    """Read a shipped data set, from small-data or the shared folder."""
    found = [folder for folder in (ROOT / "small-data", SHARED / dataset) if folder.is_dir()]
    files = [path for folder in found for path in sorted(folder.glob(f"{matrix}_*"))]
    if not files:
        raise SystemExit(f"{dataset}: its files are not at hand. `make small-data` gathers them.")
    tables = {
        kind: read_text_table(next(p for p in files if f"_{kind}." in p.name), dtype=str)
        for kind in (samples, "gene_info", "pert_info")
    }
    levels = [path for path in files if "_Level" in path.name]
    ids = tables[samples].iloc[:, 0]
    genes = tables["gene_info"]["pr_gene_id"]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.gctx"
        unpack_matrix(levels[0], plain)
        with Gctx(plain) as opened:
            expression = pd.DataFrame(opened.read(genes, ids), ids.to_numpy(), genes.to_numpy())
    return Series(expression, *tables.values())


def plates() -> Series:
    """Level 3 of lincs-mini: four plates in two cell lines."""
    return read_series("lincs-mini", "MINI_Broad_LINCS", "inst_info")


def ranks() -> Series:
    """Level 5 of tahoe-ranks: 110 drugs in 24 cell lines."""
    return read_series("tahoe-ranks", "TAHOE24", "sig_info")


def write_series(series: Series, folder: Path, level: str, name: str = "mine") -> None:
    """Write a series under names of somebody's own."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [
        pd.DataFrame(index=pd.Index(axis))
        for axis in (series.expression.columns, series.expression.index)
    ]
    write_gctx(folder / f"{name}_{level}.gctx", series.expression.to_numpy(), *ids)
    for kind in ("samples", "genes", "drugs"):
        getattr(series, kind).to_csv(folder / f"{name}_{kind}.txt", sep="\t", index=False)


def one_cell(folder: Path) -> None:
    """Only A375: two plates, so no drug is in a second cell line."""
    mini = plates()
    write_series(mini.take(mini.samples["cell_id"].eq("A375")), folder, "plates")


def full_grid(folder: Path) -> None:
    """30 drugs in 10 cell lines, without a gap."""
    tahoe = ranks()
    grid = pd.crosstab(tahoe.samples["pert_id"], tahoe.samples["cell_id"])
    drugs, cells = FULL_GRID
    # The cells that lack fewest drugs; then drugs that all of them have.
    grid = grid[grid.sum().sort_values(ascending=False, kind="stable").index[:cells]]
    complete = grid.index[grid.all(axis=1)][:drugs]
    if len(complete) < drugs:
        raise SystemExit(f"tahoe-ranks has {len(complete)} drugs in {cells} cells, not {drugs}.")
    is_in = tahoe.samples["pert_id"].isin(complete) & tahoe.samples["cell_id"].isin(grid.columns)
    write_series(tahoe.take(is_in), folder, "signatures")


def gct(folder: Path) -> None:
    """Level 3 as text: one GCT 1.3 file that says all of its wells and genes itself."""
    mini = plates()
    about = [
        table.set_index(table.columns[0]).fillna("-666") for table in (mini.genes, mini.samples)
    ]
    folder.mkdir(parents=True)
    made = folder.parent / f"{folder.name}.gctx"
    write_gctx(made, mini.expression.to_numpy(), *about)
    convert(made, folder / "mine.gct")
    made.unlink()


def doses(folder: Path) -> None:
    """One cell line, its six doses as the second axis of the grid."""
    mini = plates()
    mini = mini.take(mini.samples["rna_plate"].str.startswith("LJP005"))
    dose = mini.samples["pert_dose"] + " " + mini.samples["pert_dose_unit"]
    is_drug = mini.samples["pert_type"].eq("trt_cp")
    copies = [
        # Each dose is a plate of its own, with all vehicle wells of the real one.
        _as_plate(
            mini.take(is_drug & dose.eq(each) | mini.samples["pert_type"].eq("ctl_vehicle")), each
        )
        for each in sorted(dose[is_drug].unique())
    ]
    joined = mini._replace(
        expression=pd.concat([copy.expression for copy in copies]),
        samples=pd.concat([copy.samples for copy in copies]),
    )
    write_series(joined, folder, "plates")


def _as_plate(series: Series, dose: str) -> Series:
    """Rename the plate, wells and cell line of a series after a dose."""
    name = dose.replace(" ", "")
    samples = series.samples.assign(
        rna_plate=f"DOSE{name}_A375_24H_X1",
        cell_id=f"A375 {dose}",
        inst_id=[f"DOSE{name}_A375_24H_X1:{well}" for well in series.samples["rna_well"]],
    )
    return series._replace(
        expression=series.expression.set_axis(samples["inst_id"]), samples=samples
    )


def three_series(folder: Path) -> None:
    """Three series, each of which lacks other genes and has them in another order."""
    mini = plates()
    names = mini.samples["rna_plate"].str.extract(r"^(\w+?)_(\w+?)_").agg("_".join, axis=1)
    for number, name in enumerate(sorted(names.unique())):
        own = mini.take(names.eq(name))
        order = own.genes.sample(frac=1, random_state=number)
        lost = slice(number * LEFT_OUT, (number + 1) * LEFT_OUT)
        genes = order.drop(own.genes.index[lost])
        own = own._replace(genes=genes, expression=own.expression[genes["pr_gene_id"]])
        write_series(own, folder, "plates", name)


def few_drugs(folder: Path, drugs: int = 3, cells: int = 20) -> None:
    """Three drugs in 20 cell lines."""
    tahoe = ranks()
    often = tahoe.samples["pert_id"].value_counts(sort=True).sort_index(kind="stable")
    chosen = often.sort_values(ascending=False, kind="stable").index[:drugs]
    lines = sorted(tahoe.samples["cell_id"].unique())[:cells]
    kept = tahoe.samples["pert_id"].isin(chosen) & tahoe.samples["cell_id"].isin(lines)
    write_series(tahoe.take(kept), folder, "signatures")


def one_drug(folder: Path) -> None:
    """One drug in 24 cell lines."""
    few_drugs(folder, drugs=1, cells=24)


FOLDERS: dict[str, Callable[[Path], None]] = {
    "one-cell": one_cell,
    "full-grid": full_grid,
    "gct": gct,
    "doses": doses,
    "three-series": three_series,
    "few-drugs": few_drugs,
    "one-drug": one_drug,
}


def go(name: str, work: Path, cores: int) -> dict[str, object]:
    """Take one folder from its files to a report; return what came of it."""
    folder, config = work / "files" / name, work / f"{name}.yaml"
    FOLDERS[name](folder)
    steps = {
        "init": ["-m", "lacuna.command", "init", str(folder), "--output", str(config)],
        "check": ["-m", "lacuna.command", "check", "--configfile", str(config)],
        "run": [
            *("-m", "snakemake", "--cores", str(cores), "--directory", str(work)),
            *("--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config)),
        ],
    }
    row: dict[str, object] = {"folder": name, "what": FOLDERS[name].__doc__.rstrip(".")}
    for step, command in steps.items():
        started = time.monotonic()
        with (work / f"{name}.{step}.log").open("w") as log:
            ended = subprocess.run(
                [sys.executable, *command], cwd=work, stdout=log, stderr=subprocess.STDOUT
            )
        row |= {step: ended.returncode, f"{step}_s": time.monotonic() - started}
        if ended.returncode:
            return row
    return row | outcome(work / "results" / name)


def outcome(results: Path) -> dict[str, object]:
    """Return what a finished run says: its size, its best method, the size of its report."""
    said: dict[str, object] = {"report_kb": round((results / "report.html").stat().st_size / 1e3)}
    if (results / "tensor/filters.tsv").exists():
        filters = read_table(results / "tensor/filters.tsv").iloc[-1]
        said |= {name: int(filters[name]) for name in ("profiles", "drugs", "cells")}
    for path in (results / "signatures").glob("*.gctx"):
        with Gctx(path) as signatures:
            said["signatures"] = int(said.get("signatures", 0)) + len(signatures.columns)
    if (results / "metrics.tsv").exists():
        metrics = read_table(results / "metrics.tsv")
        pct = metrics[(metrics["metric"] == "pct") & (metrics["split"] == "profiles")]
        pct = pct[pct["size"].eq("large") & ~pct["method"].map(is_control)].dropna(subset="value")
        if len(pct):
            best = pct.loc[pct["value"].idxmax()]
            said |= {"best": best["method"], "pct": float(best["value"])}
    return said


def main(names: Sequence[str], work: Path, cores: int) -> int:
    """Go through the folders; return how many did not reach their report."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    rows = []
    for name in names:
        rows.append(go(name, work, cores))
        print({key: rows[-1][key] for key in rows[-1] if key != "what"}, flush=True)
        write_table(pd.DataFrame(rows), TABLE)
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:,.3g}".format, na_rep=""))
    failed = sum("report_kb" not in row for row in rows)
    if failed:
        print(f"{failed} of {len(rows)} did not reach their report: {work} has the logs.")
    return failed


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folders", nargs="+", choices=list(FOLDERS), default=list(FOLDERS))
    arguments.add_argument("--work", type=Path, default=ROOT / "results/own-data")
    arguments.add_argument("--cores", type=int, default=2)
    options = arguments.parse_args()
    raise SystemExit(bool(main(options.folders, options.work.resolve(), options.cores)))
