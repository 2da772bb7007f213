"""The search by gene, against sorting all signatures, and planted regulators."""

import gzip

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from lacuna.errors import LacunaError
from lacuna.translation import gene_search
from lacuna.translation.differential import Scores, compare
from lacuna.translation.gene_search import (
    FOUND,
    SignatureBlock,
    gather,
    name_signature,
    rank_genes,
    search_genes,
)
from lacuna.translation.knock_downs import TARGETS, TargetScores, rank_targets
from lacuna.translation.search_tables import _six_digits, volcano_points, write_search

GENES = [f"G{gene}" for gene in range(11)]


def a_block(count=30, genes=11, seed=0):
    """Signatures whose fold change and direction agree, but for noise."""
    rng = np.random.default_rng(seed)
    fold = rng.normal(size=(count, genes)).astype(np.float32)
    cd = (fold + 0.5 * rng.normal(size=fold.shape)).astype(np.float32)
    table = pd.DataFrame({"signature": [f"s{number}" for number in range(count)]})
    table["cell"] = np.where(np.arange(count) % 2, "MCF7", "A375")
    table["type"] = np.where(np.arange(count) % 3, "trt_cp", "trt_xpr")
    margin = rng.uniform(0.1, 1, fold.shape).astype(np.float32)
    return SignatureBlock(table, fold, margin, cd)


def cut(block, *ends):
    for start, end in zip([0, *ends], [*ends, len(block.table)], strict=True):
        part = slice(start, end)
        arrays = (block.fold_change[part], block.margin[part], block.cd[part])
        yield SignatureBlock(block.table[part].reset_index(drop=True), *arrays)


def rows_of(table, **wanted):
    return table[np.all([table[column] == value for column, value in wanted.items()], axis=0)]


def found_in(block, **options):
    search = search_genes([block], GENES, **options)
    return pd.concat(search.tables(), ignore_index=True)


def test_the_top_signatures_of_each_gene_are_those_of_sorting_them_all():
    block = a_block()
    rank = np.array([[1 + np.sum(row > value) for value in row] for row in block.cd])
    found = found_in(block, top=4)
    assert list(found.columns) == [*FOUND, "cell", "type"]
    for gene, name in enumerate(GENES):
        for sign, direction in ((1, "up"), (-1, "down")):
            keys = {"fold_change": -sign * block.fold_change, "cd": -sign * block.cd}
            keys["rank"] = sign * rank
            for measure, key in keys.items():
                of_sign = block.fold_change if measure == "fold_change" else block.cd
                rows = [
                    number
                    for number in np.argsort(key[:, gene], kind="stable")
                    if sign * of_sign[number, gene] > 0
                ][:4]
                shown = rows_of(found, gene=name, direction=direction, by=measure)
                assert shown["signature"].tolist() == [f"s{number}" for number in rows]
                assert shown["place"].tolist() == [1, 2, 3, 4]
                values = shown[["fold_change", "cd", "rank"]].to_numpy()
                arrays = (block.fold_change, block.cd, rank)
                np.testing.assert_allclose(
                    values, np.stack([array[rows, gene] for array in arrays], axis=1), rtol=1e-6
                )
                margin = block.margin[rows, gene]
                np.testing.assert_allclose(shown["high"] - shown["fold_change"], margin, rtol=1e-4)
                np.testing.assert_allclose(shown["fold_change"] - shown["low"], margin, rtol=1e-4)
                assert shown["cell"].tolist() == block.table["cell"][rows].tolist()
    opposite = np.sign(found["fold_change"]) != np.sign(found["cd"])
    assert found["disagree"].tolist() == opposite.tolist()
    assert 0 < opposite.mean() < 1


def test_blocks_of_signatures_and_genes_change_nothing(monkeypatch):
    block = a_block()
    block.fold_change[3:20] = block.fold_change[3]  # ties, too
    whole = found_in(block, top=5)
    monkeypatch.setattr(gene_search, "GENES_AT_ONCE", 4)
    search = search_genes(cut(block, 1, 3, 17), GENES, top=5)
    tables = list(search.tables())
    assert [table["gene"].nunique() for table in tables] == [4, 4, 3]
    pd.testing.assert_frame_equal(pd.concat(tables, ignore_index=True), whole)


