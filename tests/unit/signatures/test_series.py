"""A series in one pass: what the matrix is asked for, and what comes of it."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from wells import join, noise, plate, write_matrix

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.match import match
from lacuna.io.tsv import read_table
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.series import make_signatures, write_series
from lacuna.signatures.signature_set import SignatureSet
from lacuna.signatures.values import CANCELLED, NO_DIRECTION, NO_LOG2

SETTINGS = {"gamma": 0.5, "reference": "vehicle", "null_draws": 100, "seed": 1}


@pytest.fixture
def wells():
    wells = join(
        plate("A_X1", ["a", "b"]),
        plate("A_X2", ["a", "b"]),
        plate("B_X1", ["a"], vehicles=1),  # too few for signatures
        plate("C_X1", [], cell="PC3"),  # vehicle wells alone
    )
    knock_down = plate("D_X1", ["k"], vehicles=0).assign(kind="trt_sh")
    return join(wells, knock_down)


class Counted(Gctx):
    """A matrix that counts how often each well is read."""

    def __init__(self, path):
        super().__init__(path)
        self.asked = Counter()

    def read(self, rows, columns):
        self.asked.update(columns)
        return super().read(rows, columns)


def test_every_well_of_use_is_read_once_and_no_other(tmp_path, wells):
    genes = write_matrix(tmp_path / "a.gctx", wells, noise(wells))
    with Counted(tmp_path / "a.gctx") as matrix:
        list(make_signatures(matrix, wells, genes, **SETTINGS))
    vehicle, on_b = wells["kind"].eq("ctl_vehicle"), wells["plate"].eq("B_X1")
    of_use = vehicle | (wells["kind"].eq("trt_cp") & ~on_b)
    assert matrix.asked == Counter(wells.loc[of_use, "well"])


def test_the_files_of_a_series_agree(tmp_path, wells):
    genes = write_matrix(tmp_path / "a.gctx", wells, noise(wells))
    known = pd.DataFrame({"gene": [*genes[1:], "absent"], "symbol": "", "landmark": True})
    lost = wells[wells["well"].isin(["A_X1:0", "D_X1:0"])]
    failed = plate("A_X1", ["failed"], vehicles=0).assign(well="failed")
    table = pd.concat([wells.drop(lost.index), failed])
    files = ("signatures", "wells", "left_out", "plates", "baseline")
    paths = {name: tmp_path / name for name in files}
    with Gctx(tmp_path / "a.gctx") as matrix:
        found = match(matrix, table, known, {"inst_info": "wells.txt", "gene_info": "genes.txt"})
        write_series(matrix, found, "own", paths, **SETTINGS)
    made = SignatureSet.load(paths["signatures"])
    assert made.table["drug"].tolist() == ["a", "b"]
    assert made.genes.tolist() == genes[1:]
    plates = pd.read_csv(paths["plates"], sep="\t")
    assert set(plates["series"]) == {"own"}
    assert Counter(plates["plate"]) == {"A_X1": len(REFERENCES), "A_X2": len(REFERENCES)}
    baseline = pd.read_csv(paths["baseline"], sep="\t")
    assert baseline["cell"].tolist() == ["A375", "PC3"]
    assert list(baseline) == ["cell", *genes[1:]]
    counted = pd.read_csv(paths["wells"], sep="\t").set_index("use")
    assert counted["wells"].sum() == len({*wells["well"], *table["well"]})
    assert counted["genes"].sum() == len({*genes, *known["gene"]})
    assert counted.loc["left out: no row in inst_info", "wells"] == len(lost)
    assert counted.loc["left out: no column in the matrix", "wells"] == len(failed)
    per_plate = plates.drop_duplicates("plate")
    assert counted.loc["compound", "wells"] == per_plate["compound_wells"].sum()


@pytest.mark.parametrize("reference", REFERENCES)
def test_signatures_and_plates_are_of_the_reference_asked_for(tmp_path, wells, reference):
    genes = write_matrix(tmp_path / "a.gctx", wells, noise(wells))
    with Gctx(tmp_path / "a.gctx") as matrix:
        made = next(make_signatures(matrix, wells, genes, **SETTINGS | {"reference": reference}))
    quality = pd.concat(made.quality).set_index(["reference", "plate"])
    # Of two wells a plate, the mean of p-values at most 0.1 follows from the signatures' own.
    consistent = (made.signatures.table["p_value"] <= 0.1).mean()
    assert quality.loc[(reference, "A_X1"), "significant"] == pytest.approx(consistent)
    assert np.isclose(np.linalg.norm(made.signatures.profiles, axis=1), 1, atol=1e-6).all()


def series_of(folder, wells, expression):
    """Write a matrix, make a series of it, and return its signatures and its tables."""
    genes = write_matrix(folder / "a.gctx", wells, expression)
    known = pd.DataFrame({"gene": genes, "symbol": "", "landmark": True})
    paths = {name: folder / name for name in ("signatures", *TABLES)}
    with Gctx(folder / "a.gctx") as matrix:
        found = match(matrix, wells, known, {"inst_info": "wells.txt", "gene_info": "genes.txt"})
        write_series(matrix, found, "own", paths, **SETTINGS)
    return SignatureSet.load(paths["signatures"]), {n: read_table(paths[n]) for n in TABLES}


TABLES = ("wells", "left_out", "plates", "baseline")


def uses(tables):
    return tables["wells"].set_index("use")["wells"].dropna().to_dict()


@pytest.mark.fault(
    "single wells of Level 3 with -666, LINCS's missing code, with 1e30 or with 3e38",
    "left out and counted, treated or vehicle; all other signatures are as without them",
)
@pytest.mark.parametrize("value", [-666.0, 1e30, 3e38, -3e38, 20.5])
@pytest.mark.parametrize("well", ["A_X1:7", "A_X1:0"])  # a treated one, and a vehicle
def test_a_well_that_is_no_log2_expression_is_left_out_and_counted(tmp_path, value, well):
    names = ("A_X1", "A_X2", "B_X1", "B_X2")
    wells = join(*(plate(name, ["a", "b"], vehicles=6) for name in names))
    expression = noise(wells)
    expression[wells["well"].eq(well), 3] = value
    made, tables = series_of(tmp_path, wells, expression)
    assert uses(tables)[NO_LOG2] == 1
    assert sum(uses(tables).values()) == len(wells)
    (tmp_path / "without").mkdir()
    without = wells["well"].ne(well)
    expected, others = series_of(
        tmp_path / "without", wells[without].reset_index(drop=True), expression[without]
    )
    pd.testing.assert_frame_equal(made.table, expected.table)
    assert np.array_equal(made.profiles[:], expected.profiles[:])
    for name in ("plates", "baseline", "left_out"):
        pd.testing.assert_frame_equal(tables[name], others[name])


def test_compounds_beside_vehicles_that_are_left_out_are_left_out_too(tmp_path):
    wells = join(*(plate(name, ["a", "b"], vehicles=4) for name in ("A_X1", "B_X1", "C_X1")))
    wells = join(wells, *(plate(f"D_X{n}", ["a", "b"], vehicles=4) for n in range(9)))
    expression = noise(wells)
    expression[:3, 3] = -666  # three of the four vehicle wells of the first plate
    made, tables = series_of(tmp_path, wells, expression)
    assert uses(tables)[NO_LOG2] == 3
    assert uses(tables)["left out: plate with fewer than 2 vehicle wells"] == 3
    assert set(made.table["batch"]) == {"B", "C", "D"}
    assert tables["baseline"]["cell"].tolist() == ["A375"]


@pytest.mark.fault(
    "intensities instead of log2, or a gene that is -666 in every well",
    "refused: what share of values is beyond what, in which wells and genes",
)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda values: 2**values,
            ("% of the values are beyond 20, in 16 of 16 wells", "gene '1000'"),
        ),
        (lambda values: np.where(np.arange(20) == 7, -666, values), ("5.00%", "gene '1007'")),
        (lambda values: values * 1e30, ("in 16 of 16 wells",)),
    ],
)
def test_values_that_are_no_log2_expression_are_refused(tmp_path, spoil, said):
    wells = join(plate("A_X1", ["a", "b"], vehicles=6), plate("A_X2", ["a", "b"], vehicles=6))
    with pytest.raises(LacunaError, match="Expected log2") as error:
        series_of(tmp_path, wells, spoil(noise(wells)).astype(np.float32))
    for words in (str(tmp_path / "a.gctx"), "the first is well 'A_X1:0'", *said):
        assert words in str(error.value)
    assert not (tmp_path / "signatures").exists()


@pytest.mark.fault(
    "a plate whose wells are all alike, or a treated well that is like its vehicles",
    "no signature: left out and counted; never a measured profile of zeros",
)
def test_wells_without_a_direction_are_left_out_and_counted(tmp_path):
    wells = join(*(plate(name, ["a", "b"], vehicles=4) for name in ("A_X1", "A_X2", "B_X1")))
    wells = join(wells, plate("B_X2", ["a", "c"], vehicles=4))
    expression = noise(wells)
    expression[wells["plate"].eq("B_X2")] = 8.0
    made, tables = series_of(tmp_path, wells, expression)
    assert uses(tables)[NO_DIRECTION] == 2
    np.testing.assert_allclose(np.linalg.norm(made.profiles[:], axis=1), 1, rtol=1e-5)
    assert tables["left_out"]["drug"].tolist() == ["c"]
    assert tables["left_out"]["why"].tolist() == [f"1 wells {NO_DIRECTION}"]
    table = made.table.set_index(["batch", "drug"])
    assert table.loc[("B", "a"), "replicates"] == 1


def test_replicates_that_cancel_each_other_out_are_left_out(tmp_path):
    wells = join(plate("A_X1", ["a", "b"], vehicles=4), plate("A_X2", ["a", "b"], vehicles=4))
    expression = np.round(4 * noise(wells)) / 4  # so that means are exact
    expression[6:10] = expression[:4]  # the vehicles of both plates are alike
    middle = expression[:4].mean(axis=0)
    expression[4], expression[10] = middle, middle
    expression[4, 0] += 1
    expression[10, 0] -= 1
    directions = [(expression[row] - middle) for row in (4, 10)]
    assert np.array_equal(directions[0], -directions[1])
    made, tables = series_of(tmp_path, wells, expression)
    assert made.table["drug"].tolist() == ["b"]
    assert uses(tables)[CANCELLED] == 2


def test_a_series_without_any_direction_is_refused(tmp_path):
    wells = join(plate("A_X1", ["a", "b"], vehicles=4), plate("A_X2", ["a", "b"], vehicles=4))
    with pytest.raises(LacunaError, match=r"no signature can be made.*without a direction"):
        series_of(tmp_path, wells, np.full((len(wells), 20), 8, np.float32))
    assert not (tmp_path / "signatures").exists()
