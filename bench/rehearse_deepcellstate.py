"""A rehearsal of DeepCellState's paper: `make rehearse-deepcellstate` runs this.

Files of a made-up GSE70138, of the shRNA of GSE92742 (bench/phase2_files.py), of GSE116436 and of
ChIP-Atlas are served by a local server, and config/deepcellstate-paper.yaml runs on them, then
config/deepcellstate-lof.yaml on top of it, from download to report; a table of sources sends the
downloads here. What differs: few drugs and cells; the network of the paper's text, trained for a
few epochs. So the numbers of the report say nothing, and that each analysis has them is what is
shown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from geo_files import SETS, write_sets
from phase2_files import DRUGS_PHASE, OF_2017, SEVEN, write_phase2
from rehearse import served, write_sources

from lacuna.cell_to_cell.analyses import ANALYSES
from lacuna.io.tsv import read_table
from lacuna.project.config_schema import overlay
from lacuna.project.small_data import SHARED

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/helpers"))
from platforms import write_bound, write_platform, write_series_matrix  # noqa: E402

ARRAYS, PLATFORM = "GSE116436_series_matrix.txt.gz", "GPL571.annot.gz"
FACTORS, DRUGS_ON_ARRAYS, PROBES = 6, 15, 400  # as many drugs as the authors'
CONFIGS = {
    "deepcellstate-paper": ["config/deepcellstate-paper.yaml"],
    "deepcellstate-lof": ["config/deepcellstate-paper.yaml", "config/deepcellstate-lof.yaml"],
}
SEED = 1
# What a user brings, beside what the configuration names.
BROUGHT = [f"bound_{number + 1}.tsv" for number in range(FACTORS)]
# The trainings, and how often each is made, shrink; nothing else does.
SHRUNK = {
    "acquire": {"sources": "sources.tsv", "mirror": "brought", "chip_atlas": BROUGHT},
    "completion": {
        "options": {
            "deepcellstate": {"per_gene": False, "epochs": 2, "rounds": 1, "learning_rate": 0.001},
            "vae_anchor": {"common_epochs": 2, "epochs": 2},
            "dual_gan": {"epochs": 2},
            "scgen": {"epochs": 2},
        }
    },
    "evaluation": {"folds_per_job": 2, "splits": {"profiles": {"folds": 2}}},
    "cell_to_cell": {"repeats": 2, "folds": 3, "transfer": {"epochs": 2}},
}


def write_others(work: Path) -> None:
    """Write arrays of some of the drugs and of others, and genes that landmarks bind."""
    rng = np.random.default_rng(SEED)
    genes = read_packed(work / "served" / f"{DRUGS_PHASE}gene_info{OF_2017}.txt.gz")
    symbols = genes.loc[genes["pr_is_lm"].eq("1"), "pr_gene_symbol"].to_list()
    names = read_packed(work / "served" / f"{DRUGS_PHASE}pert_info{OF_2017}.txt.gz")["pert_iname"]
    drugs = [*names[:5], *(f"other-{number}" for number in range(DRUGS_ON_ARRAYS - 5))]
    titles = [
        f"{cell}_{drug}_{dose}nM_24h"
        for cell in ("PC-3", "MCF7")
        for drug in drugs
        for dose in (0, 2000)
        for _ in range(2)
    ]
    probes = {f"p{number}": symbol for number, symbol in enumerate(symbols[:PROBES])}
    values = pd.DataFrame(rng.normal(7, 1, (len(probes), len(titles))), [*probes], titles)
    write_series_matrix(work / "served" / ARRAYS, values)
    write_platform(work / "served" / PLATFORM, probes)
    write_sets(work / "served" / SETS, genes, rng)
    (work / "brought").mkdir()
    for name, factor in zip(BROUGHT, rng.choice(symbols, FACTORS, replace=False), strict=True):
        scores = rng.uniform(0, 500, (len(symbols), 4))
        bound = pd.DataFrame(scores, symbols, ["MCF-7", "MCF-7", "HeLa", SEVEN[1]])
        write_bound(work / "brought" / name, factor, bound)


def read_packed(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, encoding="latin-1")


def run(work: Path, name: str, cores: int) -> float:
    """Run one of the configurations in a folder; return the seconds."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", str(work)]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--rerun-incomplete", "--configfile"]
    command += [*(str(ROOT / path) for path in CONFIGS[name]), str(work / "shrunk.yaml")]
    command += ["--config", f"dataset={name}"]
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    started, log = time.monotonic(), work / f"{name}.log"
    with log.open("w") as text:
        ended = subprocess.run(command, stdout=text, stderr=subprocess.STDOUT, env=environment)
    if ended.returncode:
        print("".join(log.read_text().splitlines(keepends=True)[-40:]))
        raise SystemExit(f"The run failed: {log} says why.")
    return time.monotonic() - started


def analyses(name: str) -> list[str]:
    """Return what a configuration asks for."""
    blocks = [yaml.safe_load((ROOT / path).read_text()) for path in CONFIGS[name]]
    own = [block["cell_to_cell"]["analyses"] for block in blocks][-1]
    return [*own, "factors"] if len(blocks) == 1 else own


def show(results: Path, name: str) -> None:
    """Print the size of the tensor, and how many rows each analysis has in the tables."""
    print(f"\n{name}")
    print(read_table(results / "tensor/filters.tsv").to_string(index=False))
    table = read_table(results / "cell_to_cell/variations.tsv")
    rows = table.groupby("analysis", sort=False).agg(
        settings=("setting", "nunique"), rows=("setting", "size"), scored=("value", "count")
    )
    print(rows.to_string())
    for analysis in [each for each in analyses(name) if each not in rows.index]:
        for figure in ANALYSES[analysis].figures:
            drawn = results / f"cell_to_cell/figures/{figure}.tsv"
            found = f"{len(read_table(drawn))} rows" if drawn.exists() else "not drawn"
            print(f"{analysis}: figure {figure}, {found}")
    print(f"report.html: {(results / 'report.html').stat().st_size / 2**20:.1f} MB")


def main() -> None:
    """Write, serve, run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--drugs", type=int, default=150)
    arguments.add_argument("--cells", type=int, default=9, help="7 or more")
    arguments.add_argument("--genes", type=int, default=60, help="that are knocked down")
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--work", type=Path, default=ROOT / "results/rehearsal/deepcellstate")
    arguments.add_argument("--keep", action="store_true", help="keep what the runs have written")
    arguments.add_argument("--mirror", type=Path, default=SHARED)
    options = arguments.parse_args()
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    files = work / "served"
    mirror = Path(options.mirror)
    written = write_phase2(files, options.drugs, options.cells, options.genes, mirror, SEED)
    print(written)
    write_others(work)
    took = []
    with served(files) as address:
        write_sources(work / "sources.tsv", files, address)
        for name in CONFIGS:
            changed = overlay(SHRUNK, {"cell_to_cell": {"analyses": analyses(name)}})
            (work / "shrunk.yaml").write_text(yaml.safe_dump(changed))
            took.append((name, run(work, name, options.cores)))
            show(work / "results" / name, name)
    print("\n" + pd.DataFrame(took, columns=["configuration", "seconds"]).to_string(index=False))
    if not options.keep:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
