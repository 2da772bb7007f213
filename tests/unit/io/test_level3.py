"""Level 3 is told from other levels and scales, and its landmarks are found by symbol."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_genes, unpack
from lacuna.io.level3 import open_level3

GENES = pd.DataFrame(
    {
        "gene": [str(number) for number in range(100, 120)],
        "symbol": [f"S{number}" for number in range(20)],
        "landmark": [number < 10 for number in range(20)],
    }
)


def expression(wells=40, genes=20, seed=0):
    return np.random.default_rng(seed).uniform(2.5, 15, (wells, genes)).astype(np.float32)


@pytest.fixture
def opened(tmp_path):
    """A function that writes wells x genes and opens them; rows stand in reverse in the file."""
    made = []

    def open_values(values, genes=GENES):
        rows = genes["gene"].iloc[: values.shape[1]]
        wells = pd.DataFrame(index=[f"w{number}" for number in range(len(values))])
        path = tmp_path / f"{len(made)}.gctx"
        write_gctx(path, values[:, ::-1], pd.DataFrame(index=rows[::-1]), wells)
        made.append(Gctx(path))
        return made[-1]

    yield open_values
    for one in made:
        one.__exit__()


def whole(level3, *args, **options):
    return np.vstack([values for _, values in level3.blocks(*args, **options)])


def test_landmarks_are_found_by_symbol_whatever_the_order_of_rows(opened):
    values = expression()
    level3 = open_level3(opened(values), GENES)
    assert list(level3.rows.index) == [f"S{number}" for number in range(10)]
    np.testing.assert_array_equal(whole(level3, at_once=7), values[:, :10])
    np.testing.assert_array_equal(whole(level3, ["w5", "w2"]), values[[5, 2], :10])


def test_genes_come_in_the_order_wanted_and_missing_ones_are_listed(opened):
    values = expression()
    wanted = ["S13", "S2", "X", "S0", "S7"]
    level3 = open_level3(opened(values), GENES, wanted)
    assert (list(level3.rows.index), list(level3.missing)) == (["S13", "S2", "S0", "S7"], ["X"])
    np.testing.assert_array_equal(whole(level3), values[:, [13, 2, 0, 7]])


def test_fewer_than_80_percent_of_the_landmarks_are_refused(opened):
    open_level3(opened(expression(genes=8)), GENES)
    with pytest.raises(LacunaError, match=r"7 of the 10 landmark genes.*3 are missing .'S7', 'S8'"):
        open_level3(opened(expression(genes=7)), GENES)


def zeros(share):
    values = expression()
    values.ravel()[: int(share * values.size)] = 0
    return values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (expression() - 9, "are signatures .Level 5. or z-scores"),
        (expression() - expression().mean(axis=0), "are signatures .Level 5."),
        (2 ** expression(), "above 16.: expression before the logarithm"),
        (expression() * np.log10(2), "99 % of its values are below 4"),
        (expression() * np.log(2) * 0.9, "another logarithm, or RNA-seq"),
        (zeros(0.2), "% of its values are exactly 0"),
    ],
)
def test_another_level_or_scale_is_refused_by_name(opened, values, said):
    matrix = opened(np.asarray(values, np.float32))
    with pytest.raises(LacunaError, match=said) as error:
        open_level3(matrix, GENES)
    assert str(matrix.path) in str(error.value)
    assert "expected Level 3" in str(error.value)


@pytest.mark.parametrize(("value", "said"), [(-0.5, "a few values are negative"), (16.5, "16.5")])
def test_one_value_out_of_bounds_is_found_in_the_block_it_stands_in(opened, value, said):
    values = expression(wells=1100)
    values[1098, 3] = value  # not among the 1,000 wells that are looked at first
    level3 = open_level3(opened(values), GENES)
    with pytest.raises(LacunaError, match=said) as error:
        whole(level3)
    assert "well 'w1098', gene 'S3'" in str(error.value)


def test_rows_that_gene_info_does_not_know_are_refused(opened):
    with pytest.raises(LacunaError, match="none of its 20 rows"):
        open_level3(opened(expression()), GENES.assign(gene=GENES["symbol"]))


def test_a_symbol_of_two_rows_is_refused(opened):
    with pytest.raises(LacunaError, match="'S0' stand for more than one row"):
        open_level3(opened(expression()), GENES.assign(symbol=["S0", *GENES["symbol"][:19]]))


def test_real_wells_pass_and_real_signatures_do_not(shared_data, tmp_path):
    mini = "lincs-mini/MINI_Broad_LINCS_Level3_INF_mlr12k_n1429x978.gctx.gz"
    unpack(shared_data / mini, tmp_path / "mini.gctx")
    genes = read_genes(shared_data / "genes/GSE92742_Broad_LINCS_gene_info.txt.gz")
    cells = shared_data / "lincs-cells"
    for path in (tmp_path / "mini.gctx", cells / "LINCS2020_baseline_n165x978.gctx"):
        with Gctx(path) as matrix:
            level3 = open_level3(matrix, genes)
            assert (len(level3.rows), len(level3.missing)) == (978, 0)
            assert len(whole(level3)) == len(matrix.columns)
    for path in (
        cells / "TSG_Level5_diff_n100x978.gctx",
        shared_data / "tahoe-ranks/TAHOE24_Level5_ranks_n2492x978.gctx",
        shared_data / "drug-consensus/DRUGBANK_consensus_n1170x978.gctx",
    ):
        with Gctx(path) as matrix, pytest.raises(LacunaError, match=r"signatures \(Level 5\)"):
            open_level3(matrix, genes)
