"""The index of a product, against the product, whole or not at all."""

import dataclasses

import h5py
import numpy as np
import pandas as pd
import pytest
from damage import cut_short, empty
from hypothesis import given, settings
from hypothesis import strategies as st
from indexed import FACTS, planted, product_of, write_index
from promises import reads_or_refuses
from strategies import hdf5_change

from lacuna.completion.tiers import TIERS
from lacuna.errors import DamagedFile, LacunaError
from lacuna.explore import build
from lacuna.explore.index import Index
from lacuna.io.landmarks import landmarks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("index")
    write_index(made, *planted(drugs=10, cells=4))
    return made


@pytest.fixture(scope="module")
def tensor():
    return planted(drugs=10, cells=4)[0]


@pytest.fixture
def opened(folder):
    with Index.open(folder / "index.h5") as found:
        yield found


def test_units_and_ranks_are_those_of_every_profile(opened, folder):
    profiles = product_of(folder).astype(float)
    lengths = np.linalg.norm(profiles, axis=1)
    assert lengths.min() < 0.9  # predictions are shorter
    assert opened.units.dtype == np.float32
    assert opened.ranks.dtype == np.uint16
    for position, profile in enumerate(profiles):
        unit = profile / lengths[position]
        assert np.allclose(opened.unit_profile(position), unit, atol=1e-6)
        order = sorted(range(len(unit)), key=lambda gene: -unit[gene])
        assert [int(opened.ranks[gene, position]) for gene in order] == list(range(len(unit)))
    assert np.allclose(opened.values_of(7), (profiles / lengths[:, None])[:, 7], atol=1e-6)


def test_rows_go_by_drug_then_cell_as_the_product_does(opened, tensor):
    table = opened.profiles
    pairs = [(drug, cell) for drug in range(10) for cell in range(4)]
    assert list(zip(table["drug"], table["cell"], strict=True)) == pairs
    assert (table["source"] == "measured").tolist() == tensor.measured.ravel().tolist()
    assert opened.stratum.tolist() == [
        2 * cell + (not tensor.measured[drug, cell]) for drug, cell in pairs
    ]
    assert opened.find("name d3", "C2") == pairs.index((3, 2))
    with pytest.raises(LacunaError, match=r"index\.h5: no drug 'name d33' \(did you mean"):
        opened.find("name d33", "c2")


def test_drugs_and_cells_say_what_is_known_of_them(opened, tensor):
    drugs, cells = opened.drugs, opened.cells
    assert drugs["drug"].tolist() == tensor.drugs.tolist()
    assert drugs["moa"].tolist() == [f"mechanism {number % 4}" for number in range(10)]
    assert set(drugs["targets"]) == {"T1; T2"}
    assert set(drugs["inchi_key"]) == set(drugs["atc"]) == {""}
    assert drugs["measured"].tolist() == tensor.measured.sum(axis=1).tolist()
    assert cells["measured"].tolist() == tensor.measured.sum(axis=0).tolist()
    r = np.linspace(0, 1, len(tensor))
    for axis, table in (("drug", drugs), ("cell", cells)):
        for number, row in table.iterrows():
            mine = r[getattr(tensor, axis) == number]
            assert row["held_out_r"] == pytest.approx(mine.mean())
    assert drugs["held_out"].sum() == len(tensor)
    assert drugs["held_out"].dtype.kind == "i"
    assert opened.dropped["drug"].tolist() == ["lost"]
    assert opened.dropped["dose"].isna().all()
    assert (opened.dataset, opened.method, opened.method_label) == ("toy", "kernel", "Kernel")
    assert opened.facts == FACTS


def test_what_is_not_known_is_empty(tmp_path):
    path = write_index(tmp_path, *planted(drugs=5, cells=3), labels=None, held_out=None)
    with Index.open(path) as found:
        assert found.drugs["held_out_r"].isna().all()
        assert found.drugs["held_out"].tolist() == [0] * 5
        assert (found.drugs[["atc", "moa", "targets"]] == "").all(axis=None)
        assert found.profiles["stderr"].isna().all()


