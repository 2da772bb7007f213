"""What lacks a partner is left out and counted; tables of another matrix are told."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.match import match, rows_of

FILES = {"inst_info": "wells.txt", "sig_info": "signatures.txt", "gene_info": "genes.txt"}
WELLS = [f"P_X1:A{number:02d}" for number in range(1, 11)]
GENES = [str(100 + number) for number in range(10)]


def wells_of(ids):
    return pd.DataFrame({"well": list(ids), "plate": [name.split(":")[0] for name in ids]})


def genes_of(ids, landmarks=None):
    symbols = [f"SYMBOL{gene}" for gene in ids]
    landmark = pd.Index(ids).isin(ids if landmarks is None else landmarks)
    return pd.DataFrame({"gene": list(ids), "symbol": symbols, "landmark": landmark})


@pytest.fixture
def matched(tmp_path):
    """Match a matrix of these columns and rows with tables of those wells and genes."""

    def of(columns=WELLS, rows=GENES, wells=WELLS, genes=GENES, landmarks=None, table=wells_of):
        path = tmp_path / "level3.gctx"
        values = np.ones((len(columns), len(rows)), np.float32)
        write_gctx(path, values, pd.DataFrame(index=rows), pd.DataFrame(index=columns))
        with Gctx(path) as matrix:
            return match(matrix, table(wells), genes_of(genes, landmarks), FILES)

    return of


def refused(matched, *said, **ids):
    with pytest.raises(LacunaError) as error:
        matched(**ids)
    for words in ("level3.gctx: ", *said):
        assert words in str(error.value), str(error.value)


def uses(found, counts):
    table = found.add_left_out(pd.DataFrame(counts)).set_index("use")
    return {column: table[column].dropna().to_dict() for column in table}


# What is left out


def test_where_all_match_nothing_is_left_out_and_nothing_is_said(matched, capsys):
    found = matched(columns=WELLS[::-1], rows=GENES[::-1])
    assert list(found.table["well"]) == WELLS  # in the order of the table
    assert list(found.genes) == GENES
    assert uses(found, {"use": ["compound"], "wells": 10, "plates": 1}) == {
        "wells": {"compound": 10},
        "plates": {"compound": 1},
        "genes": {"landmark gene": 10},
    }
    assert capsys.readouterr().out == ""


def test_what_lacks_a_partner_is_left_out_counted_and_named_once(matched, capsys):
    found = matched(
        columns=[*WELLS[2:], "other"],
        rows=[*GENES[3:], "no gene", "-666"],
        wells=[*WELLS, "Q_X1:A01"],
        genes=[*GENES, "7849", "7850"],
        landmarks=GENES,
    )
    assert list(found.table["well"]) == WELLS[2:]
    assert list(found.table.index) == list(range(8))
    assert list(found.genes) == GENES[3:]
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4
    for line, words in zip(
        said,
        (
            "3 of 11 rows of inst_info (wells.txt) have no column in the matrix; they are left "
            "out: 'P_X1:A01', 'P_X1:A02', 'Q_X1:A01'.",
            "1 of 9 columns of the matrix have no row in inst_info (wells.txt); they are left "
            "out: 'other'.",
            "3 of 10 landmark genes (pr_is_lm 1) of gene_info (genes.txt) are no row of the "
            "matrix; they are left out: '100', '101', '102'.",
            "2 of 9 rows of the matrix are no pr_gene_id of gene_info (genes.txt); they are left "
            "out: 'no gene', '-666'.",
        ),
        strict=True,
    ):
        assert line.endswith(f"level3.gctx: {words}"), line


def test_wells_and_genes_add_up_to_all_of_matrix_and_tables(matched):
    columns, rows = [*WELLS[2:], "other"], [*GENES[3:], "7849", "no gene"]
    wells, genes = [*WELLS, "Q_X1:A01"], [*GENES, "7849"]
    found = matched(columns, rows, wells, genes, landmarks=GENES)
    counted = uses(found, {"use": ["compound", "vehicle"], "wells": [5, 3], "plates": [1, 1]})
    assert counted["wells"] == {
        "compound": 5,
        "vehicle": 3,
        "left out: no column in the matrix": 3,
        "left out: no row in inst_info": 1,
    }
    assert sum(counted["wells"].values()) == len({*columns, *wells})
    assert counted["plates"]["left out: no column in the matrix"] == 2
    assert counted["genes"] == {
        "landmark gene": 7,
        "left out: no landmark gene": 1,
        "left out: landmark gene, no row of the matrix": 3,
        "left out: no gene of gene_info": 1,
    }
    assert sum(counted["genes"].values()) == len({*rows, *GENES})


def test_signatures_are_matched_and_counted_in_the_same_way(matched, capsys):
    found = matched(columns=WELLS[1:], table=lambda ids: pd.DataFrame({"signature": list(ids)}))
    assert list(found.table["signature"]) == WELLS[1:]
    assert "1 of 10 rows of sig_info (signatures.txt) have no column" in capsys.readouterr().out
    counted = uses(found, {"use": ["compound"], "signatures": [9]})
    assert counted["signatures"] == {"compound": 9, "left out: no column in the matrix": 1}


def test_what_a_table_of_uses_holds_are_whole_numbers(matched):
    counts = pd.DataFrame({"use": ["compound"], "wells": [9], "plates": [1]})
    text = matched(columns=WELLS[1:]).add_left_out(counts).to_csv(sep="\t", index=False)
    assert text.splitlines() == [
        "use\twells\tplates\tgenes",
        "compound\t9\t1\t",
        "left out: no column in the matrix\t1\t1\t",
        "landmark gene\t\t\t10",
    ]


# The limit


@pytest.mark.parametrize(
    ("side", "own"), [("columns", WELLS), ("wells", WELLS), ("rows", GENES), ("genes", GENES)]
)
def test_either_side_may_be_a_small_part_of_the_other(matched, side, own):
    few, many = own[:2], [*own, *(f"more{number}" for number in range(90))]
    for ids in (few, many):
        found = matched(**{side: ids})
        expected = [len(few) if ids is few and own is which else 10 for which in (WELLS, GENES)]
        assert [len(found.table), len(found.genes)] == expected


@pytest.mark.parametrize(
    ("side", "own"), [("columns", WELLS), ("wells", WELLS), ("rows", GENES), ("genes", GENES)]
)
def test_half_of_the_smaller_side_is_to_have_a_partner(matched, side, own):
    half = [*own[:5], *(f"x{number}" for number in range(5))]
    found = matched(**{side: half})
    assert min(len(found.table), len(found.genes)) == 5
    less = [*own[:4], *(f"x{number}" for number in range(6))]
    refused(matched, "6 of 10", "Less than half of the smaller side", **{side: less})


def test_tables_of_another_data_set_are_refused_with_examples_side_by_side(matched):
    refused(
        matched,
        "10 of 10 rows of inst_info (wells.txt) have no column in the matrix. "
        "10 of 10 columns of the matrix have no row in inst_info (wells.txt).",
        "The table says 'P_X1:A01', 'P_X1:A02', 'P_X1:A03', the matrix 'x1', 'x2', 'x3'.",
        "Take both from the same series",
        columns=[f"x{number}" for number in range(1, 11)],
    )


def test_an_empty_table_is_told(matched):
    refused(matched, "The table says nothing, the matrix 'P_X1:A01'", wells=[])


# In what ids differ


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (str.lower, "10 of them differ in upper and lower case or blanks alone ('P_X1:A01', in "),
        (lambda name: f" {name} ", "differ in upper and lower case or blanks alone"),
        (lambda name: name.replace(":", "."), "differ in punctuation or case alone"),
        (lambda name: f"MINE_{name}", "In the matrix, 'MINE_' stands before 10 of them."),
        (lambda name: f"{name}_x", "In the matrix, '_x' stands behind 10 of them."),
        (lambda name: name.removeprefix("P_"), "In the table, 'P_' stands before 10 of them."),
    ],
)
def test_ids_that_differ_in_form_alone_are_told(matched, change, said):
    refused(matched, said, columns=[change(name) for name in WELLS])


def test_a_few_ids_in_another_case_are_left_out_and_told(matched, capsys):
    found = matched(columns=[*WELLS[:8], *(name.lower() for name in WELLS[8:])])
    assert len(found.table) == 8
    assert "2 of them differ in upper and lower case" in capsys.readouterr().out


def test_a_transposed_matrix_is_told(matched):
    refused(matched, "its rows are the ids of inst_info", "transposed", columns=GENES, rows=WELLS)


def test_symbols_in_place_of_ids_are_told(matched):
    refused(matched, "10 are symbols (pr_gene_symbol)", rows=[f"SYMBOL{gene}" for gene in GENES])


@pytest.mark.parametrize(
    "odd", ["", "\x00", "=1+1", "'; DROP TABLE", "x" * 10_000, "nan", "(", "\\"]
)
def test_odd_ids_are_left_out_like_others(matched, capsys, odd):
    columns = [*WELLS, odd or " "]
    if "\x00" in odd:
        columns = WELLS  # HDF5 ends a text there
    found = matched(columns=columns, rows=[*GENES, odd.replace("\x00", "") or "_"])
    assert (len(found.table), len(found.genes)) == (10, 10)
    assert len(capsys.readouterr().out.splitlines()) == 1 + (columns is not WELLS)


@pytest.mark.parametrize("odd", ["a\tb\n", "\x85", "\u202eevil"])
@pytest.mark.parametrize(("side", "own"), [("columns", WELLS), ("rows", GENES)])
def test_ids_that_hold_control_characters_are_refused(matched, side, own, odd):
    refused(matched, f"1 of 11 {side[:-1]} ids are empty, or hold control", **{side: [*own, odd]})


# Where each well must be known


def test_wells_are_given_in_the_order_of_columns_or_the_unknown_ones_are_named(tmp_path):
    path = tmp_path / "level3.gctx"
    index = pd.DataFrame(index=WELLS[:3])
    write_gctx(path, np.ones((3, 1), np.float32), pd.DataFrame(index=["1"]), index)
    with Gctx(path) as matrix:
        assert list(rows_of(matrix, wells_of(WELLS[::-1]), "w.txt").index) == WELLS[:3]
        with pytest.raises(LacunaError, match=r"1 columns have no row in inst_info \(w\.txt\)"):
            rows_of(matrix, wells_of(WELLS[1:]), "w.txt")
