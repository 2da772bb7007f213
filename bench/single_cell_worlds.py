"""Does bulk teach cells, where the truth is planted? `make bench-single-cell-worlds`.

Each world is a simulated bulk screen, and single cells of a part of its drugs, of its own seed,
trained and judged as config/demo-single-cell.yaml says, in the first of its folds. In a null world
the drugs have exchanged their structures, and nothing can be known of a drug held out. Neither a
setting nor a score was chosen on these seeds; specific_pearson was redefined after the null worlds
of seeds 31 to 35. Intervals are over the drugs of all worlds, and leads are
paired by drug.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lacuna.io.tsv import write_table
from lacuna.project.config import prepare
from lacuna.project.config_schema import overlay
from lacuna.simulation.parameters import SINGLE_CELL_FILES, SINGLE_CELL_TARGET
from lacuna.simulation.write_single_cell import write_single_cell_world
from lacuna.single_cell import stage
from lacuna.single_cell.averages import averages, over_seeds, read_scores
from lacuna.single_cell.drug_vectors import encode_drugs
from lacuna.single_cell.judge_jobs import judge_unseen
from lacuna.single_cell.leads import leads
from lacuna.single_cell.prepare_jobs import prepare_bulk, prepare_cells, split_cells
from lacuna.single_cell.score_jobs import read_blocks
from lacuna.single_cell.train_jobs import predict_unseen, pretrain_bulk, train_cells

CONFIGS = "config/config.yaml", "config/demo-single-cell.yaml"
SEEDS = 41, 42, 43, 44, 45  # on which nothing was chosen
TARGET, FOLD = "simulated", "drugs_0"
STARTS = ("scratch", "strict")
METHODS = ["control", "line_mean", "nearest_structure", "ridge_descriptors", "ridge_fingerprint"]
METHODS += ["kernel", "random_drug"]
SHOWN = ["change_pearson", "specific_pearson", "reciprocal_rank"]
PREPARED = ("observations", "drugs", "account", "left_out")
RESULTS = "results/bench/single_cell_worlds.tsv"


def read_config() -> dict[str, Any]:
    """Return the demo's configuration."""
    config: dict[str, Any] = {}
    for path in CONFIGS:
        config = overlay(config, yaml.safe_load(Path(path).read_text()))
    return prepare(config)


def prepare_world(config: Mapping[str, Any], folder: Path, seed: int, null: bool) -> dict[str, str]:
    """Simulate a world, and make of it what trainings read."""
    simulator, block = config["acquire"]["simulator"], config["single_cell"]
    acquired = folder / "acquire"
    acquired.mkdir()
    names = ("drugs", "cells", "mechanisms", "drugs_in_cells", "cells_per_condition")
    sizes = {name: simulator[name] for name in names}
    write_single_cell_world(acquired, seed=seed, null=null, **sizes)
    kinds = {"matrix": "level3", "wells": "inst_info"}
    kinds |= {kind: kind for kind in ("gene_info", "pert_info")}
    screen = {kind: str(acquired / SINGLE_CELL_FILES[name]) for kind, name in kinds.items()}
    bulk, cells = (
        {kind: str(folder / f"{name}_{kind}") for kind in PREPARED} for name in ("bulk", "cells")
    )
    centred = block["bulk"] == "centred"
    prepare_bulk([{"series": "simulated", **screen}], [], bulk, centred=centred)
    described = stage.described(config, TARGET)
    expression = {"expression": str(acquired / SINGLE_CELL_TARGET["expression"])}
    prepare_cells(expression, described, None, cells)
    made = {"observations": cells["observations"], "drugs": cells["drugs"]}
    made |= {"bulk": bulk["observations"], "bulk_drugs": bulk["drugs"], "fold": f"{folder}/fold.h5"}
    split_cells(
        made["observations"],
        made["drugs"],
        made["bulk"],
        made["bulk_drugs"],
        made["fold"],
        fold_name=FOLD,
        split=stage.split(config, TARGET),
        genes=stage.genes(config, TARGET),
        degs=stage.degs(config),
        validation=block["validation"],
        seed=seed,
    )
    return made


