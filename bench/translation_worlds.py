"""Which step 1 wins where the truth is planted? `make bench-translation-worlds` runs this.

Each world is a simulated transcriptome of its own seed, seen through one of the planted platforms,
and prepared, trained and judged as config/demo-translation.yaml says. In the null world L1000 shows
another transcriptome, and a step can know nothing. Steps that learn from pairs are judged on other
donors. Leads are paired by seed: their intervals are over seeds, by Student's t.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from scipy.stats import t

from lacuna.io.tsv import write_table
from lacuna.project.config import prepare as prepare_config
from lacuna.project.config_schema import overlay
from lacuna.runtime.seeds import generator
from lacuna.simulation.parameters import PLATFORMS, TRANSLATION_FILES, TRANSLATION_SERIES
from lacuna.simulation.rnaseq import simulate_transcriptome
from lacuna.simulation.write_rnaseq import write_transcriptome
from lacuna.translation import stage
from lacuna.translation.assess import Paired
from lacuna.translation.card import step_card
from lacuna.translation.chain import deal_groups, fit_step
from lacuna.translation.interface import LandmarkTraining
from lacuna.translation.jobs import WORDS, read_genome_training, read_landmark_training
from lacuna.translation.judge import (
    compare_rows,
    gene_scores_with_intervals,
    identify,
    share_with_interval,
    with_intervals,
)
from lacuna.translation.judge_jobs import fold_stream, read_paired
from lacuna.translation.run import prepare

CONFIGS = "config/config.yaml", "config/demo-translation.yaml"
SEEDS = 21, 22, 23, 24, 25  # on which nothing was chosen
NULL = "null"
RIVAL = "cyclegan"
BETTER = {"gene_pearson": 1, "identified": 1, "rmse": -1}  # the sign of a lead that is an advantage
MEAN = "mean_profile"


def read_config() -> dict[str, Any]:
    """Return the demo's configuration."""
    config: dict[str, Any] = {}
    for path in CONFIGS:
        config = overlay(config, yaml.safe_load(Path(path).read_text()))
    return prepare_config(config)


def prepare_world(config: dict[str, Any], folder: Path, world: str, seed: int) -> dict[str, str]:
    """Simulate a world, and prepare it as the workflow does; return the files."""
    simulator = {**config["acquire"]["simulator"]}
    null = simulator.pop("unrelated") or world == NULL
    platform = simulator["platform"] if world == NULL else world
    made = simulate_transcriptome(seed=seed, **{**simulator, "platform": platform}, null=null)
    dataset = config["dataset"]
    acquired = folder / f"results/{dataset}/acquire/{TRANSLATION_SERIES}"
    acquired.mkdir(parents=True, exist_ok=True)
    write_transcriptome(made, acquired)
    output = {"samples": "samples.tsv"} | {
        kind: Path(name).name for kind, name in stage.prepared(config).items()
    }
    prepare(**stage.preparation(config, dataset), seed=seed, output=output)
    files = {kind: f"{acquired}/{TRANSLATION_FILES[kind]}" for kind in ("pair_level3", "gene_info")}
    return output | files


