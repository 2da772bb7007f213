"""What a bulk screen taught is carried into cells, byte for byte; what belongs to it is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from planted_cells import planted_cells

from lacuna.errors import LacunaError
from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.model.start import begin
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.transfer import COLUMNS

TINY = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 2, "check_every": 1, "device": "cpu",
    "genes": "raw", "extension": "adapters",
}  # fmt: skip
BULK = planted_cells(kind="bulk", names="compound", drugs=12, genes=30, cells=3, seed=1,
                     descriptors=8, lines=4)  # fmt: skip
CELLS = planted_cells(drugs=6, genes=50, cells=3, descriptors=8)
SAME = pd.Index([f"G{number}" for number in range(30)])
PRETRAINED = train(BULK.examples(BULK.drugs), None, np.random.default_rng(0), **TINY)


def settings(**options):
    return replace(PRETRAINED.settings, **options)


def weights(model):
    return {name: value.numpy().copy() for name, value in model.network.state_dict().items()}


def started(genes=SAME, start=PRETRAINED, **options):
    torch.manual_seed(1)
    examples = CELLS.examples(CELLS.drugs, genes=genes)
    return begin(examples, start, settings(**options))


def fine_tuned(genes=SAME, start=PRETRAINED, **options):
    examples = CELLS.examples(CELLS.drugs, genes=genes)
    return train(examples, None, np.random.default_rng(1), None, start, **{**TINY, **options})


def said(model):
    """Return what became of each part's weights, by part."""
    return model.carried.groupby("part")["what"].agg(lambda words: set(words)).to_dict()


CARRIED = ("encoder", "decoder", "doser", "perturbation")


@pytest.mark.parametrize("carried_lines", ["none", "named"])
def test_all_but_adversaries_is_carried_byte_for_byte(carried_lines):
    model = started(carried_lines=carried_lines)
    old, new = weights(PRETRAINED), weights(model)
    for name, value in new.items():
        part = name.partition(".")[0]
        if part in CARRIED:
            assert np.array_equal(value, old[name]), name
        if part in ("drug_adversary", "line_adversary") and name.endswith("weight"):
            assert value.shape != old[name].shape or not np.array_equal(value, old[name]), name
    # drug adversary of 12 compounds and the vehicle, then of 6 drugs
    assert old["drug_adversary.output.weight"].shape[0] == 13
    assert new["drug_adversary.output.weight"].shape[0] == 7
    kept = old["lines.weight"][:3]
    assert np.array_equal(new["lines.weight"], kept) == (carried_lines == "named")
    line = {"carried"} if carried_lines == "named" else {"new"}
    assert said(model) == {
        **{part: {"carried"} for part in CARRIED}, "level": {"new"}, "spread": {"new"},
        "drug_adversary": {"new"}, "line_adversary": {"new"}, "lines": line,
    }  # fmt: skip
    assert list(model.carried) == COLUMNS
    assert len(model.carried) == len(new)


def test_adversaries_are_new_even_where_they_have_the_form_of_those_before():
    """Of the same drugs and lines by number, in another screen."""
    other = planted_cells(drugs=12, genes=30, cells=3, seed=2, descriptors=8, lines=4)
    torch.manual_seed(1)
    model = begin(other.examples(other.drugs), PRETRAINED, settings())
    old, new = weights(PRETRAINED), weights(model)
    for name in ("drug_adversary", "line_adversary"):
        for weight in (f"{name}.output.weight", f"{name}.hidden.0.weight"):
            assert new[weight].shape == old[weight].shape
            assert not np.array_equal(new[weight], old[weight])


def test_lines_are_carried_by_name():
    shifted = replace(
        CELLS.examples(CELLS.drugs, genes=SAME), lines=pd.Index(["new", "line 3", "line 1"])
    )
    model = begin(shifted, PRETRAINED, settings(carried_lines="named"))
    old, new = weights(PRETRAINED)["lines.weight"], weights(model)["lines.weight"]
    assert np.array_equal(new[1:], old[[3, 1]])
    assert not (new[0] == old).all(axis=1).any()
    assert said(model)["lines"] == {"carried by name, the rest new"}


