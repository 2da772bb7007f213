"""Real plates of LINCS L1000 in two cell lines."""

import pandas as pd
import yaml
from project import ROOT, Project

from lacuna.tensor.profiles import ProfileSet


def test_real_plates_to_the_report(shared_data, tmp_path):
    config = yaml.safe_load((ROOT / "config/lincs-mini.yaml").read_text())
    folders = ["lincs-mini", "mirror", "gene-sets"]
    config["acquire"]["mirror"] = [str(shared_data / folder) for folder in folders]
    methods = ["mean_1d", "mean_2d", "dnpp", "falrtc", "kernel"]
    config["completion"] = {"methods": methods, "completed": ["kernel"]}
    config["evaluation"]["density"] = {"percents": []}  # tried elsewhere
    config["classification"] |= {"folds": 5, "trees": 25, "atc_classes": ["L"], "targets": 0}
    config["evaluation"]["splits"] |= {"drugs": {"folds": 5}, "cells": {"sizes": []}}
    project = Project(tmp_path)
    project.run("--cores", "2", *project.configure(config))
    results = tmp_path / "results/lincs-mini"
    assert (results / "report.html").exists()
    assert "simulated data" not in (results / "evaluation/pages/methods.html").read_text()

    tensor = ProfileSet.load(results / "tensor/large.h5")
    assert len(tensor.cells) == 2
    assert (tensor.measured.sum(axis=1) == 2).sum() >= 340

    metrics = pd.read_csv(results / "metrics.tsv", sep="\t").query("metric == 'pct'")
    metrics = metrics.query("split == 'profiles'")
    pct = metrics.set_index("method")
    assert pct.loc["truth", "value"] > 0.999999
    assert abs(pct.loc["random", "value"]) < 0.01
    methods = pct.loc[["mean_1d", "mean_2d", "dnpp", "falrtc"]]
    assert (methods["low"] > pct.loc["random", "high"]).all()
    assert (methods["high"] < 0.5).all()
    # What a rough independent version of these methods gave on the same plates.
    assert abs(pct.loc["dnpp", "value"] - 0.26) < 0.03
    assert abs(pct.loc["falrtc", "value"] - 0.20) < 0.03
    assert abs(pct.loc["mean_2d", "value"] - 0.17) < 0.03
    assert abs(pct.loc["mean_1d", "value"] - 0.08) < 0.03

    # Beyond all methods of the paper, and beyond what every drug does in a cell; so for new drugs.
    compared = pd.read_csv(results / "evaluation/comparisons.tsv", sep="\t")
    lead = compared.set_index(["split", "metric"]).loc[
        [
            ("profiles", "pct"),
            ("profiles", "pct_specific"),
            ("drugs", "pct_specific"),
        ]
    ]
    assert (lead["best"] == "kernel").all()
    assert (lead["low"] > 0).all()

    plates = pd.read_csv(results / "signatures/lincs-mini/plates.tsv", sep="\t")
    replicated = plates[plates["plate"].str.contains("HT115")]
    assert len(replicated) == 2 * 3
    assert (replicated["replicate_cosine"] > 3 * replicated["mismatch_cosine"]).all()
    shown = (results / "signatures/pages/plates.html").read_text()
    assert f"{replicated['replicate_cosine'].iloc[0]:.3f}" in shown
    assert f"{replicated['mismatch_cosine'].iloc[0]:.3f}" in shown

    # Real classes of few drugs: better than chance somewhere, and wide intervals everywhere.
    tasks = pd.read_csv(results / "classification/tasks.tsv", sep="\t").set_index("task")
    assert tasks.loc["ATC L", "positives"] > 30
    classes = pd.read_csv(results / "classification/experiments.tsv", sep="\t")
    nested = classes.query(
        "protocol == 'nested' and task == 'ATC L' and profile_type == 'mean over cells'"
    )
    assert (nested["auc_completed_low"] > 0.4).all()
    assert nested["auc_completed_low"].max() > 0.5
    assert (nested["auc_completed_high"] - nested["auc_completed_low"] > 0.1).all()

    filters = pd.read_csv(results / "tensor/filters.tsv", sep="\t")
    assert filters["step"].str.contains(r"no replicates.*: keep").any()
