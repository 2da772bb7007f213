"""The product as its readers see it, against what was written."""

import doctest

import numpy as np
import pandas as pd
import pytest
from toy import GENES, at, axes_of, clustered, grid, replicated

from lacuna.completion import completed
from lacuna.completion.completed import CompletedTensor
from lacuna.completion.interface import Completion
from lacuna.completion.tiers import tier_of
from lacuna.completion.writer import write_completed
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.gctx import write_gctx
from lacuna.tensor.profiles import ProfileSet


def predictions(tensor, seed=0, **known):
    rng = np.random.default_rng(seed)
    shape = (len(tensor.missing_pairs), len(tensor.genes))
    return Completion(rng.normal(size=shape).astype(np.float32), **known)


def write(path, tensor, completion, **changed):
    write_completed(path, tensor, [completion], **{**axes_of(tensor), **changed})
    return path


@pytest.fixture
def tensor():
    return replicated(clustered(drugs=6, cells=4))


def test_every_place_holds_what_was_measured_or_predicted(tensor, tmp_path):
    missing = tensor.missing_pairs
    stderr = np.linspace(0.1, 0.2, len(missing), dtype=np.float32)
    fallback = np.arange(len(missing)) % 2 == 0
    completion = predictions(tensor, stderr=stderr, fallback=fallback)
    product = CompletedTensor.open(write(tmp_path / "a.gctx", tensor, completion))
    for number, (drug, cell) in enumerate(tensor.pairs):
        found = product.profile(f"d{drug}", f"c{cell}")
        assert (found.source, found.stderr, found.fallback) == ("measured", None, False)
        assert (found.replicates, found.acd) == (number, 0.25)
        # Two measurements of one truth correlate by the share that is no noise.
        assert found.expected_r == pytest.approx(number / len(tensor))
        assert found.tier == tier_of(np.array([number / len(tensor)]))[0]
        assert np.array_equal(found.values, at(tensor, drug, cell).astype(np.float32))
    for number, (drug, cell) in enumerate(missing):
        found = product.profile(f"d{drug}", f"c{cell}")
        assert (found.drug, found.cell) == (f"d{drug}", f"c{cell}")
        assert (found.source, found.replicates, found.acd) == ("predicted", None, None)
        assert (found.expected_r, found.tier) == (None, "")
        assert found.stderr == pytest.approx(stderr[number])
        assert found.fallback == fallback[number]
        assert np.array_equal(found.values, completion.profiles[number])


def test_errors_of_every_gene_are_averaged_and_none_are_none(tensor, tmp_path):
    drug, cell = tensor.missing_pairs[-1]
    errors = np.ones((len(tensor.missing_pairs), GENES), dtype=np.float32)
    errors[-1, 0] = 1 + GENES
    for stderr, expected in ((errors, 2), (None, None)):
        path = write(tmp_path / "a.gctx", tensor, predictions(tensor, stderr=stderr))
        assert CompletedTensor.open(path).profile(f"d{drug}", f"c{cell}").stderr == expected


def test_a_profile_that_was_not_replicated_has_no_acd_and_no_expectation(tensor, tmp_path):
    tensor.reliability[["acd", "signal"]] = np.nan
    path = write(tmp_path / "a.gctx", tensor, predictions(tensor))
    drug, cell = tensor.pairs[0]
    found = CompletedTensor.open(path).profile(f"d{drug}", f"c{cell}")
    assert (found.acd, found.expected_r, found.tier) == (None, None, "")


def test_what_to_expect_is_asked_of_each_prediction_and_its_place(tensor, tmp_path):
    """Expected of place (drug, cell): drug / 10 + cell / 100, and nothing of cell 0."""

    def expect(completion, pairs):
        assert len(completion.profiles) == len(pairs)
        expected = pairs @ [0.1, 0.01]
        return np.where(pairs[:, 1] == 0, np.nan, expected)

    path = write(tmp_path / "a.gctx", tensor, predictions(tensor), expect=expect)
    product = CompletedTensor.open(path)
    for drug, cell in tensor.missing_pairs:
        found = product.profile(f"d{drug}", f"c{cell}")
        if cell == 0:
            assert (found.expected_r, found.tier) == (None, "")
        else:
            assert found.expected_r == pytest.approx(drug / 10 + cell / 100)
            assert found.tier == tier_of(np.array([drug / 10 + cell / 100]))[0]


def test_axes_are_described_in_the_order_of_the_tensor(tensor, tmp_path):
    axes = axes_of(tensor)
    drugs = axes["drugs"].assign(name=[f"name {drug}" for drug in tensor.drugs])
    symbols = [f"S{number}" for number in range(GENES)]
    genes = axes["genes"].assign(symbol=["", "TWICE", "TWICE", *symbols[3:]])
    path = write(tmp_path / "a.gctx", tensor, predictions(tensor), drugs=drugs, genes=genes)
    product = CompletedTensor.open(path)
    assert product.drugs.equals(drugs[["drug", "name"]])
    assert product.cells.equals(axes["cells"][["cell", "lineage"]])
    assert product.genes.equals(genes[["gene", "symbol"]])
    # A symbol that several genes have, or none, names no gene: its id does.
    found = product.profile("d0", "c0")
    assert found.values.index.tolist() == ["g0", "g1", "g2", *symbols[3:]]  # noqa: PD011


def named(tensor, *names):
    return axes_of(tensor)["drugs"].assign(name=names)