def judge_world(config: Mapping[str, Any], folder: Path, seed: int, null: bool) -> pd.DataFrame:
    """Train and judge in one world; return its scores."""
    files = prepare_world(config, folder, seed, null)
    encoded = {name: str(folder / f"{name}.h5") for name in ("morgan", "descriptors")}
    for name, path in encoded.items():
        encode_drugs(
            [files["bulk_drugs"], files["drugs"]],
            encoder=name,
            options=stage.options(config, name),
            vectors=None,
            output=path,
            cache=None,
        )
    predicted = {}
    for model in stage.models(config):
        encoder = stage.encoder(config, model)
        of_model = {"model": model, "encoder": encoder, "number": 0, "seed": seed}
        of_model["encoder_options"] = stage.encoder_options(config, model)
        given = files | {"vectors": encoded[encoder]}
        bulk = {"model": f"{folder}/bulk.h5", "losses": f"{folder}/bulk_losses.tsv"}
        pretrain_bulk(
            given,
            bulk,
            options=stage.pretraining_options(config, model),
            held_out=f"strict_{FOLD}",
            validation=config["single_cell"]["validation"],
            **of_model,
        )
        for start in STARTS:
            name = folder / f"{model}_{start}"
            output = {kind: f"{name}_{kind}" for kind in ("model", "losses", "carried", "trials")}
            train_cells(
                given | ({} if start == "scratch" else {"start": bulk["model"]}),
                output,
                options=stage.training_options(config, model),
                fold=FOLD,
                start=start,
                trials=0,
                **of_model,
            )
            kinds = ("predicted", "distances", "disentangled", "latent")
            said = {kind: f"{name}_{kind}" for kind in kinds}
            predict_unseen(given | {"model": output["model"]}, said, fold=FOLD, **of_model)
            predicted[model, start, 0] = said["predicted"]
    scores = {"scores": f"{folder}/scores.tsv.gz", "examples": f"{folder}/examples.tsv"}
    judge_unseen(
        {"fold": files["fold"], "drugs": files["drugs"], "encoded": encoded},
        predicted,
        {},
        scores,
        target=TARGET,
        methods=METHODS,
        options={},
        seed=seed,
    )
    blocks = read_blocks(files["drugs"])
    table = read_scores([scores["scores"]])
    # A drug of one world is none of another.
    named = table["drug"].map(lambda drug: f"{seed} {drug}")
    table = table.assign(block=table["drug"].map(blocks), drug=named, fold=f"world_{seed}")
    return table.assign(block=str(seed) + table["block"])


def main() -> None:
    """Judge the worlds, print the scores and the leads, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    seeds = parser.parse_args().seeds
    config, tables = read_config(), []
    for null in (False, True):
        found = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                found.append(judge_world(config, Path(folder), seed, null))
        scores = pd.concat(found, ignore_index=True)
        scores = scores[scores["metric"].isin(SHOWN) & (scores["genes"] == "all")]
        blocks = {TARGET: scores.drop_duplicates("drug").set_index("drug")["block"]}
        means = over_seeds(scores.drop(columns="block"))
        said = "null" if null else "planted"
        shown = averages(means, blocks, seeds[0])
        columns = ["method", "start", "dose", "metric", "value", "low", "high", "drugs"]
        highest = str(max(shown.loc[shown["dose"] != "all", "dose"], key=float))
        shown = shown[shown["dose"].isin(["all", highest])][[*columns, "chance"]]
        ahead = leads(means, blocks, seeds[0])
        ahead = ahead[ahead["start"] == "strict"]
        ahead = ahead[[*columns, "against", "against_start", "p_holm"]]
        print(f"\n{said}, {len(seeds)} worlds: scores")
        print(shown.round(3).to_string(index=False))
        print(f"\n{said}: how much better the network that was pretrained is")
        print(ahead.round(3).to_string(index=False), flush=True)
        tables.append(shown.assign(world=said, table="scores"))
        tables.append(ahead.assign(world=said, table="leads of the pretrained network"))
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.concat(tables, ignore_index=True), RESULTS)
    print(f"\nWritten: {RESULTS}")


if __name__ == "__main__":
    main()
