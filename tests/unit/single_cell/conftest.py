"""Real data that several tests of single cells read."""

import pytest

from lacuna.io.geo import unpack

BEFORE = "MINI_Broad_LINCS_"


@pytest.fixture(scope="session")
def mini(shared_data, tmp_path_factory):
    """The screen of lincs-mini, as a run describes it."""
    folder = shared_data / "lincs-mini"
    matrix = tmp_path_factory.mktemp("mini") / "level3.gctx"
    unpack(folder / f"{BEFORE}Level3_INF_mlr12k_n1429x978.gctx.gz", matrix)
    tables = {kind: f"{BEFORE}{kind}.txt.gz" for kind in ("inst_info", "gene_info", "pert_info")}
    files = {kind: str(folder / name) for kind, name in tables.items()}
    files["wells"] = files.pop("inst_info")
    return {"series": "mini", "level": "level3", "matrix": str(matrix), **files}
