"""Who is meant by a name, and what is said where nobody is."""

import pandas as pd
import pytest
from asked import ASPIRIN, RIGHT, small_index

from lacuna.errors import LacunaError
from lacuna.explore.names import (
    Dropped,
    find_cell,
    find_drug,
    find_gene,
    gene_names,
)
from lacuna.io.landmarks import landmarks


@pytest.fixture(scope="module")
def index():
    return small_index()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("BRD-1", 0),
        ("brd-1", 0),
        ("Vorinostat", 0),
        (" VORINOSTAT ", 0),
        ("BRD-20", 1),
        ("xyz-7", 1),
        ("WAEXFXRVDQXREF-UHFFFAOYSA-N", 0),
        ("waexfxrvdqxref-uhfffaoysa-n", 0),
        ("WAEXFXRVDQXREF", 0),
        ("AAAAAAAAAAAAAA-CCCCCCCCCC-N", 5),
        (ASPIRIN, 1),
        ("OC(=O)c1c(OC(C)=O)cccc1", 1),  # the same, written in another way
        ("[Na+].CC(=O)Oc1ccccc1C(=O)[O-]", 1),  # a salt of it
        ("C[C@H](N)C(=O)O", 3),
        ("OCC[N+](C)(C)C", 5),  # which the tensor has as a salt
    ],
)
def test_a_drug_is_found_by_whatever_it_is_called(index, text, position):
    assert find_drug(index, text) == position


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("twin", "drug 'twin' may be 'BRD-5', 'BRD-6'; ask for one of these."),
        ("AAAAAAAAAAAAAA", "drug 'AAAAAAAAAAAAAA' may be 'BRD-5', 'BRD-6'; ask for one of these."),
        (
            "vorinosta",
            "no drug 'vorinosta' (did you mean 'vorinostat'?) among the 6 of the tensor.",
        ),
        ("zzz", "no drug 'zzz' among the 6 of the tensor."),
        ("WAEWAEWAEWAEWA", "no drug 'WAEWAEWAEWAEWA' among the 6 of the tensor."),
        (
            RIGHT,
            f"none of the 6 drugs of the tensor has the structure {RIGHT}; 'BRD-4' differ in "
            "stereochemistry alone.",
        ),
        (
            "CCOCC",
            "none of the 6 drugs of the tensor has the structure CCOCC. `lacuna predict --smiles` "
            "predicts for structures that nobody measured.",
        ),
        (
            "CC(=O",
            "no drug is called 'CC(=O', and as a structure: SMILES that cannot be read.",
        ),
    ],
)
def test_who_cannot_be_told_is_said(index, text, said):
    with pytest.raises(LacunaError) as error:
        find_drug(index, text)
    assert str(error.value) == said
    assert not isinstance(error.value, Dropped)


@pytest.mark.parametrize("text", ["BRD-9", "Gone"])
def test_a_dropped_drug_says_at_which_step_and_by_which_numbers(index, text):
    with pytest.raises(Dropped) as error:
        find_drug(index, text)
    assert str(error.value) == (
        "drug BRD-9 (gone) was measured, and is not in the tensor: it fell out at the step 'ACD "
        "p-value at most 0.1': p-value 0.11 above 0.1 (of 20 experiments, 3 replicates, ACD 0.950)."
    )


def test_cells_are_found_and_told(index):
    assert [find_cell(index, text) for text in ("A375", "mcf7", "MCF-7", "V-CaP")] == [0, 1, 1, 2]
    with pytest.raises(Dropped, match=r"^cell HELA was measured, .* '.*per cell': 2 drugs"):
        find_cell(index, "hela")
    with pytest.raises(LacunaError) as error:
        find_cell(index, "MCF10")
    assert str(error.value) == (
        "no cell 'MCF10' (did you mean 'MCF7'?) among the 3 of the tensor: 'A375', 'MCF7', 'VCAP'."
    )


def test_genes_are_found_by_symbol_and_ids(index):
    ensembl = landmarks()["ensembl"][2]
    named = ("AARS", "aars", "16", "ABL1", ensembl, f"{ensembl}.14", ensembl.lower())
    assert [find_gene(index, text) for text in named] == [0, 0, 0, 2, 2, 2, 2]
    with pytest.raises(LacunaError) as error:
        find_gene(index, "ABL2")
    assert str(error.value).startswith("no gene 'ABL2' (did you mean 'BCL2' or 'ABL1'")
    said = "among the 40 of the tensor, such as 'AARS', 'ABCF1', 'ABL1' and 37 more."
    assert str(error.value).endswith(said)


def test_a_symbol_of_two_genes_is_none_and_ids_stand_for_missing_ones():
    genes = pd.DataFrame({"gene": ["a", "b", "c", "d"], "symbol": ["S", "S", "", "a"]})
    assert gene_names(genes) == {"a": 3, "b": 1, "c": 2, "d": 3}
