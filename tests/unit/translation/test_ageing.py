"""Ageing: who is compared with whom, which genes are kept, and planted genes that come out."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gmt import read_gmt, write_gmt
from lacuna.translation.ageing import (
    DECADES,
    ageing_signatures,
    frequent_genes,
    gene_set_library,
    keep_expressed,
    signature_table,
)
from lacuna.translation.normalise import log_cpm


def donors(tissue, **sizes):
    """Samples of a tissue: `twenties=5` and so on give the size of each decade in order."""
    ages = [age for age, size in zip(DECADES, sizes.values(), strict=False) for _ in range(size)]
    table = pd.DataFrame({"tissue": tissue, "age": ages})
    table["donor"] = [f"{tissue} donor {number}" for number in range(len(ages))]
    return table.assign(sample=table["donor"] + " sample")


def cohort(genes=60, seed=0):
    """Two tissues: gene 0 rises and 1 falls with age, 2 rises in lung alone, 3 is silent."""
    samples = pd.concat(
        [donors("lung", a=6, b=9, c=4, d=1), donors("skin", a=5, b=5, c=8)], ignore_index=True
    )
    rng = np.random.default_rng(seed)
    decade = samples["age"].map(DECADES.index).to_numpy()
    level = np.full((len(samples), genes), 200.0)
    level[:, 0] *= 2.0**decade
    level[:, 1] *= 0.5**decade
    level[:, 2] *= np.where(samples["tissue"] == "lung", 2.0**decade, 1)
    level[:, 3] = 0.01
    depth = rng.uniform(0.5, 2, len(samples))[:, None]
    return rng.negative_binomial(30, 30 / (30 + level * depth)), samples


def test_each_decade_stands_against_the_youngest_with_as_many_donors():
    counts, samples = cohort()
    signatures, left_out = ageing_signatures(
        counts.__getitem__, samples, 0.5, np.random.default_rng(0)
    )
    rows = list(signature_table(signatures))
    assert [(row["tissue"], row["decade"], row["donors"]) for row in rows] == [
        ("lung", "30-39", 6),
        ("lung", "40-49", 4),
        ("skin", "30-39", 5),
        ("skin", "40-49", 5),
    ]
    assert all(row["genes"] == 59 for row in rows)  # but the silent one
    lost = left_out[["tissue", "decade", "donors"]].to_numpy().tolist()
    assert lost == [
        ["lung", "50-59", 1],
        ["lung", "60-69", 0],
        ["lung", "70-79", 0],
        ["skin", "50-59", 0],
        ["skin", "60-69", 0],
        ["skin", "70-79", 0],
    ]


def test_planted_genes_rise_and_fall_by_every_method():
    counts, samples = cohort()
    signatures, _ = ageing_signatures(counts.__getitem__, samples, 0.5, np.random.default_rng(0))
    for signature in signatures:
        gene = dict(zip(signature.genes, range(len(signature.genes)), strict=True))
        for score in signature.scores.by_method().values():
            assert score[gene[0]] > 0 > score[gene[1]]
            assert int(np.argmin(score)) == gene[1]
            top = set(np.argsort(-score)[:2])
            assert (gene[2] in top) == (signature.tissue == "lung")


def test_draws_follow_the_generator_and_take_whole_equal_groups():
    counts, samples = cohort()
    fold = [
        ageing_signatures(counts.__getitem__, samples, 0.5, np.random.default_rng(seed))[0][0]
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(fold[0].scores.fold_change, fold[1].scores.fold_change)
    assert not np.allclose(fold[0].scores.fold_change, fold[2].scores.fold_change)
    equal = samples[(samples["tissue"] == "skin") & samples["age"].isin(DECADES[:2])]
    own = counts[equal.index]
    [signature], _ = ageing_signatures(
        own.__getitem__, equal, 0.5, np.random.default_rng(3)
    )  # 5 against 5: nothing is left to draw
    levels = log_cpm(own[:, signature.genes], pd.RangeIndex(len(own))).astype(float)
    young = (equal["age"] == "20-29").to_numpy()
    expected = levels[~young].mean(axis=0) - levels[young].mean(axis=0)
    np.testing.assert_allclose(signature.scores.fold_change, expected)


def test_a_donor_counts_once_in_a_tissue():
    counts, samples = cohort()
    twins = samples.assign(sample=samples["sample"] + " again")
    both = pd.concat([samples, twins], ignore_index=True)
    signatures, _ = ageing_signatures(
        np.concatenate([counts, counts]).__getitem__, both, 0.5, np.random.default_rng(0)
    )
    assert [signature.donors for signature in signatures] == [6, 4, 5, 5]


def test_a_tissue_without_young_donors_is_left_out_with_the_reason():
    samples = donors("brain", a=1, b=5)
    counts = np.full((6, 10), 100)
    signatures, left_out = ageing_signatures(
        counts.__getitem__, samples, 0.5, np.random.default_rng(0)
    )
    assert signatures == []
    assert "nothing to compare with" in left_out["left_out"].iloc[0]


def test_genes_are_kept_by_the_rule_of_filter_by_expr():
    # Libraries of a million: 10 reads are 10 CPM, the threshold.
    counts = np.zeros((20, 5))
    counts[:4, 0] = 10  # in all 4 that a group of 4 asks for
    counts[:3, 1] = 10  # in 3 only
    counts[:4, 2] = 9  # below
    counts[:1, 3] = 14  # in one, and fewer than 15 in all
    counts[:, 4] = 1e6 - counts[:, :4].sum(axis=1)
    assert keep_expressed(counts, 4).tolist() == [True, False, False, False, True]
    assert keep_expressed(counts, 1).tolist() == [True, True, False, False, True]
    counts[:13, 0] = 10
    counts[:, 4] = 1e6 - counts[:, :4].sum(axis=1)
    assert keep_expressed(counts, 14)[0]  # 10 + 0.7 * 4 = 12.8
    assert not keep_expressed(counts, 15)[0]  # 13.5
    # The threshold goes with the median library: at 100,000 reads, 10 reads are 100 CPM.
    assert keep_expressed(np.tile([[9, 99_991]], (4, 1)), 4).tolist() == [False, True]
    assert keep_expressed(np.tile([[10, 99_990]], (4, 1)), 4).tolist() == [True, True]


def test_the_library_holds_the_strongest_of_both_sides_and_is_a_gmt(tmp_path):
    counts, samples = cohort()
    symbols = [f"G{gene}" for gene in range(60)]
    signatures, _ = ageing_signatures(counts.__getitem__, samples, 0.5, np.random.default_rng(0))
    library = gene_set_library(signatures, symbols, count=3)
    assert list(library)[:2] == ["lung 30-39 vs 20-29 Up", "lung 30-39 vs 20-29 Down"]
    assert len(library) == 8
    for name, genes in library.items():
        assert len(genes) == 3
        assert ("G0" in genes) == name.endswith("Up")
        assert (genes[0] == "G1") == name.endswith("Down")
    write_gmt(library, "made up", tmp_path / "ageing.gmt")
    assert read_gmt(tmp_path / "ageing.gmt") == library


def test_frequent_genes_are_counted_with_their_origin_and_the_users_facts():
    library = {"x Up": ["A", "B"], "y Up": ["A", "C"], "x Down": ["D"], "y Down": ["D", "A"]}
    facts = pd.DataFrame({"gene": ["A", "Z"], "pubmed": [7, 1]})
    found = frequent_genes(library, {"A"}, {"B"}, facts, count=2)
    assert found.iloc[:, :6].to_numpy().tolist() == [
        ["up", 1, "A", 2, 2, "landmark"],
        ["up", 2, "B", 1, 2, "inferred"],
        ["down", 1, "D", 2, 2, "model-only"],
        ["down", 2, "A", 1, 2, "landmark"],
    ]
    assert found["pubmed"].fillna(-1).tolist() == [7, -1, -1, 7]
    assert "pubmed" not in frequent_genes(library, [], [])
    for wrong, named in (
        (facts.rename(columns={"gene": "symbol"}), "no column 'gene'"),
        (facts.assign(place=1), "columns 'place'"),
        (facts.assign(gene="A"), "genes 'A' twice"),
    ):
        with pytest.raises(LacunaError, match=named):
            frequent_genes(library, [], [], wrong)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda counts, samples: (counts, samples.drop(columns="donor")), "no column 'donor'"),
        (lambda counts, samples: (counts, samples.assign(age=35)), "the age is '35'"),
        (lambda counts, samples: (counts, samples.assign(sample="s")), "samples 's' stand twice"),
        (lambda counts, samples: (counts / 3, samples), "tissue lung: .* expected counts"),
        (lambda counts, samples: (counts - 300, samples), "tissue lung: .* expected counts"),
        (lambda counts, samples: (counts * 0, samples), "has no reads"),
        (lambda counts, samples: (np.where(counts > 0, np.nan, 0), samples), "expected counts"),
    ],
)
def test_faulty_samples_and_counts_are_named(change, named):
    counts, samples = change(*cohort())
    with pytest.raises(LacunaError, match=named):
        ageing_signatures(counts.__getitem__, samples, 0.5, np.random.default_rng(0))


def test_gtexs_27_tissues_and_5_decades_are_135_signatures_of_250_genes():
    sizes = dict.fromkeys("abcdef", 2)
    samples = pd.concat(
        [donors(f"tissue {number:02d}", **sizes) for number in range(27)], ignore_index=True
    )
    counts = np.random.default_rng(0).negative_binomial(20, 0.1, (len(samples), 600))
    signatures, left_out = ageing_signatures(
        counts.__getitem__, samples, 0.5, np.random.default_rng(0)
    )
    assert (len(signatures), len(left_out)) == (135, 0)
    assert {one.decade for one in signatures} == set(DECADES[1:])
    library = gene_set_library(signatures, [f"G{gene}" for gene in range(600)])
    assert len(library) == 270
    assert max(map(len, library.values())) == 250
    frequent = frequent_genes(library, {"G0"}, {"G1"})
    assert frequent["direction"].value_counts().to_dict() == {"up": 100, "down": 100}
    assert (frequent["of"] == 135).all()
    assert (frequent.groupby("direction")["signatures"].diff().dropna() <= 0).all()


def test_facts_that_cannot_be_joined_are_named_with_their_file(tmp_path):
    from lacuna.translation.ageing_jobs import _read_facts

    path = tmp_path / "facts.tsv"
    path.write_text("gene\tPubMed\tsecreted\nG0\t12\tyes\n")
    assert _read_facts(str(path))["PubMed"].tolist() == ["12"]
    for text, named in (
        ("symbol\tPubMed\nG0\t12\n", "facts.tsv: the table of facts .* no column 'gene'"),
        ("gene\tPubMed\nG0\t1\nG0\t2\n", "facts.tsv: .* the genes 'G0' twice"),
        ("gene\torigin\nG0\tx\n", "facts.tsv: .* columns 'origin'"),
    ):
        path.write_text(text)
        with pytest.raises(LacunaError, match=named):
            _read_facts(str(path))