def test_a_tie_goes_to_the_first_gene():
    ranks = build.rank_rows(np.array([[0, 2, 0, -1, 2]], np.float32))
    assert ranks.tolist() == [[2, 0, 3, 4, 1]]


def test_numbers_and_words_of_a_profile_are_those_of_the_product():
    columns = pd.DataFrame(
        {
            "source": ["measured", "predicted", "predicted", "predicted"],
            "fallback": [0, 1, 0, 0],
            "norm": [1, 0.5, 0.25, 0.125],
            "stderr": [-666, 0.1, -666, -666],
            "replicates": [3, -666, -666, 2],
            "acd": [0.5, -666, -666, -666],
            "expected_r": [0.95, -666, 0.25, 0.5],
            "tier": ["excellent", "", "poor", "a word of tomorrow"],
        }
    )
    profiles, words = build.describe_profiles(columns)
    assert profiles["predicted"].tolist() == [False, True, True, True]
    assert profiles["fallback"].tolist() == [False, True, False, False]
    assert profiles["norm"].tolist() == [1, 0.5, 0.25, 0.125]
    assert profiles["stderr"].isna().tolist() == [True, False, True, True]
    assert profiles["replicates"].fillna(0).tolist() == [3, 0, 0, 2]
    assert profiles["acd"].isna().tolist() == [False, True, True, True]
    assert profiles["expected_r"].fillna(-1).tolist() == pytest.approx([0.95, -1, 0.25, 0.5])
    assert words[profiles["tier"]].tolist() == ["excellent", "", "poor", ""]
    assert words.tolist() == [*(tier.name for tier in TIERS), ""]


def test_landmarks_without_symbols_get_theirs(tmp_path):
    tensor, predicted = planted(drugs=5, cells=3)
    landmark = dataclasses.replace(
        tensor, genes=landmarks()["entrez"].to_numpy()[: len(tensor.genes)]
    )
    path = write_index(tmp_path, landmark, predicted, symbols="")
    with Index.open(path) as found:
        assert found.genes["symbol"].tolist() == landmarks()["symbol"].tolist()[:40]


@pytest.mark.parametrize("at_once", [1, 5, 9, 1000])
def test_the_file_does_not_depend_on_the_blocks(folder, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(build, "AT_ONCE", at_once)
    again = write_index(tmp_path, *planted(drugs=10, cells=4))
    assert again.read_bytes() == (folder / "index.h5").read_bytes()


def test_another_seed_judges_by_other_queries_and_changes_nothing_else(folder, tmp_path):
    other = write_index(tmp_path, *planted(drugs=10, cells=4), rng=np.random.default_rng(2))
    with Index.open(other) as changed, Index.open(folder / "index.h5") as found:
        assert np.array_equal(changed.units, found.units)
        assert not np.array_equal(changed.null["null_random"], found.null["null_random"])


def test_a_profile_without_length_is_0(tmp_path):
    tensor, predicted = planted(drugs=10, cells=4)
    predicted[0] = 0
    gap = np.ravel_multi_index(tuple(tensor.missing_pairs[0]), tensor.measured.shape)
    with Index.open(write_index(tmp_path, tensor, predicted)) as found:
        assert not found.unit_profile(gap).any()
        assert found.ranks[:, gap].tolist() == list(range(len(tensor.genes)))


def test_too_many_genes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "MOST_GENES", 40)
    with pytest.raises(LacunaError, match=r"product\.gctx: has 40 genes.*at most 39"):
        write_index(tmp_path, *planted(drugs=5, cells=3))
    assert not (tmp_path / "index.h5").exists()


# What a file may hold


