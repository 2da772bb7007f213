"""Targets of single cells are of one layout each, and have what it needs."""

import pytest

from lacuna.acquire.checks import check
from lacuna.errors import LacunaError

COLUMNS = {"drug": "product_name", "line": "cell_type", "smiles": "SMILES"}
CELLS = {"expression": "c.h5ad", "scale": "counts", "columns": COLUMNS}
RANKS = {"ranks": "r.npz", "structures": "d.tsv"}
SIGNATURES = {
    **{"level5": "s.gctx", "sig_info": "s.txt"},
    **{"pert_info": "p.txt", "gene_info": "g.txt"},
}
WITHOUT_SMILES = CELLS | {"columns": {"drug": "d", "line": "l", "smiles": None}}


def checked(cells=None, vectors=None, series=None, unreplicated="keep"):
    source = "files" if series or cells else "simulator"
    block = {"source": source, "series": series or {}}
    block |= {"cells": cells or {}, "vectors": vectors or {}}
    check({"acquire": block, "tensor": {"unreplicated": unreplicated}})


PLATES = {"level3": "p.gctx", "inst_info": "i", "pert_info": "p", "gene_info": "g"}


def test_a_series_is_of_one_kind():
    ready = {"level5": "s.gctx", "sig_info": "s"}
    checked(series={"a": PLATES, "b": ready, "c": {"tensor": "large.mat"}}, unreplicated="keep")
    for files in ({}, {"pert_info": "p"}, PLATES | ready, ready | {"tensor": "large.mat"}):
        with pytest.raises(LacunaError, match="acquire: series: mine: expected one of level3"):
            checked(series={"mine": files})


def test_a_tensor_is_not_dropped_for_want_of_p_values():
    with pytest.raises(LacunaError, match=r"series: mine: tensor: .*Set it to keep"):
        checked(series={"mine": {"tensor": "large.mat"}}, unreplicated="drop")
    checked(series={"mine": PLATES}, unreplicated="drop")


@pytest.mark.parametrize(
    "target",
    [
        CELLS,
        CELLS | {"layer": "counts", "unit": "nM", "control": "Vehicle", "structures": "d.tsv"},
        WITHOUT_SMILES,  # drugs of unknown structure: a vector is learnt for each
        WITHOUT_SMILES | {"structures": "d.tsv"},
        RANKS,
        SIGNATURES,
    ],
)
def test_each_layout_passes(target):
    checked({"mine": target})


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({}, "mine: has none of these; expected one of expression"),
        ({"structures": "d.tsv"}, "mine: has none of these"),
        (CELLS | RANKS, "has expression, ranks; expected one of"),
        ({"expression": "c.h5ad", "columns": COLUMNS}, "expression needs scale, too"),
        ({"expression": "c.h5ad", "scale": "counts"}, "expression needs columns, too"),
        ({"ranks": "r.npz"}, "ranks needs structures, too"),
        ({"level5": "s.gctx", "pert_info": "p"}, "level5 needs sig_info, gene_info, too"),
        (SIGNATURES | {"structures": "d"}, "structures beside level5"),
        (CELLS | {"sig_info": "s"}, "sig_info beside expression"),
    ],
)
def test_what_is_wrong_with_a_target_is_named(target, said):
    with pytest.raises(LacunaError) as raised:
        checked({"mine": target})
    message = str(raised.value).replace("'", "")
    assert message.startswith("acquire: cells: mine: ")
    assert said in message


def test_vectors_are_of_a_known_format():
    checked(vectors={"a": "a.parquet", "b": "b.tsv", "c": "c.tsv.gz"})
    with pytest.raises(LacunaError, match=r"acquire: vectors: d: d\.csv; .*parquet"):
        checked(vectors={"a": "a.parquet", "d": "d.csv"})
