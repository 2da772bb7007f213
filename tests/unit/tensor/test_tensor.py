"""From signatures to the grid, against the same steps written as loops, and the grid itself."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from wells import ODD_NAMES

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import build_tensor, densest_block
from lacuna.tensor.labels import describe_axes
from lacuna.tensor.profiles import NO_PROFILE, ProfileSet
from lacuna.vectors import unit_rows

OPEN = {
    "max_p_value": 1.0,
    "unreplicated": "keep",
    "min_cells_per_drug": 1,
    "min_drugs_per_cell": 1,
}
COUNTS = ["profiles", "drugs", "cells"]


def signatures(rows, genes=6, seed=0):
    """A signature per row: (drug, cell), and what else is to be known of it."""
    table = pd.DataFrame(rows)
    defaults = {"dose": 10.0, "time": 6.0, "batch": "A", "replicates": 2, "acd": 0.5, "p_value": 0}
    table["name"] = table["name"].where(table["name"].notna()) if "name" in table else np.nan
    for column, value in defaults.items():
        table[column] = table.get(column, value)
    profiles = np.random.default_rng(seed).normal(size=(len(table), genes)).astype(np.float32)
    names = np.array([f"g{gene}" for gene in range(genes)])
    return SignatureSet(table, unit_rows(profiles), names)


def of_pairs(*pairs):
    """A signature per pair, written as "drug cell"."""
    return signatures([dict(zip(("drug", "cell"), pair.split(), strict=True)) for pair in pairs])


def pairs_of(tensor):
    return {(tensor.drugs[drug], tensor.cells[cell]) for drug, cell in tensor.pairs}


def profiles_of(tensor):
    """The profile and what is known of it, for every (drug, cell)."""
    return {
        (tensor.drugs[drug], tensor.cells[cell]): (*profile, *known)
        for (drug, cell), profile, known in zip(
            tensor.pairs, tensor.profiles, tensor.reliability.fillna(-1).to_numpy(), strict=True
        )
    }


# Against loops


def plain_tensor(made, max_p_value, unreplicated, min_cells_per_drug, min_drugs_per_cell):
    """The same, step by step, as the facts say. Returns {(drug, cell): profile} and the counts."""
    rows = list(made.table.itertuples())
    counts = []

    def count():
        counts.append((len(rows), len({row.drug for row in rows}), len({row.cell for row in rows})))

    count()
    if unreplicated == "drop":
        rows = [row for row in rows if not np.isnan(row.p_value)]
    count()
    rows = [row for row in rows if np.isnan(row.p_value) or row.p_value <= max_p_value]
    count()

    cells_of = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if isinstance(row.name, str) and row.name.lower() != row.drug.lower():
            cells_of[row.name.lower()][row.drug].add(row.cell)
    dropped = set()
    for ids in cells_of.values():
        best = next(iter(ids))
        for drug, cells in ids.items():
            if len(cells) > len(ids[best]):
                best = drug
        dropped |= set(ids) - {best}
    rows = [row for row in rows if row.drug not in dropped]
    count()

    before = None
    while before != len(rows):
        before = len(rows)
        drugs_in = defaultdict(set)
        for row in rows:
            drugs_in[row.cell].add(row.drug)
        rows = [row for row in rows if len(drugs_in[row.cell]) >= min_drugs_per_cell]
        cells_with = defaultdict(set)
        for row in rows:
            cells_with[row.drug].add(row.cell)
        rows = [row for row in rows if len(cells_with[row.drug]) >= min_cells_per_drug]
    count()

    members = defaultdict(list)
    for row in rows:
        members[row.drug, row.cell].append(made.profiles[row.Index].astype(float))
    profiles = {pair: np.mean(each, axis=0) for pair, each in members.items()}
    profiles = {pair: mean / np.linalg.norm(mean) for pair, mean in profiles.items()}
    counts.append((len(profiles), len({pair[0] for pair in profiles}), len(drugs_in)))
    return profiles, counts


def random_signatures(seed, count=300):
    rng = np.random.default_rng(seed)
    drugs = [f"BRD-{number}" for number in range(20)]
    names = ["Aspirin", "aspirin", "ASPIRIN", "taxol", "taxol", np.nan, np.nan, "brd-7"]
    names += [f"name {number}" for number in range(8, 20)]
    rows = []
    for _ in range(count):
        drug, cell = rng.integers(20), min(rng.geometric(0.25), 9)
        p_value = rng.choice([rng.uniform(0, 0.2), np.nan], p=[0.8, 0.2])
        row = {"drug": drugs[drug], "name": names[drug], "cell": f"C{cell}", "p_value": p_value}
        rows.append(row | {"dose": rng.choice([1.0, 10.0]), "replicates": rng.integers(1, 5)})
    return signatures(rows, seed=seed)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("unreplicated", ["keep", "drop"])
@pytest.mark.parametrize(("max_p_value", "fewest"), [(0.1, (2, 2)), (0.1, (3, 5)), (0.05, (1, 6))])
def test_it_is_what_the_loops_give(seed, unreplicated, max_p_value, fewest):
    made = random_signatures(seed)
    settings = {
        "max_p_value": max_p_value,
        "unreplicated": unreplicated,
        "min_cells_per_drug": fewest[0],
        "min_drugs_per_cell": fewest[1],
    }
    expected, expected_counts = plain_tensor(made, **settings)
    tensor, counts = build_tensor(made, **settings)
    assert pairs_of(tensor) == set(expected)
    for profile, (drug, cell) in zip(tensor.profiles, tensor.pairs, strict=True):
        pair = tensor.drugs[drug], tensor.cells[cell]
        np.testing.assert_allclose(profile, expected[pair], atol=1e-6)
    assert list(map(tuple, counts[COUNTS].to_numpy())) == expected_counts
    assert list(tensor.genes) == list(made.genes)


@pytest.mark.parametrize("seed", range(5))
def test_drugs_and_cells_are_sorted_by_their_counts_then_by_name(seed):
    tensor, _ = build_tensor(random_signatures(seed), **OPEN)
    cells, drugs = tensor.measured.sum(axis=1), tensor.measured.sum(axis=0)
    assert list(tensor.drugs) == [
        name for _, name in sorted(zip(-cells, tensor.drugs, strict=True))
    ]
    assert list(tensor.cells) == [
        name for _, name in sorted(zip(-drugs, tensor.cells, strict=True))
    ]
    assert len(set(cells)) < len(cells)  # there were ties
    assert tensor.pairs.tolist() == sorted(tensor.pairs.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_the_table_of_counts_goes_from_step_to_step(seed):
    tensor, counts = build_tensor(
        random_signatures(seed), **OPEN | {"max_p_value": 0.1, "min_drugs_per_cell": 3}
    )
    assert list(counts) == ["step", *COUNTS, *(f"{name}_before" for name in COUNTS)]
    before = counts[[f"{name}_before" for name in COUNTS]].to_numpy()
    after = counts[COUNTS].to_numpy()
    assert (before[1:] == after[:-1]).all()
    assert (before[0] == after[0]).all()
    assert (after <= before).all()
    assert after.dtype == before.dtype == np.int64
    assert counts.iloc[-1][COUNTS].tolist() == [
        len(tensor),
        len(tensor.drugs),
        len(tensor.cells),
    ]


# Filters


def test_p_values_at_the_threshold_are_kept():
    made = signatures(
        [{"drug": f"d{p}", "cell": "c", "p_value": p} for p in (0.05, 0.1, 0.100001, np.nan)]
    )
    kept, _ = build_tensor(made, **OPEN | {"max_p_value": 0.1})
    assert set(kept.drugs) == {"d0.05", "d0.1", "dnan"}
    kept, counts = build_tensor(made, **OPEN | {"max_p_value": 0.1, "unreplicated": "drop"})
    assert set(kept.drugs) == {"d0.05", "d0.1"}
    assert counts["profiles"].tolist() == [4, 3, 2, 2, 2, 2]


def named(*rows):
    return signatures([dict(zip(("drug", "name", "cell"), row, strict=True)) for row in rows])


def test_of_ids_with_one_name_that_with_most_cells_is_kept():
    made = named(("X", "aspirin", "1"), ("Y", "aspirin", "2"), ("Y", "aspirin", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"Y"}


def test_cells_are_counted_once_whatever_the_doses():
    made = named(*[("X", "aspirin", "1")] * 3, ("Y", "aspirin", "2"), ("Y", "aspirin", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"Y"}


@pytest.mark.parametrize("first", ["X", "Y"])
def test_of_ids_with_as_many_cells_the_first_is_kept(first):
    other = {"X": "Y", "Y": "X"}[first]
    made = named((first, "aspirin", "1"), (other, "aspirin", "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {first}


@pytest.mark.parametrize("same", ["Aspirin", "ASPIRIN", " aspirin "])
def test_names_that_differ_only_in_case_or_space_are_one(same):
    made = named(("X", "aspirin", "1"), ("Y", same, "2"), ("Z", "aspirin-b", "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Z"}


@pytest.mark.parametrize("name", [np.nan, None, "", " ", "nan", "-666"])
def test_drugs_without_a_name_are_distinct(name):
    made = named(("X", name, "1"), ("Y", name, "1"), ("Y", name, "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Y"}


def test_a_name_that_is_the_id_is_none():
    made = named(("X", "X", "1"), ("Y", "y", "1"), ("Z", "X", "2"), ("Z", "X", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Y", "Z"}


def test_names_are_compared_after_the_p_values_and_before_the_counts():
    rows = [
        # X has most cells, but not those that pass.
        *({"drug": "X", "name": "n", "cell": cell, "p_value": 0.9} for cell in "1234"),
        *({"drug": "X", "name": "n", "cell": cell} for cell in "1"),
        *({"drug": "Y", "name": "n", "cell": cell} for cell in "12"),
        # V loses to W, which then falls to the counts.
        *({"drug": "V", "name": "m", "cell": cell} for cell in "12"),
        *({"drug": "W", "name": "m", "cell": cell} for cell in "567"),
        *({"drug": "Z", "name": "z", "cell": cell} for cell in "12"),
    ]
    tensor, _ = build_tensor(
        signatures(rows),
        max_p_value=0.1,
        unreplicated="keep",
        min_cells_per_drug=2,
        min_drugs_per_cell=2,
    )
    assert pairs_of(tensor) == {("Y", "1"), ("Y", "2"), ("Z", "1"), ("Z", "2")}


def test_cells_and_drugs_are_counted_not_signatures():
    rows = [{"drug": drug, "cell": cell} for drug in "ab" for cell in "12"]
    rows += [{"drug": "many doses", "cell": "1", "dose": dose} for dose in (1.0, 2.0, 3.0)]
    rows += [{"drug": "a", "cell": "many doses", "dose": dose} for dose in (1.0, 2.0, 3.0)]
    tensor, _ = build_tensor(
        signatures(rows), **OPEN | {"min_cells_per_drug": 2, "min_drugs_per_cell": 2}
    )
    assert set(tensor.drugs) == {"a", "b"}
    assert set(tensor.cells) == {"1", "2"}


@pytest.mark.parametrize("length", [1, 2, 7])
def test_the_counts_are_repeated_until_nothing_changes(length):
    """A chain hangs on a full block; each round takes its last drug, then its last cell."""
    block = [f"{drug} {cell}" for drug in ("a", "b") for cell in ("A", "B")]
    chain = ["chain0 A"]
    for link in range(length):
        chain += [f"chain{link} CHAIN{link}", f"chain{link + 1} CHAIN{link}"]
    fewest = {"min_cells_per_drug": 2, "min_drugs_per_cell": 2}
    tensor, counts = build_tensor(of_pairs(*chain, *block), **OPEN | fewest)
    assert pairs_of(tensor) == {tuple(pair.split()) for pair in block}
    assert counts["profiles"].tolist()[-3:] == [4 + len(chain), 4, 4]


def test_averages_over_dose_time_and_batch_have_unit_length():
    rows = [
        {"drug": "a", "cell": "1", "dose": dose, "time": time, "batch": batch}
        for dose, time, batch in [(1.0, 6.0, "A"), (10.0, 6.0, "A"), (10.0, 24.0, "B")]
    ]
    made = signatures([*rows, {"drug": "b", "cell": "1"}, {"drug": "a", "cell": "2"}])
    tensor, counts = build_tensor(made, **OPEN)
    mean = made.profiles[:3].mean(axis=0)
    place = tensor.find(np.array([[list(tensor.drugs).index("a"), list(tensor.cells).index("1")]]))
    np.testing.assert_allclose(tensor.profiles[place[0]], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(tensor.profiles, axis=1), 1, atol=1e-6)
    assert tensor.profiles.dtype == np.float32
    assert counts["profiles"].tolist()[-2:] == [5, 3]


def test_what_is_known_of_the_signatures_is_kept_with_the_profile():
    rows = [
        {"drug": "a", "cell": "1", "replicates": 2, "acd": 0.4},
        {"drug": "b", "cell": "1", "replicates": 1, "acd": np.nan, "p_value": np.nan},
        {"drug": "a", "cell": "1", "replicates": 5, "acd": 0.8},
        {"drug": "b", "cell": "2", "replicates": 3, "acd": 0.1},
    ]
    tensor, _ = build_tensor(signatures(rows), **OPEN)
    assert list(tensor.reliability) == ["signatures", "replicates", "acd", "plates"]
    known = {pair: row[-4:-1] for pair, row in profiles_of(tensor).items()}
    assert known == {
        ("a", "1"): (2, 7, pytest.approx(0.6)),
        ("b", "2"): (1, 3, 0.1),
        ("b", "1"): (1, 1, -1),  # no ACD
    }


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unreplicated": "drop"}, ["6 experiments without a p-value"]),
        ({"max_p_value": 0.01}, ["p-value at most 0.01"]),
        ({"min_cells_per_drug": 3}, ["1 drugs per cell and 3 cells per drug"]),
        ({"min_drugs_per_cell": 4}, ["4 drugs per cell and 1 cells per drug"]),
    ],
)
def test_a_step_that_leaves_nothing_is_named(settings, said):
    p_value = np.nan if "unreplicated" in settings else 0.05
    made = signatures(
        [{"drug": drug, "cell": cell, "p_value": p_value} for drug in "abc" for cell in "12"]
    )
    with pytest.raises(LacunaError) as error:
        build_tensor(made, **OPEN | settings)
    for words in ["tensor", "leaves no profile of 6 (3 drugs, 2 cells)", *said]:
        assert words in str(error.value)


def test_no_signatures_at_all_are_an_error():
    made = of_pairs("a 1")
    empty = SignatureSet(made.table.iloc[:0], made.profiles[:0], made.genes)
    with pytest.raises(LacunaError, match="tensor"):
        build_tensor(empty, **OPEN)


# The small tensor


def plain_block(tensor, drugs, cells, ranking_cells):
    """The names of the drugs and cells of the densest block, as the facts say."""
    measured = pairs_of(tensor)
    order = list(tensor.cells)
    by_drugs = sorted(
        order, key=lambda cell: -sum((drug, cell) in measured for drug in tensor.drugs)
    )
    kept, ranking = by_drugs[:cells], by_drugs[:ranking_cells]
    by_cells = sorted(
        tensor.drugs, key=lambda drug: -sum((drug, cell) in measured for cell in ranking)
    )
    by_cells = [drug for drug in by_cells if any((drug, cell) in measured for cell in kept)]
    return by_cells[:drugs], kept


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "size", [(5, 3, 6), (8, 2, 2), (100, 3, 100), (6, 100, 4), (1, 1, 9), (9, 1, 9)]
)
def test_the_densest_block_is_what_the_loops_give(seed, size):
    drugs, cells, ranking_cells = size
    tensor, _ = build_tensor(random_signatures(seed, count=60), **OPEN)
    # In an order that is not by count.
    mixed = random_grid(tensor, seed)
    block = densest_block(mixed, drugs=drugs, cells=cells, ranking_cells=ranking_cells)
    expected_drugs, expected_cells = plain_block(mixed, drugs, cells, ranking_cells)
    assert list(block.drugs) == expected_drugs
    assert list(block.cells) == expected_cells
    inside = {pair for pair in pairs_of(mixed) if pair[0] in block.drugs and pair[1] in block.cells}
    assert pairs_of(block) == inside
    assert block.measured.any(axis=1).all()
    assert profiles_of(block) == {pair: profiles_of(mixed)[pair] for pair in inside}


def random_grid(tensor, seed):
    """The same grid with drugs, cells and profiles in random order."""
    rng = np.random.default_rng(seed)
    drugs, cells, profiles = (
        rng.permutation(len(each)) for each in (tensor.drugs, tensor.cells, tensor.profiles)
    )
    return ProfileSet(
        tensor.profiles[profiles],
        np.argsort(drugs)[tensor.drug[profiles]],
        np.argsort(cells)[tensor.cell[profiles]],
        tensor.drugs[drugs],
        tensor.cells[cells],
        tensor.genes,
        tensor.reliability.iloc[profiles],
    )


def test_drugs_are_ranked_in_more_cells_than_are_kept():
    of_cells = {"1": "abcdef", "2": "abcde", "3": "bcde", "4": "cde"}
    pairs = [f"{drug} {cell}" for cell, drugs in of_cells.items() for drug in drugs]
    tensor, _ = build_tensor(of_pairs(*pairs), **OPEN)
    block = densest_block(tensor, drugs=3, cells=2, ranking_cells=4)
    assert (list(block.drugs), list(block.cells)) == (["c", "d", "e"], ["1", "2"])


# What is known of drugs, cells and genes


def test_the_axes_are_described_in_the_tensors_order():
    made = named(("b", "Beta", "2"), ("a", "Alpha", "2"), ("a", "Alpha", "1"), ("c", np.nan, "2"))
    tensor, _ = build_tensor(made, **OPEN)
    first = pd.DataFrame({"drug": ["b", "z"], "inchi_key": ["KB", "KZ"], "smiles": [np.nan, "Z"]})
    later = pd.DataFrame({"drug": ["a", "b"], "inchi_key": ["KA", "no"], "smiles": ["A", "B"]})
    genes = pd.DataFrame({"gene": ["g1"], "symbol": ["S1"], "landmark": [True]})
    cells = pd.DataFrame({"cell": ["2"], "lineage": ["skin"]})
    axes = describe_axes(
        tensor, made, drug_tables=[first, later], gene_tables=[genes], cell_tables=[cells]
    )
    assert axes["drugs"].fillna("-").to_numpy().tolist() == [
        ["a", "Alpha", 2, "KA", "A"],
        ["b", "Beta", 1, "KB", "B"],
        ["c", "-", 1, "-", "-"],
    ]
    assert axes["cells"].fillna("-").to_numpy().tolist() == [["2", 3, "skin"], ["1", 1, "-"]]
    assert list(axes["genes"]["gene"]) == list(tensor.genes)
    assert axes["genes"].set_index("gene")["symbol"].to_dict()["g1"] == "S1"


def test_a_drug_without_a_name_has_none_after_a_file(tmp_path):
    made = named(("a", "Alpha", "1"), ("b", np.nan, "1"))
    SignatureSet.save(tmp_path / "signatures.h5", [made])
    made = SignatureSet.load(tmp_path / "signatures.h5")
    tensor, _ = build_tensor(made, **OPEN)
    axes = describe_axes(tensor, made, drug_tables=[], gene_tables=[], cell_tables=[])
    assert axes["drugs"]["name"].fillna("").tolist() == ["Alpha", ""]


def test_axes_without_any_table_are_described():
    made = of_pairs("a 1", "b 1")
    tensor, _ = build_tensor(made, **OPEN)
    axes = describe_axes(tensor, made, drug_tables=[], gene_tables=[], cell_tables=[])
    assert list(axes["drugs"]["drug"]) == ["a", "b"]
    assert axes["drugs"][["inchi_key", "smiles"]].isna().all(axis=None)


# The grid itself


@pytest.fixture
def grid():
    """Four profiles on three drugs and two cells, in no order."""
    profiles = unit_rows(np.random.default_rng(0).normal(size=(4, 5))).astype(np.float32)
    known = pd.DataFrame(
        {"signatures": [1, 2, 3, 4], "replicates": [5, 6, 7, 8], "acd": [0.1, np.nan, 0.3, 0.4]}
    )
    drugs, cells, genes = (np.array(list(names), object) for names in ("abc", "12", "vwxyz"))
    return ProfileSet(
        profiles, np.array([2, 0, 0, 1]), np.array([1, 1, 0, 0]), drugs, cells, genes, known
    )


def test_the_grid_knows_what_is_measured(grid):
    assert len(grid) == 4
    assert grid.counts.tolist() == [[1, 1], [1, 0], [0, 1]]
    assert grid.measured.tolist() == [[True, True], [True, False], [False, True]]
    assert grid.pairs.tolist() == [[2, 1], [0, 1], [0, 0], [1, 0]]
    assert grid.missing_pairs.tolist() == [[1, 1], [2, 0]]


def test_a_place_is_found(grid):
    pairs = np.array([[0, 0], [2, 0], [2, 1], [1, 0], [1, 1]])
    assert grid.find(pairs).tolist() == [2, NO_PROFILE, 0, 3, NO_PROFILE]
    assert grid.find(grid.pairs).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (np.array([True, False, False, True]), [0, 3]),
        (np.array([3, 1]), [3, 1]),
        (np.array([], dtype=int), []),
        (np.zeros(4, dtype=bool), []),
    ],
)
def test_some_profiles_stay_on_the_same_grid(grid, which, expected):
    some = grid.take(which)
    np.testing.assert_array_equal(some.profiles, grid.profiles[expected])
    assert some.pairs.tolist() == grid.pairs[expected].tolist()
    assert some.measured.shape == grid.measured.shape
    assert some.reliability["signatures"].tolist() == [row + 1 for row in expected]
    for axis in ("drugs", "cells", "genes"):
        assert getattr(some, axis) is getattr(grid, axis)


def test_means_are_of_what_is_measured(grid):
    means, size = grid.mean_by_drug()
    assert size.tolist() == [2, 1, 1]
    expected = [grid.profiles[[1, 2]].mean(axis=0), grid.profiles[3], grid.profiles[0]]
    np.testing.assert_allclose(means, expected, atol=1e-6)
    means, size = grid.take(np.array([0, 1])).mean_by_cell()
    assert size.tolist() == [0, 2]
    np.testing.assert_allclose(means, [grid.profiles[:2].mean(axis=0)] * 2, atol=1e-6)


@pytest.mark.parametrize("with_reliability", [True, False])
def test_a_grid_comes_back_from_a_file(grid, tmp_path, with_reliability):
    if not with_reliability:
        grid = ProfileSet(*(getattr(grid, name) for name in AXES))
    grid.save(tmp_path / "new" / "tensor.h5")
    again = ProfileSet.load(tmp_path / "new" / "tensor.h5")
    for name in AXES:
        np.testing.assert_array_equal(getattr(again, name), getattr(grid, name))
        assert getattr(again, name).dtype == getattr(grid, name).dtype
    if with_reliability:
        pd.testing.assert_frame_equal(again.reliability, grid.reliability)
    else:
        assert again.reliability is None


def test_part_of_a_grid_comes_back_with_what_is_known_of_it(grid, tmp_path):
    grid.take(np.array([3, 0])).save(tmp_path / "tensor.h5")
    again = ProfileSet.load(tmp_path / "tensor.h5")
    assert again.reliability["signatures"].tolist() == [4, 1]
    assert again.pairs.tolist() == [[1, 0], [2, 1]]


def test_odd_names_come_back_from_a_file(tmp_path):
    names = np.array(ODD_NAMES, dtype=object)
    place = np.arange(len(names))
    ProfileSet(np.eye(len(names)), place, place, names, names, names).save(tmp_path / "tensor.h5")
    again = ProfileSet.load(tmp_path / "tensor.h5")
    assert list(again.drugs) == list(again.cells) == list(again.genes) == ODD_NAMES


AXES = ["profiles", "drug", "cell", "drugs", "cells", "genes"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"profiles": np.ones((4, 4))},
        {"profiles": np.ones((3, 5))},
        {"profiles": np.ones(4)},
        {"genes": np.array(["v"])},
        {"drug": np.array([2, 0, 0])},
        {"cell": np.array([1, 1, 0])},
        {"drug": np.array([2, 0, 0, 0])},  # a place taken twice
        {"cell": np.array([1, 0, 0, 0])},  # a place taken twice
        {"drug": np.array([3, 0, 0, 1])},
        {"cell": np.array([2, 1, 0, 0])},
        {"drug": np.array([-1, 0, 0, 1])},
        {"reliability": pd.DataFrame({"signatures": [1, 2, 3]})},
    ],
    ids=lambda wrong: " ".join(f"{name} {np.shape(value)}" for name, value in wrong.items()),
)
def test_a_grid_that_cannot_be_is_refused(grid, wrong):
    right = {name: getattr(grid, name) for name in [*AXES, "reliability"]}
    with pytest.raises((ValueError, IndexError)):
        ProfileSet(**right | wrong)


def test_profiles_of_a_cell_are_linked_by_the_plates_they_share():
    rows = [
        {"drug": "a", "cell": "1", "batch": "X"},
        {"drug": "b", "cell": "1", "batch": "X"},
        {"drug": "b", "cell": "1", "batch": "Y"},  # links X and Y
        {"drug": "c", "cell": "1", "batch": "Y"},
        {"drug": "d", "cell": "1", "batch": "Z"},
        {"drug": "a", "cell": "2", "batch": "X"},  # another cell's plates, of the same name
        {"drug": "e", "cell": "2", "batch": ""},
    ]
    tensor, _ = build_tensor(signatures(rows), **OPEN)
    plates = {pair: int(known[-1]) for pair, known in profiles_of(tensor).items()}
    assert plates["a", "1"] == plates["b", "1"] == plates["c", "1"]
    assert len({plates["a", "1"], plates["d", "1"], plates["a", "2"], plates["e", "2"]}) == 4
    assert plates["e", "2"] == -1