def test_the_scale_of_vectors_is_that_of_pretraining():
    model = fine_tuned()
    for name, values in PRETRAINED.scaler.state().items():
        assert np.array_equal(model.scaler.state()[name], values)
    alone = train(
        CELLS.examples(CELLS.drugs, genes=SAME), None, np.random.default_rng(1), **TINY
    ).scaler
    assert not np.allclose(alone.mean, model.scaler.mean)


def test_the_same_genes_in_another_order_are_matched_by_name():
    model = started(SAME[::-1])
    assert model.genes.equals(SAME)
    assert model.network.sizes.inner == 0
    one, other = fine_tuned(), fine_tuned(SAME[::-1])
    assert all(np.array_equal(value, weights(other)[name]) for name, value in weights(one).items())


def test_more_genes_get_adapters_around_what_is_carried():
    model = started(CELLS.observations.genes)
    shapes = {name: value.shape for name, value in weights(model).items()}
    assert shapes["before.0.weight"] == (30, 50)
    assert shapes["after.2.weight"] == (100, 60)
    assert shapes["encoder.0.weight"] == (16, 30)
    old, new = weights(PRETRAINED), weights(model)
    for name, value in new.items():
        if name.partition(".")[0] in CARRIED:
            assert np.array_equal(value, old[name])
    assert said(model)["before"] == said(model)["after"] == {"new"}
    assert model.genes.equals(CELLS.observations.genes)
    trained = fine_tuned(CELLS.observations.genes)
    for name in ("before.0.weight", "encoder.0.weight", "after.2.weight", "decoder.0.weight"):
        assert not np.array_equal(weights(trained)[name], new[name]), name  # nothing is frozen
    mean, _ = trained.predict(np.ones((2, 50)), [], [], "line 0")
    assert mean.shape == (2, 50)


def test_or_weights_of_shared_genes_are_carried_by_name():
    """20 genes of the target are new, 10 of pretraining are missing; the order is another."""
    genes = CELLS.observations.genes[10:][::-1]
    model = started(genes, extension="matched")
    old, new = weights(PRETRAINED), weights(model)
    assert model.genes.equals(genes)
    assert new["encoder.0.weight"].shape == (16, 40)
    fresh = weights(started(genes, start=None))
    for place, gene in enumerate(genes):
        before = SAME.get_loc(gene) if gene in SAME else None
        expected = fresh if before is None else old
        at = place if before is None else before
        assert np.array_equal(
            new["encoder.0.weight"][:, place], expected["encoder.0.weight"][:, at]
        )
        for half in (0, 1):
            width = 40 if before is None else 30
            for name in ("decoder.3.weight", "decoder.3.bias"):
                assert np.array_equal(
                    new[name][place + 40 * half], expected[name][at + width * half]
                )
    assert np.array_equal(new["encoder.0.bias"], old["encoder.0.bias"])
    mixed = model.carried.set_index("tensor")["what"]
    assert (
        mixed[["encoder.0.weight", "decoder.3.weight"]] == "carried by name, the rest new"
    ).all()
    assert mixed["encoder.0.bias"] == "carried"


def test_as_many_genes_of_other_names_are_not_taken_for_the_same():
    genes = CELLS.observations.genes[5:35]
    assert started(genes).network.sizes.inner == 30
    matched = started(genes, extension="matched")
    old, new = weights(PRETRAINED), weights(matched)
    assert np.array_equal(new["encoder.0.weight"][:, :25], old["encoder.0.weight"][:, 5:])


def test_fine_tuning_begins_where_pretraining_ended():
    model = started()
    rows, drug = CELLS.observations.rows(np.arange(5), SAME), CELLS.table.to_numpy()[:2]
    assert np.array_equal(model.latent(drug, [1.0, 5.0]), PRETRAINED.latent(drug, [1.0, 5.0]))
    assert np.array_equal(model.basal(rows), PRETRAINED.basal(rows))
    for one, other in zip(
        model.predict(rows, drug, [1.0, 5.0], "line 2"),
        PRETRAINED.predict(rows, drug, [1.0, 5.0], "line 2"),
        strict=True,
    ):
        assert np.array_equal(one, other)


