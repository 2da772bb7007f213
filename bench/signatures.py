"""How fast are signatures made, and in how much memory? `make bench-signatures` runs this.

Writes a generated Level 3 file, makes its signatures as the workflow does, and compares with the
plain definition of the Characteristic Direction, well by well, on a sample of the same wells.
Times are of the processor, one thread, so that what else the machine does counts little.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.io.gctx import MATRIX, META, Gctx
from lacuna.io.geo import read_genes, read_wells
from lacuna.io.match import match
from lacuna.io.tsv import write_table
from lacuna.signatures.characteristic_direction import characteristic_directions
from lacuna.signatures.series import write_series

GENES, LANDMARKS = 1500, 978
WELLS_PER_PLATE, VEHICLES, PLATES_PER_BATCH = 384, 24, 4
GAMMA, NULL_DRAWS, SEED = 0.5, 10_000, 1
SAMPLE = 24  # wells for the plain definition
REPEATS = 5


def generate(folder: Path, wells: int) -> None:
    """Write a Level 3 GCTX with inst_info and gene_info, plate by plate: noise on a baseline."""
    rng = np.random.default_rng(SEED)
    plates = -(-wells // WELLS_PER_PLATE)
    baseline = rng.uniform(4, 13, GENES)
    tables = []
    with h5py.File(folder / "level3.gctx", "w") as file:
        matrix = file.create_dataset(MATRIX, (plates * WELLS_PER_PLATE, GENES), np.float32)
        for plate in range(plates):
            name = f"GEN{plate // PLATES_PER_BATCH:04d}_CELL_24H_X{plate % PLATES_PER_BATCH + 1}"
            start = plate * WELLS_PER_PLATE
            noise = rng.standard_normal((WELLS_PER_PLATE, GENES), dtype=np.float32)
            matrix[start : start + WELLS_PER_PLATE] = baseline + rng.normal(0, 0.3, GENES) + noise
            treated = np.arange(WELLS_PER_PLATE) >= VEHICLES
            drug = np.where(treated, [f"D{i}" for i in range(WELLS_PER_PLATE)], "DMSO")
            table = {
                "inst_id": [f"{name}:{i}" for i in range(WELLS_PER_PLATE)],
                "rna_plate": name,
                "pert_id": drug,
                "pert_iname": drug,
                "pert_type": np.where(treated, "trt_cp", "ctl_vehicle"),
                "pert_dose": 10,
                "pert_dose_unit": "um",
                "pert_time": 24,
                "pert_time_unit": "h",
                "cell_id": "CELL",
            }
            tables.append(pd.DataFrame(table))
        info = pd.concat(tables)
        genes = [str(gene) for gene in range(GENES)]
        file[f"{META['rows']}/id"] = np.array(genes, dtype="S")
        file[f"{META['columns']}/id"] = info["inst_id"].to_numpy().astype("S")
    write_table(info, folder / "inst_info.txt")
    landmark = (np.arange(GENES) < LANDMARKS).astype(int)
    table = {"pr_gene_id": genes, "pr_gene_symbol": genes, "pr_is_lm": landmark}
    write_table(pd.DataFrame(table), folder / "gene_info.txt")


def end_to_end(folder: Path, result: multiprocessing.Queue) -> None:
    """Do what the rule make_signatures does; report seconds and peak memory in MiB."""
    started = time.process_time()
    tables = {table: folder / f"{table}.txt" for table in ("inst_info", "gene_info")}
    wells, genes = read_wells(tables["inst_info"]), read_genes(tables["gene_info"])
    with Gctx(folder / "level3.gctx") as matrix:
        write_series(
            matrix,
            match(matrix, wells, genes, tables),
            "generated",
            {"signatures": folder / "signatures.h5"}
            | {
                table: folder / f"{table}.tsv"
                for table in ("wells", "left_out", "plates", "baseline")
            },
            gamma=GAMMA,
            reference="vehicle",
            null_draws=NULL_DRAWS,
            seed=SEED,
        )
    seconds = time.process_time() - started
    result.put((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def in_own_process(folder: Path) -> tuple[float, float]:
    """Run `end_to_end` in a fresh process, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    result = context.Queue()
    process = context.Process(target=end_to_end, args=(folder, result))
    process.start()
    measured = result.get()
    process.join()
    return measured


def plain_direction(treated: np.ndarray, vehicle: np.ndarray) -> np.ndarray:
    """The definition, for one well: form the shrunk covariance and solve."""
    covariance = np.cov(vehicle, rowvar=False)
    isotropic = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    shrunk = GAMMA * covariance + (1 - GAMMA) * isotropic
    direction = np.linalg.solve(shrunk, treated - vehicle.mean(axis=0))
    return direction / np.linalg.norm(direction)


def compute_alone(folder: Path) -> tuple[float, float, float]:
    """Time the directions of plates in memory, ours and plain, and compare them.

    Returns wells per second of ours and of the definition, and the largest difference of an entry.
    """
    with Gctx(folder / "level3.gctx") as matrix:
        names = matrix.columns[: 8 * WELLS_PER_PLATE]
        plates = np.split(matrix.read(matrix.rows[:LANDMARKS], names), 8)
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        ours = [characteristic_directions(p[VEHICLES:], p[:VEHICLES], GAMMA) for p in plates]
        seconds.append(time.process_time() - started)
    treated, vehicle = plates[0][VEHICLES:].astype(float), plates[0][:VEHICLES].astype(float)
    started = time.process_time()
    plain = [plain_direction(well, vehicle) for well in treated[:SAMPLE]]
    plain_seconds = time.process_time() - started
    speed = 8 * (WELLS_PER_PLATE - VEHICLES) / np.median(seconds)
    return speed, SAMPLE / plain_seconds, np.abs(ours[0][:SAMPLE] - plain).max()


def main() -> None:
    """Measure, print and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--wells", type=int, default=100_000)
    arguments.add_argument("--output", default="results/bench/signatures.tsv")
    options = arguments.parse_args()
    rows = []
    for wells in (options.wells // 4, options.wells):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            generate(folder, wells)
            megabytes = (folder / "level3.gctx").stat().st_size / 2**20
            seconds, peak = in_own_process(folder)
            rows += [
                (f"end to end, {wells:,} wells ({megabytes:,.0f} MiB)", wells / seconds, "wells/s"),
                (f"peak memory, {wells:,} wells", peak, "MiB"),
            ]
            if wells == options.wells:
                ours, plain, difference = compute_alone(folder)
                rows += [
                    ("directions alone", ours, "wells/s"),
                    ("plain definition, well by well", plain, "wells/s"),
                    ("ratio", ours / plain, "times"),
                    ("largest difference of an entry", difference, ""),
                ]
    table = pd.DataFrame(rows, columns=["measured", "value", "unit"])
    print(table.to_string(index=False, float_format="{:,.3g}".format))
    write_table(table, options.output)


if __name__ == "__main__":
    main()