@pytest.mark.fault("damage the index of a product", "refused by name")
@pytest.mark.parametrize("spoil", [cut_short, empty])
def test_a_damaged_index_is_refused(folder, tmp_path, spoil):
    path = tmp_path / "index.h5"
    path.write_bytes(spoil((folder / "index.h5").read_bytes()))
    with pytest.raises(DamagedFile, match=r"index\.h5: cannot be read"):
        Index.open(path)


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(LacunaError, match=r"index\.h5: no such file"):
        Index.open(tmp_path / "index.h5")


@pytest.mark.fault("change a byte of a mapped array of the index", "its genes are refused")
@pytest.mark.parametrize("name", ["units", "ranks"])
def test_a_changed_byte_is_noticed_where_it_is_read(folder, tmp_path, name):
    path = tmp_path / "index.h5"
    data = bytearray((folder / "index.h5").read_bytes())
    with h5py.File(folder / "index.h5") as file:
        row = file[name].id.get_offset() + 3 * file[name][0].nbytes
    data[row + 5] ^= 1
    path.write_bytes(data)
    with Index.open(path) as found:
        with pytest.raises(DamagedFile, match=f"{name} of gene 'g3' are damaged"):
            found.check(range(40), ["units", "ranks"])
        found.check([0, 1, 2, 4], ["units", "ranks"])


def rewrite(source, path, change):
    """Copy an index, and change the copy."""
    path.write_bytes(source.read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)


def replace(file, name, values):
    del file[name]
    file[name] = values


@pytest.mark.fault("give an index another layout", "refused by name")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.__delitem__("ranks"), "no 'ranks'"),
        (lambda file: file.create_group("more"), "unexpected 'more'"),
        (lambda file: replace(file, "units", file["units"][:, 1:]), "units holds float32 in"),
        (lambda file: replace(file, "units", file["units"][:].astype(float)), "float64"),
        (lambda file: replace(file, "units_sums", file["units_sums"][1:]), "has its checksums"),
        (lambda file: replace(file, "drugs/drug", file["drugs/drug"][1:]), ""),
        (lambda file: file["profiles"].__delitem__("norm"), "profiles has the columns"),
        (lambda file: replace(file, "profiles/tier", np.full(40, 9)), ""),
        (lambda file: file["facts/fact"].__setitem__(0, b"other"), "its facts lack dataset"),
        (lambda file: replace(file, "null_levels", file["null_levels"][:, 1:]), "null_levels has"),
    ],
)
def test_another_layout_is_refused(folder, tmp_path, change, said):
    path = tmp_path / "index.h5"
    rewrite(folder / "index.h5", path, change)
    with pytest.raises(DamagedFile, match=rf"index\.h5: cannot be read.*{said}"):
        Index.open(path)


@pytest.mark.fault("lay an array of the index out in chunks or compressed", "refused by name")
def test_an_array_in_pieces_is_refused(folder, tmp_path):
    def chunked(file):
        values = file["units"][:]
        del file["units"]
        file.create_dataset("units", data=values, chunks=(4, 4), compression="gzip")

    rewrite(folder / "index.h5", tmp_path / "index.h5", chunked)
    with pytest.raises(DamagedFile, match="does not lie in one piece"):
        Index.open(tmp_path / "index.h5")


def read(path):
    with Index.open(path) as found:
        assert found.units.shape == found.ranks.shape == (40, 40)
        found.check(range(40), ["units", "ranks"])
        assert len(found.profiles) == len(found.stratum) == 40


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_change_is_read_or_refused(folder, tmp_path_factory, data):
    bytes_of_index = (folder / "index.h5").read_bytes()
    path = tmp_path_factory.mktemp("changed") / "index.h5"
    at = data.draw(st.integers(0, len(bytes_of_index) - 1))
    changed = bytearray(bytes_of_index)
    changed[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    reads_or_refuses(read, path)


@settings(max_examples=40, deadline=None)
@given(change=hdf5_change())
def test_any_other_content_is_read_or_refused(folder, tmp_path_factory, change):
    path = tmp_path_factory.mktemp("changed") / "index.h5"
    rewrite(folder / "index.h5", path, change)
    reads_or_refuses(read, path)