def test_levels_and_spreads_of_genes_are_those_of_the_cells():
    """So that a screen on another scale teaches the same."""
    options = TINY | {"genes": "standardised"}
    wells, cells = BULK.examples(BULK.drugs), CELLS.examples(CELLS.drugs, genes=SAME)
    start = train(wells, None, np.random.default_rng(0), **options)
    shifted = planted_cells(kind="bulk", names="compound", drugs=12, genes=30, cells=3, seed=1,
                            descriptors=8, lines=4)  # fmt: skip
    shifted.observations._matrices["X"] = 3 * BULK.observations.rows(np.arange(len(wells))) + 4
    other = train(shifted.examples(BULK.drugs), None, np.random.default_rng(0), **options)
    found = [train(cells, None, np.random.default_rng(1), None, each, **options)
             for each in (start, other)]  # fmt: skip
    rows = cells.rows(np.arange(len(cells)))
    for model in found:
        network = model.network
        np.testing.assert_allclose(network.level.numpy(), rows.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(network.spread.numpy(), rows.std(axis=0), rtol=1e-4)
    one, two = (model.predict(rows[:9], CELLS.table.to_numpy()[:1], [1.0], "line 0")[0]
                for model in found)  # fmt: skip
    np.testing.assert_allclose(one, two, atol=0.02)
    raw = fine_tuned()
    assert (raw.network.spread == 1).all()
    assert (raw.network.level == 0).all()


def test_learnt_vectors_and_all_that_reads_them_are_new():
    def learned(world):
        examples = world.examples(world.drugs, genes=SAME)
        drugs = world.observations.drugs["smiles"].to_dict()
        return replace(examples, molecules=Molecules.of(Source("learned"), drugs))

    start = train(learned(BULK), None, np.random.default_rng(0), **TINY)
    model = begin(learned(CELLS), start, settings())
    assert said(model) == {
        "encoder": {"carried"}, "decoder": {"carried"}, "lines": {"carried"},
        **{part: {"new"} for part in ("molecules", "doser", "perturbation", "drug_adversary",
                                      "line_adversary", "level", "spread")},
    }  # fmt: skip
    assert model.network.molecules.weight.shape == (7, 6)


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(LacunaError, match=r"none of the 50 genes.*without pretraining"):
        other = planted_cells(drugs=6, genes=50, cells=3, descriptors=8)
        other.observations.genes = pd.Index([f"H{number}" for number in range(50)])
        begin(other.examples(other.drugs), PRETRAINED, settings())
    with pytest.raises(LacunaError, match=r"another dimensions \(6\), doser \(sigmoid\)|another"):
        fine_tuned(dimensions=9, doser="linear")
    with pytest.raises(LacunaError, match=r"another order \(scaled_output\)"):
        fine_tuned(order="scaled_input")
    wide = planted_cells(drugs=6, genes=30, cells=3, descriptors=9)
    with pytest.raises(LacunaError, match=r"planted \(8 values\), this one by planted \(9\)"):
        begin(wide.examples(wide.drugs), PRETRAINED, settings())
    adapted = fine_tuned(CELLS.observations.genes)
    with pytest.raises(LacunaError, match="adapters for other genes already"):
        started(SAME, start=adapted)
    again = started(CELLS.observations.genes[::-1], start=adapted)
    old, new = weights(adapted), weights(again)
    assert np.array_equal(old["before.0.weight"], new["before.0.weight"])
    drug = replace(BULK.molecules, vectors=np.where(BULK.molecules.names.to_numpy()[:, None]
                   == CONTROL, np.nan, BULK.molecules.vectors))  # fmt: skip
    examples = replace(BULK.examples(BULK.drugs), molecules=drug)
    assert begin(examples, None, settings()).vehicle.shape == (1, 8)
    with pytest.raises(LacunaError, match=r"no\s+vector of the vehicle"):
        begin(examples, None, settings(controls="drug"))