def test_where_there_are_few_signatures_none_stands_on_the_wrong_side():
    found = found_in(a_block(count=7))
    fold = found[found["by"] == "fold_change"]
    assert (fold["fold_change"].where(fold["direction"] == "up", -fold["fold_change"]) > 0).all()
    assert len(fold) == 7 * len(GENES)


def test_planted_regulators_of_a_gene_are_found():
    """As the paper finds SMG7 and CXCL1 for SFRP2, and HDAC inhibitors for LGI3."""
    rng = np.random.default_rng(0)
    genes = ["SFRP2", "LGI3", *(f"G{gene}" for gene in range(60))]
    effects = {"CXCL1": (0, -3), "SMG7": (0, -2.5), "vorinostat": (1, 3), "belinostat": (1, 2.5)}
    drugs = [*effects, *(f"drug {number}" for number in range(20))]

    def scored():
        for drug in drugs:
            treated, control = rng.normal(8, 0.3, (3, 62)), rng.normal(8, 0.3, (6, 62))
            gene, effect = effects.get(drug, (0, 0))
            treated[:, gene] += effect
            facts = {"batch": "B", "cell": "MCF7", "drug": drug, "type": "trt_cp"}
            yield facts | {"time": 24.0, "dose": 10.0}, compare(treated, control, 0.5)

    found = pd.concat(search_genes(gather(scored()), genes).tables()).query("place <= 2")
    for gene, direction, expected in (
        ("SFRP2", "down", ["CXCL1", "SMG7"]),
        ("LGI3", "up", ["vorinostat", "belinostat"]),
    ):
        rows = rows_of(found, gene=gene, direction=direction)
        by_fold = rows[rows["by"] == "fold_change"]
        assert by_fold["drug"].tolist() == expected
        assert set(rows["drug"]) == set(expected)
        assert not rows["disagree"].any()
        assert (
            (by_fold["low"] < by_fold["fold_change"]) & (by_fold["fold_change"] < by_fold["high"])
        ).all()
        assert (np.sign(by_fold["low"]) == np.sign(by_fold["high"])).all()


def test_the_strongest_gene_has_rank_one_and_equal_ones_stand_in_order():
    ranks = rank_genes(np.array([[0.1, 0.9, -0.4], [0.0, 0.0, 1.0]]))
    assert ranks.tolist() == [[2, 1, 3], [2, 3, 1]]


def test_signatures_are_gathered_in_blocks_with_names_of_their_own(monkeypatch):
    monkeypatch.setattr(gene_search, "SIGNATURES_AT_ONCE", 2)
    facts = {"batch": "B_6H", "cell": "A375", "drug": "D", "type": "trt_cp", "time": 6.0}
    scores = Scores(np.arange(3.0), np.ones(3, np.float32), None)
    blocks = list(gather([(facts | {"dose": dose}, scores) for dose in (1.0, 10.0, np.nan)]))
    assert [len(block.table) for block in blocks] == [2, 1]
    names = [*blocks[0].table["signature"], *blocks[1].table["signature"]]
    assert names == [f"B_6H:A375:D:trt_cp:6h{dose}" for dose in (":1um", ":10um", "")]
    assert blocks[0].fold_change.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert np.isnan(blocks[0].margin).all()
    assert name_signature(facts | {"dose": 0.04}) == "B_6H:A375:D:trt_cp:6h:0.04um"


@pytest.mark.parametrize(
    ("blocks", "genes", "named"),
    [
        ([], GENES, "no signature"),
        ([a_block()], GENES[:-1], "list of genes"),
        ([a_block(), a_block()], GENES, "stand twice"),
    ],
)
def test_what_cannot_be_searched_is_named(blocks, genes, named):
    with pytest.raises(LacunaError, match=named):
        search_genes(blocks, genes)


def test_metadata_may_not_be_called_as_what_is_found():
    block = a_block()
    block.table["rank"] = 1
    with pytest.raises(LacunaError, match="columns 'rank'"):
        search_genes([block], GENES)


