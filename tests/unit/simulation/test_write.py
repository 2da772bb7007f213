"""The files of a simulated screen belong together, and hold what was planted."""

import itertools

import numpy as np
import pandas as pd
import pytest
from wells import all_match

from lacuna.io import geo
from lacuna.io.external import read_external
from lacuna.io.gctx import Gctx
from lacuna.io.gmt import factor_of, read_gmt
from lacuna.simulation import biology, parameters, write


def test_files_belong_together_as_those_of_geo(screen, wells):
    genes = geo.read_genes(screen / parameters.FILES["gene_info"])
    assert len(genes) == 978
    with Gctx(screen / parameters.FILES["level3"]) as matrix:
        all_match(matrix, wells, genes)
        values = matrix.read(list(matrix.rows), list(matrix.columns[::50]))
    assert values.min() >= 2
    assert values.max() <= 15
    drugs = geo.read_drugs(screen / parameters.FILES["pert_info"])
    assert set(wells["drug"]) <= set(drugs["drug"])
    cells = geo.read_cells(screen / parameters.FILES["cell_info"])
    assert set(wells["cell"]) == set(cells["cell"])


def test_names_say_that_it_is_simulated(wells):
    treated = wells[wells["kind"] == "trt_cp"]
    assert treated["name"].str.startswith("simulated").all()
    assert all(name.startswith("SIMULATED") for name in parameters.FILES.values())


def test_annotation_follows_the_mechanism(screen, truth):
    annotation = pd.read_csv(screen / parameters.ANNOTATION, sep="\t", keep_default_na=False)
    drugs = truth["drugs"].merge(annotation, on="pert_id")
    known = drugs[drugs["atc_codes"] != ""]
    codes = known.groupby("mechanism")["atc_codes"].nunique()
    assert codes.max() == 1
    named = known["mechanism"].map(lambda number: f"simulated mechanism {number + 1:02d}")
    assert (known["mechanisms"] == named).all()
    assert (drugs.loc[drugs["atc_codes"] == "", "mechanisms"] == "").all()
    assert 0.5 < len(known) / len(drugs) < 0.9


def test_a_gene_set_holds_the_programme_that_its_strongest_gene_moves_with(screen, truth):
    symbols = geo.read_genes(screen / parameters.FILES["gene_info"])["symbol"].to_numpy()
    sets = read_gmt(screen / parameters.GENE_SETS)
    sets = {name: targets for name, targets in sets.items() if name.endswith("_programme")}
    assert len(sets) == len(truth["programmes"])
    for (name, targets), programme in zip(sets.items(), truth["programmes"], strict=True):
        factor = factor_of(name, set(symbols))
        assert name == f"{factor}_programme"
        assert factor not in targets
        assert {factor, *targets} == set(symbols[programme != 0])
    strongest = symbols[np.abs(truth["programmes"]).argmax(axis=1)]
    named = [name.removesuffix("_programme") for name in sets]
    assert np.mean(strongest == named) > 0.8  # but where two programmes share it


def test_signed_sets_hold_what_a_programme_moves_up_and_down_and_controls_are_drawn(screen, truth):
    symbols = geo.read_genes(screen / parameters.FILES["gene_info"])["symbol"].to_numpy()
    sets = read_gmt(screen / parameters.GENE_SETS)
    controls, inside = [], []
    for number, programme in enumerate(truth["programmes"], start=1):
        up, down = (sets[f"simulated_programme_{number:02d}_{end}"] for end in ("up", "down"))
        assert set(up) == set(symbols[programme > 0])
        assert set(down) == set(symbols[programme < 0])
        controls.append(sets[f"simulated_control_{number:02d}"])
        assert len(set(controls[-1])) == 30
        inside.append(np.isin(controls[-1], symbols[programme != 0]).mean())
    in_one = np.isin(symbols, np.concatenate(controls))
    chance = 1 - (1 - 30 / 978) ** len(controls)  # a control knows nothing of the programmes
    assert in_one.mean() == pytest.approx(chance, abs=0.05)
    assert np.mean(inside) == pytest.approx(60 / 978, abs=0.04)


def test_programmes_of_the_same_strongest_gene_have_sets_of_different_names():
    programmes = np.array([[0.1, -0.9, 0.4, 0], [0, 0.8, 0.6, 0]])
    sets = write.make_gene_sets(programmes, np.array(["A", "B", "C", "D"]))
    assert sets == {"B_programme": ["C", "A"], "C_programme": ["B"]}


@pytest.fixture(scope="module")
def elsewhere(screen):
    genes = geo.read_genes(screen / parameters.FILES["gene_info"])
    profiles, samples = (screen / parameters.EXTERNAL[kind] for kind in ("profiles", "samples"))
    return read_external(profiles, samples, genes)


