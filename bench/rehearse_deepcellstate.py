"""A rehearsal of DeepCellState's paper: `make rehearse-deepcellstate` runs this.

Files of a made-up GSE70138, and of the shRNA of GSE92742 (bench/phase2_files.py), are served by a
local server, and config/deepcellstate-paper.yaml runs on them, then config/deepcellstate-lof.yaml
on top of it, from download to report; a table of sources sends the downloads here. What differs:
few drugs and cells; the network of the paper's text, trained for a few epochs. So the numbers of
the report say nothing, and that each analysis has them is what is shown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import yaml
from phase2_files import write_phase2
from rehearse import served, write_sources

from lacuna.errors import LacunaError
from lacuna.io.tsv import read_table
from lacuna.project.small_data import SHARED

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = {
    "deepcellstate-paper": ["config/deepcellstate-paper.yaml"],
    "deepcellstate-lof": ["config/deepcellstate-paper.yaml", "config/deepcellstate-lof.yaml"],
}
SEED = 1
# The trainings, and how often each is made, shrink; nothing else does.
SHRUNK = {
    "acquire": {"sources": "sources.tsv"},
    "completion": {
        "options": {
            "deepcellstate": {"per_gene": False, "epochs": 3, "rounds": 2},
            "vae_anchor": {"common_epochs": 2, "epochs": 2},
            "dual_gan": {"epochs": 2},
            "scgen": {"epochs": 2},
        }
    },
    "evaluation": {"folds_per_job": 2, "splits": {"profiles": {"folds": 2}}},
    "cell_to_cell": {"repeats": 2},
}


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
    asked: list[str] = []
    for path in CONFIGS[name]:
        block = yaml.safe_load((ROOT / path).read_text()).get("cell_to_cell", {})
        asked = block.get("analyses", asked)
    return asked


def show(results: Path, name: str) -> None:
    """Print the size of the tensor, and how many rows each analysis has in the tables."""
    print(f"\n{name}")
    print(read_table(results / "tensor/filters.tsv").to_string(index=False))
    table = read_table(results / "cell_to_cell/variations.tsv")
    rows = table.groupby("analysis", sort=False).agg(
        settings=("setting", "nunique"), rows=("setting", "size"), scored=("value", "count")
    )
    print(rows.to_string())
    others = [each for each in analyses(name) if each not in rows.index]
    for analysis in others:
        made = sorted((results / "cell_to_cell").rglob("*.tsv"))
        shown = [path.name for path in made if analysis.split("_")[-1][:5] in path.name]
        print(f"{analysis}: {', '.join(shown) or 'no table'}")
    if not (results / "report.html").exists():
        raise LacunaError(f"{results}/report.html was not made.")


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
    (work / "shrunk.yaml").write_text(yaml.safe_dump(SHRUNK))
    took = []
    with served(files) as address:
        write_sources(work / "sources.tsv", files, address)
        for name in CONFIGS:
            took.append((name, run(work, name, options.cores)))
            show(work / "results" / name, name)
    print("\n" + pd.DataFrame(took, columns=["configuration", "seconds"]).to_string(index=False))
    if not options.keep:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