def test_parquet_and_text_hold_the_same_and_are_equal_files_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(gene_search, "GENES_AT_ONCE", 4)
    block = a_block()
    block.table["name"] = None
    block.table.loc[29, "name"] = "only the last"
    search = search_genes([block], GENES, top=3)
    whole = pd.concat(search.tables(), ignore_index=True)
    for run in "ab":
        paths = [tmp_path / f"{run}.parquet", tmp_path / f"{run}.tsv.gz"]
        write_search(search.tables(), *paths)
    for ending in ("parquet", "tsv.gz"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4
    read = pq.read_table(tmp_path / "a.parquet").to_pandas()
    pd.testing.assert_frame_equal(read, whole)
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    text = gzip.decompress((tmp_path / "a.tsv.gz").read_bytes()).decode().splitlines()
    assert len(text) == len(whole) + 1
    assert text[0].split("\t") == list(whole.columns)
    write_search(search.tables(), tmp_path / "c.parquet", tmp_path / "c.tsv")
    assert (tmp_path / "c.tsv").read_text().splitlines() == text
    again = pd.read_csv(tmp_path / "c.tsv", sep="\t")
    floats = whole.select_dtypes("floating").columns
    np.testing.assert_allclose(again[floats], whole[floats], rtol=1e-5)
    assert again["name"].dropna().tolist() == whole["name"].dropna().tolist()
    flags = whole.select_dtypes("bool").columns
    pd.testing.assert_frame_equal(again[flags], whole[flags])


def test_floats_for_people_have_six_digits():
    values = np.array([0.0, 1 / 3, -2 / 3 * 1e-9, 123456789.0, 9.9999999, np.nan])
    made = [repr(float(value)) for value in _six_digits(values)]
    assert made == ["0.0", "0.333333", "-6.66667e-10", "123457000.0", "10.0", "nan"]


def test_a_search_that_breaks_off_leaves_no_file(tmp_path):
    def tables():
        yield from search_genes([a_block()], GENES).tables()
        raise LacunaError("broken off")

    for given in (tables(), []):
        with pytest.raises(LacunaError):
            write_search(given, tmp_path / "a.parquet", tmp_path / "a.tsv")
        assert not list(tmp_path.iterdir())


def test_a_volcano_has_each_signature_once_and_only_those_asked_for():
    block = a_block()
    search = search_genes([block], GENES, top=4)
    whole = pd.concat(search.tables())
    points = volcano_points(search.tables(), ["G7", "G2"])
    assert points["gene"].unique().tolist() == ["G7", "G2"]
    assert not points.duplicated(["gene", "signature"]).any()
    for gene, rows in points.groupby("gene"):
        of_gene = whole[whole["gene"] == gene]
        assert set(rows["signature"]) == set(of_gene["signature"])
        best = of_gene.groupby("signature")["place"].min()
        assert rows.set_index("signature")["best_place"].to_dict() == best.to_dict()
    some = volcano_points(search.tables(), ["G7"], cells=["MCF7"], types=["trt_xpr"])
    assert set(some["cell"]) == {"MCF7"}
    assert set(some["type"]) == {"trt_xpr"}
    with pytest.raises(LacunaError, match=r"no gene 'G77' \(did you mean"):
        volcano_points(search.tables(), ["G77"])


def test_a_target_is_ranked_among_the_lowered_genes_before_and_after():
    before = TargetScores(np.array([[-3.0, 0, 1], [2, 0, 1], [0, 0, 1]]), ["A", "B", "C"])
    after = TargetScores(np.array([[0, 1, 2, 3, -4.0]] * 3), ["A", "B", "C", "D", "E"])
    found = rank_targets(["s1", "s2", "s3"], ["A", "A", "E"], before, after)
    assert list(found.columns) == TARGETS
    assert found["rank_before"].tolist()[:2] == [1, 3]
    assert np.isnan(found["rank_before"].iloc[2])
    assert found["rank_after"].tolist() == [2, 2, 1]
    assert found["share_before"].tolist()[:2] == [0, 1]
    assert found["share_after"].tolist() == [0.25, 0.25, 0]
    tied = rank_targets(
        ["s3"],
        ["B"],
        TargetScores(before.score[2:], before.genes),
        TargetScores(after.score[:1], after.genes),
    )
    assert tied["rank_before"].tolist() == [1.5]
    with pytest.raises(LacunaError, match="2 targets for 3 signatures"):
        rank_targets(["s1", "s2", "s3"], ["A", "B"], before, after)