def test_another_platform_measures_new_drugs_in_the_best_covered_cells(elsewhere, truth):
    best = truth["cells"].nlargest(2, "coverage")["cell_id"]
    expected = [f"simulated-external-{number:02d}" for number in range(1, 16)]
    assert elsewhere.drug.tolist() == list(np.repeat(expected, 2))
    assert elsewhere.cell.tolist() == list(best) * 15
    assert not set(elsewhere.drug) & set(truth["drugs"]["name"])
    assert (~elsewhere.measured).sum() == round(0.05 * 978)
    assert (elsewhere.profiles[:, ~elsewhere.measured] == 0).all()


def test_what_another_platform_measures_is_nearest_to_drugs_of_one_mechanism(elsewhere, truth):
    active = truth["drugs"]["active"].to_numpy()
    mechanism = truth["drugs"]["mechanism"].to_numpy()[active]
    cells = truth["cells"]["cell_id"].tolist()
    correlation = np.array(
        [
            np.corrcoef(profile, truth["log2_change"][active, cells.index(cell)])[0, 1:]
            for profile, cell in zip(elsewhere.profiles, elsewhere.cell, strict=True)
        ]
    )
    assert 0.5 < np.median(correlation.max(axis=1)) < 0.9  # alike, and yet another platform
    nearest = mechanism[correlation.argmax(axis=1)].reshape(-1, parameters.EXTERNAL_CELLS)
    assert np.mean(nearest[:, 0] == nearest[:, 1]) > 0.8


def test_external_drugs_are_mixtures_of_two_active_drugs_of_a_mechanism(monkeypatch):
    for name in ("EXTERNAL_OWN", "EXTERNAL_GAIN", "EXTERNAL_NOISE"):
        monkeypatch.setattr(write, name, 0)
    planted = biology.plant("clustered", 60, 6, 5, np.random.default_rng(0))
    symbols = pd.Series([f"G{gene}" for gene in range(parameters.GENES)])
    profiles, samples = write.measure_new_drugs(planted, symbols, np.random.default_rng(1))
    on_platform = symbols.isin(profiles["symbol"]).to_numpy()
    known = (planted.response[:, :2] @ planted.programmes)[:, :, on_platform]
    known = known.reshape(len(known), -1)
    active = planted.drugs[planted.drugs["active"]]
    pairs = [
        pair
        for _, drugs in active.groupby("mechanism")
        for pair in itertools.combinations(drugs.index, 2)
    ]
    for _, drug in samples.groupby("drug"):
        found = profiles[drug["sample"]].to_numpy().T.ravel()
        fits = [np.linalg.lstsq(known[list(pair)].T, found, rcond=None) for pair in pairs]
        shares, left = min(((fit[0], fit[1].sum()) for fit in fits), key=lambda fit: fit[1])
        assert left < 1e-12
        assert shares.sum() == pytest.approx(1)
        assert (shares > 0).all()


def test_a_screen_without_two_drugs_of_a_mechanism_has_external_drugs_too():
    planted = biology.plant("clustered", 10, 3, 1000, np.random.default_rng(0))
    symbols = pd.Series([f"G{gene}" for gene in range(parameters.GENES)])
    profiles, samples = write.measure_new_drugs(planted, symbols, np.random.default_rng(1))
    assert len(samples) == profiles.shape[1] - 1 == 30


@pytest.mark.parametrize("generator", parameters.GENERATORS)
def test_another_platform_changes_nothing_else(tmp_path, monkeypatch, generator):
    size = {"generator": generator, "drugs": 30, "cells": 3, "mechanisms": 4, "seed": 7}

    def files(name):
        write.simulate(tmp_path / name, **size)
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}

    first = files("first")
    monkeypatch.setattr(write, "EXTERNAL_DRUGS", 3)
    second = files("second")
    assert first.keys() == second.keys()
    different = {name for name in first if first[name] != second[name]}
    assert different == set(parameters.EXTERNAL.values())


def test_same_seed_same_files(screen, tmp_path):
    write.simulate(tmp_path, generator="clustered", drugs=200, cells=6, mechanisms=8, seed=5)
    for kind in ("inst_info", "pert_info", "gene_info", "cell_info"):
        name = parameters.FILES[kind]
        assert (tmp_path / name).read_bytes() == (screen / name).read_bytes()
    with (
        Gctx(tmp_path / parameters.FILES["level3"]) as again,
        Gctx(screen / parameters.FILES["level3"]) as first,
    ):
        some = list(first.columns[:100])
        assert np.array_equal(again.read(again.rows, some), first.read(first.rows, some))
