"""Do jobs take what profiles/slurm asks for? `make bench-cluster` runs a screen, then this.

Snakemake says in a dry run what it would ask SLURM for; the benchmark of each job, what it took.
"""

import os
import re
import subprocess
import sys

import pandas as pd

from lacuna.io.tsv import write_table

MEBI = 2**20 / 1e6  # benchmarks count in MiB, SLURM is asked for MB


def planned() -> pd.DataFrame:
    """Return of each job of the screen: rule, benchmark, and the MB and minutes asked for."""
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", "--dry-run", "-p"]
    command += ["--forceall", "--configfile", "config/config.yaml", "bench/cluster.yaml"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    jobs = []
    for line in printed.splitlines():
        key, _, value = line.strip().removeprefix("local").partition(" ")
        if key == "rule":
            jobs.append({"rule": value.rstrip(":")})
        elif key == "benchmark:":
            jobs[-1]["benchmark"] = value
        elif key == "resources:":
            asked = dict(re.findall(r"(\w+)=(\d+)", value))
            jobs[-1] |= {"asked_mb": int(asked["mem_mb"]), "asked_minutes": int(asked["runtime"])}
    return pd.DataFrame(jobs).dropna()


def main() -> None:
    """Print, for each rule, the most that a job took of what it would have been given."""
    jobs = planned()
    taken = pd.concat([pd.read_csv(path, sep="\t") for path in jobs["benchmark"]])
    jobs["seconds"] = taken["s"].to_numpy()
    jobs["mb"] = pd.to_numeric(taken["max_rss"], errors="coerce").to_numpy() * MEBI
    jobs["of_time"] = jobs["seconds"] / 60 / jobs["asked_minutes"]
    jobs["of_memory"] = jobs["mb"] / jobs["asked_mb"]
    columns = ["seconds", "asked_minutes", "of_time", "mb", "asked_mb", "of_memory"]
    rules = jobs.groupby("rule")[columns].max().round(2)
    rules.insert(0, "jobs", jobs.groupby("rule").size())
    rules = rules.sort_values("seconds", ascending=False).reset_index()
    write_table(rules, "results/bench/cluster.tsv")
    print(rules.to_string(index=False))
    short = jobs.loc[(jobs["of_time"] > 1) | (jobs["of_memory"] > 1), "benchmark"]
    print(f"\nOn {os.cpu_count()} cores. Jobs that take more than they are given: {len(short)}")
    print("\n".join(short))


if __name__ == "__main__":
    main()
