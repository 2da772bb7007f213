"""Which loss, and which baseline, wins where the truth is planted? `make bench-retrieval-worlds`.

Each world is a simulated screen of its own seed, cut, aligned and judged as
config/demo-retrieval.yaml says, in one fold. In a null world the drugs have exchanged their
structures, and nothing can be known. The seeds are none that anything was chosen on. Intervals are
over the drugs of all worlds, and leads are paired.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lacuna.io.tsv import read_table, write_table
from lacuna.project.config import prepare
from lacuna.project.config_schema import overlay
from lacuna.retrieval import stage
from lacuna.retrieval.align_jobs import align
from lacuna.retrieval.encode_jobs import encode_molecules
from lacuna.retrieval.rank_jobs import rank_molecules
from lacuna.retrieval.run import cut_wells
from lacuna.retrieval.score_jobs import score
from lacuna.simulation.parameters import RETRIEVAL_FILES, RETRIEVAL_SERIES
from lacuna.simulation.write_retrieval import write_retrieval_world

CONFIGS = "config/config.yaml", "config/demo-retrieval.yaml"
SEEDS = 31, 32, 33, 34, 35  # on which nothing was chosen
# Beside the demo's own, each with the demo's widths.
LOSSES = (
    *("quadruplet_code", "quadruplet_paper", "triplet_profile", "triplet_molecule", "quintuplet"),
    *("batch_margin", "batch_triplet", "triplet_cca"),
)
METHODS = ["double_nearest", "cca", "correlation", "ridge_to_fingerprint", "ridge_to_profile"]
CONTROLS = ["popularity", "chance"]
SHOWN = ["mrr", "median_rank_share", "hits_10"]
TEST_SHARE = 0.3
RESULTS = "results/bench/retrieval_worlds.tsv"


def read_config(null: bool) -> dict[str, Any]:
    """Return the demo's configuration, in one fold, with all losses; a null world with one."""
    config: dict[str, Any] = {}
    for path in CONFIGS:
        config = overlay(config, yaml.safe_load(Path(path).read_text()))
    block = config["retrieval"]
    own = block["alignments"]["aligned"]
    others = {} if null else {loss: {**own, "loss": loss} for loss in LOSSES}
    block["alignments"] = {"aligned": own, **others}
    block["methods"] = [*METHODS, *CONTROLS]
    block["split"] = {"folds": 1, "validation": block["split"]["validation"], "test": TEST_SHARE}
    return prepare(config)


def judge_world(config: Mapping[str, Any], folder: Path, seed: int, null: bool) -> pd.DataFrame:
    """Simulate a screen, train and rank; return what was found."""
    block, simulator = config["retrieval"], config["acquire"]["simulator"]
    acquired = folder / "acquire"
    acquired.mkdir()
    sizes = {name: simulator[name] for name in ("drugs", "cells", "mechanisms")}
    write_retrieval_world(acquired, seed=seed, null=null, **sizes)
    kinds = {"matrix": "level3", "wells": "inst_info"}
    kinds |= {kind: kind for kind in ("gene_info", "pert_info")}
    files = {kind: str(acquired / RETRIEVAL_FILES[name]) for kind, name in kinds.items()}
    made = {kind: str(folder / Path(name).name) for kind, name in stage.cut(config).items()}
    cut_wells(
        screens=[{"series": RETRIEVAL_SERIES, "level": "level3", **files}],
        **{
            name: block[name]
            for name in ("lines", "time", "dose", "in_all_lines", "controls", "split")
        },
        seed=seed,
        output=made | {name: str(folder / f"{name}.tsv") for name in ("account", "left_out")},
    )
    encoders, encoded = block["encoders"], []
    for name in encoders:
        encoded.append(str(folder / f"{name}.h5"))
        options = stage.options(config, name)
        encode_molecules(made["molecules"], encoded[-1], name, options, None)
    networks = []
    like = {"lines": block["lines"], "blocks": block["features"], "encoders": encoders}
    for name, options in stage.alignments(config).items():
        outputs = {kind: str(folder / f"{name}.{kind}") for kind in ("model", "losses", "trials")}
        networks.append(outputs["model"])
        align(
            made | {"encoded": encoded},
            outputs,
            name=name,
            fold=0,
            options=options,
            trials=0,
            of_encoders=block["options"],
            seed=seed,
            **like,
        )
    ranked = {
        name: str(folder / f"ranked_{name}.tsv.gz")
        for name in ("ranks", "neighbours", "examples", "fingerprints")
    }
    rank_molecules(
        made | {"encoded": encoded, "aligned": networks},
        ranked,
        fold=0,
        methods=block["methods"],
        alignments=list(stage.alignments(config)),
        options=block["options"],
        shown=1,
        seed=seed,
        **like,
    )
    return read_table(ranked["ranks"]).fillna({"cell": "", "plate": ""})


def main() -> None:
    """Judge the worlds, print the scores and the leads, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    seeds = parser.parse_args().seeds
    tables = []
    for null in (False, True):
        config, found = read_config(null), []
        for number, seed in enumerate(seeds):
            with tempfile.TemporaryDirectory() as folder:
                found.append(judge_world(config, Path(folder), seed, null).assign(fold=number))
        ranks = pd.concat(found, ignore_index=True)
        # The paper's question alone: which compound was it, by one well?
        ranks = ranks.query("level == 'well' and right == 'own' and within == 'library'")
        ranks = ranks[ranks["direction"] == "structure"]
        metrics, leads, _ = score(ranks, seed=seeds[0])
        said = "null" if null else "planted"
        columns = ["profile", "molecule", "method", "metric", "value", "low", "high"]
        scores = metrics[metrics["metric"].isin(SHOWN)][[*columns, "chance"]]
        ahead = leads[leads["metric"] == "mrr"][columns]
        print(f"\n{said}, {len(seeds)} seeds: scores")
        print(scores.round(3).to_string(index=False))
        print(f"\n{said}: how much higher the MRR of the aligned space is")
        print(ahead.round(3).to_string(index=False), flush=True)
        tables.append(scores.assign(world=said, table="scores"))
        tables.append(ahead.assign(world=said, table="lead in MRR"))
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.concat(tables, ignore_index=True), RESULTS)
    print(f"\nWritten: {RESULTS}")


if __name__ == "__main__":
    main()