def test_ids_and_names_are_found_in_any_case_ids_first(tmp_path):
    tensor = replicated(clustered(drugs=4, cells=2))
    names = named(tensor, "Vorinostat", "BRD-K1", "D0", "d3")
    product = CompletedTensor.open(write(tmp_path / "a", tensor, predictions(tensor), drugs=names))
    for wanted, drug in {
        "vorinostat": "d0",
        "brd-k1": "d1",
        "D0": "d0",  # the id of one, the name of another
        "D2": "d2",
        "D3": "d3",
    }.items():
        assert product.profile(wanted, "C1").drug == drug
        assert product.profile(wanted, "C1").cell == "c1"


def test_a_spelling_decides_between_names_that_differ_in_case_alone(tmp_path):
    tensor = replicated(clustered(drugs=4, cells=2))
    names = named(tensor, "PAC-1", "pac-1", "x", "y")
    path = write(tmp_path / "a.gctx", tensor, predictions(tensor), drugs=names)
    product = CompletedTensor.open(path)
    assert product.profile("pac-1", "c0").drug == "d1"
    with pytest.raises(LacunaError, match=r"a\.gctx: drug 'Pac-1' may be 'd0', 'd1'; ask for one"):
        product.profile("Pac-1", "c0")


def test_what_is_not_there_is_named_with_what_is_near(tmp_path):
    tensor = replicated(clustered(drugs=4, cells=2))
    names = named(tensor, "vorinostat", "b", "b", "c")
    path = write(tmp_path / "a.gctx", tensor, predictions(tensor), drugs=names)
    product = CompletedTensor.open(path)
    with pytest.raises(LacunaError, match=r"no drug 'vorinostt' \(did you mean 'vorinostat'\?\) a"):
        product.profile("vorinostt", "c0")
    with pytest.raises(LacunaError, match=r"no cell 'MCF7' among the 2 of the tensor"):
        product.profile("vorinostat", "MCF7")
    with pytest.raises(LacunaError, match=r"drug 'b' may be 'd1', 'd2'"):
        product.profile("b", "c0")
    with pytest.raises(LacunaError, match=r"no columns 'd9:c0'"):
        product.read(["d9"], ["c0"])


def test_blocks_come_in_the_order_asked_for(tensor, tmp_path):
    completion = predictions(tensor)
    with CompletedTensor.open(write(tmp_path / "a.gctx", tensor, completion)) as product:
        assert np.array_equal(product.measured, tensor.measured)
        assert product.measured.index.tolist() == tensor.drugs.tolist()
        assert product.measured.columns.tolist() == tensor.cells.tolist()
        drugs, cells = ["d5", "d0", "d2"], ["c3", "c1"]
        block = product.read(drugs, cells)
        assert block.shape == (3, 2, GENES)
        assert block.dtype == np.float32
        for row, drug in enumerate(drugs):
            for column, cell in enumerate(cells):
                assert np.array_equal(block[row, column], product.profile(drug, cell).values)


def test_one_profile_is_read_without_the_others(tensor, tmp_path, monkeypatch):
    path = write(tmp_path / "a.gctx", tensor, predictions(tensor))
    read = []
    original = completed.Gctx.read
    monkeypatch.setattr(
        completed.Gctx,
        "read",
        lambda gctx, rows, columns: read.append(list(columns)) or original(gctx, rows, columns),
    )
    product = CompletedTensor.open(path)
    assert read == []
    product.profile("d1", "c2")
    assert read == [["d1:c2"]]


def test_other_files_are_refused(tensor, tmp_path):
    path = tmp_path / "a.gctx"
    with pytest.raises(LacunaError, match="no such file"):
        CompletedTensor.open(path)
    path.write_bytes(b"not HDF5")
    with pytest.raises(DamagedFile):
        CompletedTensor.open(path)
    ids = pd.Index(["d0:c0", "d1:c1"], name="id")
    rows = pd.DataFrame({"pr_gene_symbol": ["s"]}, index=["g"])
    write_gctx(path, np.zeros((2, 1)), rows, pd.DataFrame({"cell_id": ["c0", "c1"]}, index=ids))
    with pytest.raises(
        LacunaError, match=r"no product of Lacuna: its metadata lack 'pert_id', 'pe"
    ):
        CompletedTensor.open(path)
    whole = write(path, tensor, predictions(tensor))
    with completed.Gctx(whole) as product:
        columns = product.metadata("columns").iloc[::-1]
        matrix = product.read(product.rows, columns.index)
        rows = product.metadata("rows")
    # Another order would give each place the values of another.
    columns = columns.sort_values(["cell_id", "pert_id"])
    write_gctx(path, matrix, rows, columns)
    with pytest.raises(LacunaError, match="not every drug in every cell, by drug, then cell"):
        CompletedTensor.open(path)


def test_the_example_of_the_documentation_is_true(tmp_path, monkeypatch):
    dense = np.array([[[0.6, -0.8, 0.0], [1.0, 0.0, 0.0]]])
    one = grid(dense, np.array([[True, False]]))
    tensor = ProfileSet(
        *(one.profiles, one.drug, one.cell),
        drugs=np.array(["BRD-K81418486"]),
        cells=np.array(["MCF7", "A549"]),
        genes=np.array(["7157", "983", "4609"]),
        reliability=pd.DataFrame({"replicates": [3], "acd": [0.7]}),
    )
    completion = Completion(np.zeros((1, 3), np.float32), stderr=np.full(1, 0.25, np.float32))
    told = {"expect": lambda completion, pairs: np.full(len(pairs), 0.75)}
    axes = axes_of(tensor)
    axes["drugs"]["name"] = "vorinostat"
    axes["genes"]["symbol"] = ["TP53", "CDK1", "MYC"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/demo/completed").mkdir(parents=True)
    write_completed("results/demo/completed/kernel.gctx", tensor, [completion], **axes, **told)
    tried = doctest.testmod(completed, raise_on_error=True)
    assert tried.attempted > 5
