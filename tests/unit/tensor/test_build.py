"""From signatures to the grid, against the same steps written as loops."""

from collections import defaultdict

import numpy as np
import pytest
from rows import OPEN, of_pairs, pairs_of, profiles_of, random_signatures, signatures

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import build_tensor, densest_block
from lacuna.tensor.profiles import ProfileSet

COUNTS = ["profiles", "drugs", "cells"]


# Against loops


def plain_tensor(
    made, max_p_value, unreplicated, min_cells_per_drug, min_drugs_per_cell, merge="best_id"
):
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
    dropped, into = set(), {}
    for ids in cells_of.values():
        best = next(iter(ids))
        for drug, cells in ids.items():
            if len(cells) > len(ids[best]):
                best = drug
        dropped |= set(ids) - {best}
        into |= dict.fromkeys(ids, best)
    if merge == "best_id":
        rows = [row for row in rows if row.drug not in dropped]
    if merge == "name":
        rows = [row._replace(drug=into.get(row.drug, row.drug)) for row in rows]
    if merge != "none":
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


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("unreplicated", ["keep", "drop"])
@pytest.mark.parametrize(
    ("max_p_value", "fewest", "merge"),
    [
        (0.1, (2, 2), "best_id"),
        (0.1, (3, 5), "name"),
        (0.1, (2, 2), "name"),
        (0.05, (1, 6), "best_id"),
        (0.1, (3, 5), "none"),
    ],
)
def test_it_is_what_the_loops_give(seed, unreplicated, max_p_value, fewest, merge):
    made = random_signatures(seed)
    settings = {
        "max_p_value": max_p_value,
        "unreplicated": unreplicated,
        "min_cells_per_drug": fewest[0],
        "min_drugs_per_cell": fewest[1],
        "merge": merge,
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
    before = [f"{name}_before" for name in COUNTS]
    assert list(counts) == ["step", *COUNTS, *before, "pert_type"]
    assert counts["pert_type"].eq("trt_cp").all()
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
        merge="best_id",
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
    assert list(tensor.reliability) == ["signatures", "replicates", "acd", "signal", "plates"]
    known = {pair: row[-5:-1] for pair, row in profiles_of(tensor).items()}
    # Noise: 1 - 2 * 0.6 / 1.6 and 1 - 5 * 0.2 / 1.8, over the squared length of the sum.
    length = np.linalg.norm(signatures(rows).profiles[[0, 2]].sum(axis=0))
    assert known == {
        ("a", "1"): (2, 7, pytest.approx(0.6), pytest.approx(1 - (0.25 + 4 / 9) / length**2)),
        ("b", "2"): (1, 3, 0.1, pytest.approx(2.7 / 2.8)),
        ("b", "1"): (1, 1, -1, -1),  # no ACD
    }


def test_agreement_is_judged_before_experiments_are_selected_for_it():
    rng = np.random.default_rng(0)
    p_value = rng.random(60)
    rows = [
        {"drug": f"d{row}", "cell": "1", "replicates": 2, "acd": 0.7 + p / 3, "p_value": p}
        for row, p in enumerate(p_value)
    ]
    chosen, _ = build_tensor(signatures(rows), **OPEN | {"max_p_value": 0.1})
    every, _ = build_tensor(signatures(rows), **OPEN)
    signal = {pair: row[-2] for pair, row in profiles_of(every).items()}
    assert len(chosen) < 15
    for pair, row in profiles_of(chosen).items():
        assert row[-2] == signal[pair]


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


def test_signatures_whose_replicates_are_unlike_are_dropped_where_that_is_known():
    made = of_pairs("a 1", "b 1", "c 1", "d 1")
    with pytest.raises(LacunaError, match=r"min_cc_q75 is given, .*distil_cc_q75"):
        build_tensor(made, **OPEN, min_cc_q75=0.2)
    made.table["cc_q75"] = [0.2, 0.19, np.nan, 0.9]
    kept, counts = build_tensor(made, **OPEN, min_cc_q75=0.2)
    assert sorted(kept.drugs) == ["a", "c", "d"]
    assert counts["step"][3] == "distil_cc_q75 at least 0.2, where it is known"
    assert counts["profiles"].tolist() == [4, 4, 4, 3, 3, 3, 3]


# Profiles without a direction


@pytest.mark.fault(
    "signatures of one drug and cell that are 0, or cancel each other out",
    "refused by name; never a measured profile of length 0",
)
@pytest.mark.parametrize("values", [(1, -1), (0, 0)])
def test_a_profile_without_a_direction_is_refused(values):
    made = of_pairs("a x", "b x", "b x", "c y")
    profiles = made.profiles.copy()
    profiles[1:3] = np.array(values)[:, None] * profiles[0]
    with pytest.raises(LacunaError, match="drug 'b' in cell 'x' have no direction on average"):
        build_tensor(SignatureSet(made.table, profiles, made.genes), **OPEN)