def translate_pairs(
    config: dict[str, Any], training: LandmarkTraining, paired: Paired, seed: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each step 1 with what it makes of the landmarks of pairs."""
    real = paired.real[:, paired.landmarks_at]
    for name in config["translation"]["landmarks"]:
        options = stage.options(config, name)
        if not step_card("landmarks", name).needs_pairs:
            step = fit_step("landmarks", name, training, generator(seed, WORDS, name), options)
            yield name, step.predict(paired.seen)
            continue
        made = np.empty_like(real)
        for number, left in enumerate(deal_groups(paired.group, fold_stream(seed))):
            pairs = paired.seen[~left], real[~left]
            others = LandmarkTraining(training.l1000, training.rnaseq, pairs)
            rng = generator(seed, WORDS, name, f"pairs {number}")
            made[left] = fit_step("landmarks", name, others, rng, options).predict(
                paired.seen[left]
            )
        yield name, made


def judge_world(config: dict[str, Any], world: str, seed: int) -> pd.DataFrame:
    """Score all steps in a world: step, genes, metric, value, low, high."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            files = prepare_world(config, Path(name), world, seed)
            where = files["pairs"], files["rnaseq"], files["pair_level3"], files["gene_info"]
            paired = read_paired(*where)
            training = read_landmark_training(files["l1000"], files["rnaseq"])
            whole = read_genome_training(files["l1000"], files["rnaseq"])
            ridge = fit_step("genome", "ridge", whole, generator(seed, WORDS, "ridge"))
        finally:
            os.chdir(here)
    scores = []
    made = dict(translate_pairs(config, training, paired, seed))
    made[MEAN] = np.broadcast_to(paired.mean[paired.landmarks_at], made[next(iter(made))].shape)
    for step, landmarks in made.items():
        genome = (
            np.broadcast_to(paired.mean, paired.real.shape)
            if step == MEAN
            else ridge.predict(landmarks)
        )
        sides = {"landmarks": (landmarks, paired.real[:, paired.landmarks_at])}
        sides["all, by ridge"] = genome, paired.real
        scores += [
            _score(a, b, paired.group, seed).assign(step=step, genes=genes)
            for genes, (a, b) in sides.items()
        ]
    return pd.concat(scores).assign(world=world, seed=seed, chance=1 / len(paired.real))


def _score(predicted: np.ndarray, real: np.ndarray, group: np.ndarray, seed: int) -> pd.DataFrame:
    of_samples = compare_rows(predicted, real)[["rmse"]]
    found = share_with_interval(identify(predicted, real).rank == 1, group)
    everything = {"all": np.arange(real.shape[1])}
    streams = np.random.default_rng(seed), np.random.default_rng(seed)
    of_genes = gene_scores_with_intervals(predicted, real, group, everything, streams[0])["all"]
    of_genes = of_genes[of_genes["metric"] == "pearson"].assign(metric="gene_pearson")
    return pd.concat([with_intervals(of_samples, group, streams[1]), found, of_genes])


def leads(table: pd.DataFrame) -> pd.DataFrame:
    """Compare the CycleGAN with every other step, paired by seed: the sign + is its advantage."""
    rows = []
    for (world, genes, metric), part in table.groupby(["world", "genes", "metric"]):
        values = part.pivot_table(index="seed", columns="step", values="value")
        for step in values.columns.drop([RIVAL, MEAN]):
            lead = BETTER[metric] * (values[RIVAL] - values[step]).to_numpy()
            error = lead.std(ddof=1) / np.sqrt(len(lead))
            margin = t.ppf(0.975, len(lead) - 1) * error
            verdict = "wins" if lead.mean() > margin else "loses" if lead.mean() < -margin else "-"
            where = {"world": world, "genes": genes, "metric": metric, "rival": step}
            interval = {"low": lead.mean() - margin, "high": lead.mean() + margin}
            rows.append({**where, "lead": lead.mean(), **interval, "CycleGAN": verdict})
    return pd.DataFrame(rows)


def describe_null(table: pd.DataFrame) -> pd.DataFrame:
    """Count the intervals of each step that hold chance, where L1000 says nothing."""
    null = table[(table["world"] == NULL) & (table["step"] != MEAN)]
    null = null[null["metric"].isin(["gene_pearson", "identified"])]
    chance = null["chance"].where(null["metric"] == "identified", 0.0)
    held = (null["low"] <= chance) & (chance <= null["high"])
    counted = null.assign(held=held).groupby(["metric", "step"])["held"]
    return counted.agg(["sum", "count"]).set_axis(["hold chance", "intervals"], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--worlds", nargs="+", default=[*PLATFORMS, NULL])
    parser.add_argument("--output", default="results/bench/translation_worlds.tsv")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = read_config()
    tables = []
    for world in options.worlds:
        for seed in options.seeds:
            print(f"{world}, seed {seed}", flush=True)
            tables.append(judge_world(config, world, seed))
    table = pd.concat(tables, ignore_index=True)
    write_table(table, options.output)
    shown = table.pivot_table(index=["world", "step"], columns=["genes", "metric"], values="value")
    print(
        f"\nMeans over {len(options.seeds)} seeds:\n{shown.to_string(float_format='{:.3f}'.format)}"
    )
    if len(options.seeds) > 1:
        found = leads(table[table["world"] != NULL])
        write_table(found, str(options.output).replace(".tsv", "_leads.tsv"))
        print(f"\n{found.to_string(index=False, float_format='{:.3f}'.format)}")
    if NULL in options.worlds:
        print(f"\nIn the null world:\n{describe_null(table).to_string()}")


if __name__ == "__main__":
    main()
