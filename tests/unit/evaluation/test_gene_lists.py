"""Ranked genes of every drug and cell of the product."""

import numpy as np
import pandas as pd
import pytest
from toy import GENES, axes_of, clustered, replicated

from lacuna.completion.completed import CompletedTensor
from lacuna.completion.interface import Completion
from lacuna.completion.writer import write_completed
from lacuna.evaluation import gene_lists
from lacuna.evaluation.gene_lists import SEPARATOR, ranked_genes
from lacuna.io.tsv import write_blocks

TENSOR = replicated(clustered(drugs=9))


def product(path, symbols, stated=True):
    rng = np.random.default_rng(0)
    missing = len(TENSOR.missing_pairs)
    predicted = rng.normal(size=(missing, GENES)).astype(np.float32)
    stderr = rng.uniform(0.1, 0.2, missing).astype(np.float32) if stated else None
    fallback = np.arange(missing) % 3 == 0
    axes = axes_of(TENSOR) | {"genes": pd.DataFrame({"gene": TENSOR.genes, "symbol": symbols})}
    write_completed(path, TENSOR, [Completion(predicted, fallback, stderr)], **axes)
    return path


@pytest.mark.parametrize("at_once", [1, 12, 4096])
def test_every_profile_has_its_tenth_of_genes_by_absolute_value(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(gene_lists, "PROFILES_AT_ONCE", at_once)
    symbols = [f"S{gene}" for gene in range(GENES)]
    symbols[3], symbols[7], symbols[8] = "", "TWICE", "TWICE"
    path = product(tmp_path / "m.gctx", symbols)
    write_blocks(ranked_genes(path), tmp_path / "genes.tsv.gz")
    table = pd.read_csv(tmp_path / "genes.tsv.gz", sep="\t")
    with CompletedTensor.open(path) as opened:
        assert len(table) == len(opened.drugs) * len(opened.cells)
        for row in table.itertuples():
            profile = opened.profile(row.drug, row.cell)
            of_gene = vars(profile)["values"].items()
            expected = sorted(of_gene, key=lambda item: -abs(item[1]))[: GENES // 10]
            assert row.genes.split(SEPARATOR) == [gene for gene, _ in expected]
            values = [float(value) for value in row.changes.split(SEPARATOR)]
            assert values == pytest.approx([value for _, value in expected], rel=5e-3)
            assert (row.name, row.source, row.fallback) == ("n", profile.source, profile.fallback)
            stderr = np.nan if profile.stderr is None else profile.stderr
            assert row.stderr == pytest.approx(stderr, rel=1e-5, nan_ok=True)
            expected = np.nan if profile.expected_r is None else profile.expected_r
            assert row.expected_r == pytest.approx(expected, rel=1e-5, nan_ok=True)
            assert (row.tier if isinstance(row.tier, str) else "") == profile.tier
    assert {"g3", "g7", "g8"} & {*SEPARATOR.join(table["genes"]).split(SEPARATOR)}


def test_a_method_without_errors_has_none(tmp_path):
    (table,) = ranked_genes(product(tmp_path / "m.gctx", list(TENSOR.genes), stated=False))
    assert table["stderr"].isna().all()


def test_of_equal_genes_the_first_come_first(tmp_path):
    flat = replicated(clustered(drugs=5, missing=0))
    path = tmp_path / "m.gctx"
    same = Completion(np.empty((0, GENES), np.float32))
    level = flat.profiles * 0 + np.float32(GENES**-0.5)
    write_completed(
        path, type(flat)(level, *list(vars(flat).values())[1:7]), [same], **axes_of(flat)
    )
    (table,) = ranked_genes(path)
    assert {*table["genes"]} == {SEPARATOR.join(flat.genes[: GENES // 10])}
