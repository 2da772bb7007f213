"""A series in one pass: what the matrix is asked for, and what comes of it."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from wells import join, noise, plate, write_matrix

from lacuna.io.gctx import Gctx
from lacuna.io.match import match
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.series import make_signatures, write_series
from lacuna.signatures.signature_set import SignatureSet

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
