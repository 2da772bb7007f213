"""Tables that come within a matrix, or within the table of wells, are those that GEO ships."""

import numpy as np
import pandas as pd
import pytest
from wells import ODD_NAMES, inst_info, write_text

from lacuna.errors import LacunaError
from lacuna.io.convert import convert
from lacuna.io.embedded import write_embedded
from lacuna.io.gctx import write_gctx
from lacuna.io.geo import read_drugs, read_genes, read_wells
from lacuna.io.sig_info import read_signatures
from lacuna.io.unpacking import unpack_matrix

GENES = pd.DataFrame(
    {"pr_gene_symbol": ["DDR1", "PAX8", "GUCA1A"], "pr_is_lm": [1, 0, 1]},
    index=["780", "7849", "2978"],
)


def wells():
    rows = [{"pert_iname": name, "pert_dose": str(n / 8)} for n, name in enumerate(ODD_NAMES)]
    rows += [{"pert_type": "ctl_vehicle", "pert_dose": "-666"}]
    return inst_info(*rows).set_index("inst_id")


def matrix(folder, ending, genes=GENES, columns=None):
    """A matrix with facts, which went through another layout on its way into GCTX."""
    columns = wells() if columns is None else columns
    write_gctx(folder / "a.gctx", np.ones((len(columns), len(genes))), genes, columns)
    if ending != ".gctx":
        convert(folder / "a.gctx", folder / f"a{ending}")
    unpack_matrix(folder / f"a{ending}", folder / "made/level3.gctx")
    return folder / "made/level3.gctx"


def made(folder, kind, source):
    write_embedded(kind, source, folder / f"{kind}.tsv")
    return folder / f"{kind}.tsv"


@pytest.mark.parametrize("ending", [".gctx", ".gct", ".gct.gz", ".h5ad"])
def test_wells_and_genes_are_those_of_the_tables(tmp_path, ending):
    source = matrix(tmp_path, ending)
    given = read_wells(write_text(wells().reset_index(), tmp_path / "wells.txt"))
    pd.testing.assert_frame_equal(read_wells(made(tmp_path, "inst_info", source)), given)
    genes = GENES.rename_axis("pr_gene_id").reset_index()
    given = read_genes(write_text(genes, tmp_path / "genes.txt"))
    pd.testing.assert_frame_equal(read_genes(made(tmp_path, "gene_info", source)), given)


def test_signatures_are_those_of_the_table(tmp_path):
    columns = wells().assign(distil_cc_q75=0.25, distil_nsample=3).rename_axis("sig_id")
    source = matrix(tmp_path, ".gct", columns=columns)
    given = read_signatures(write_text(columns.reset_index(), tmp_path / "sigs.txt"))
    pd.testing.assert_frame_equal(read_signatures(made(tmp_path, "sig_info", source)), given)
    assert given["cc_q75"].tolist() == [0.25] * len(columns)


def test_dose_and_time_in_one_text_in_latin_1_are_read(tmp_path):
    columns = wells().drop(columns=["pert_dose", "pert_dose_unit", "pert_time", "pert_time_unit"])
    convert(
        matrix(tmp_path, ".gctx", columns=columns.assign(pert_idose="10 µM", pert_itime="6 h")),
        tmp_path / "b.gct",
    )
    text = (tmp_path / "b.gct").read_text()
    (tmp_path / "b.gct").write_bytes(text.replace("药", "?").replace("β", "b").encode("latin-1"))
    unpack_matrix(tmp_path / "b.gct", tmp_path / "b.gctx")
    found = read_wells(made(tmp_path, "inst_info", tmp_path / "b.gctx"))
    assert found["dose"].tolist() == [10] * len(found)
    assert found["time"].tolist() == [6] * len(found)


def test_without_facts_all_rows_are_genes_to_use(tmp_path):
    genes = pd.DataFrame(index=["780", "7849"])
    found = read_genes(made(tmp_path, "gene_info", matrix(tmp_path, ".gctx", genes=genes)))
    assert found["gene"].tolist() == ["780", "7849"]
    assert found["landmark"].all()
    assert found["symbol"].isna().all()


def test_descriptions_of_gct_1_2_are_symbols(tmp_path):
    text = "#1.2\n2\t1\nName\tDescription\ts\n780\tDDR1\t1\n7849\tPAX8\t2\n"
    (tmp_path / "a.gct").write_text(text)
    unpack_matrix(tmp_path / "a.gct", tmp_path / "a.gctx")
    found = read_genes(made(tmp_path, "gene_info", tmp_path / "a.gctx"))
    assert found["symbol"].tolist() == ["DDR1", "PAX8"]


def test_a_matrix_that_says_nothing_of_its_columns_is_named(tmp_path):
    source = matrix(tmp_path, ".gctx", columns=pd.DataFrame(index=["a", "b"]))
    with pytest.raises(LacunaError, match=r"says nothing of its columns \('a', 'b'\).*inst_info"):
        made(tmp_path, "inst_info", source)
    assert not (tmp_path / "inst_info.tsv").exists()


def test_a_text_that_would_break_the_table_is_refused(tmp_path):
    columns = wells().assign(pert_iname="two\tfields")
    source = matrix(tmp_path, ".gctx", columns=columns)
    with pytest.raises(LacunaError, match=r"column pert_iname: .* holds a control character"):
        made(tmp_path, "inst_info", source)
    source = matrix(tmp_path, ".gctx", columns=wells().rename(columns={"cell_id": "two\tfields"}))
    with pytest.raises(LacunaError, match="holds a control character"):
        made(tmp_path, "inst_info", source)


def test_drugs_are_those_of_the_wells(tmp_path):
    table = inst_info({}, {"pert_id": "b", "pert_iname": '"quoted"'}, {}, {"pert_id": "c"})
    table = table.assign(canonical_smiles=["C", "CC", "C", "-666"])
    path = write_text(table, tmp_path / "inst_info.txt")
    drugs = read_drugs(made(tmp_path, "pert_info", path))
    assert drugs.fillna("?").to_numpy().tolist() == [
        ["BRD-1", "aspirin", "?", "C"],
        ["b", '"quoted"', "?", "CC"],
        ["c", "aspirin", "?", "?"],
    ]


def test_drugs_without_an_id_are_named_by_the_table(tmp_path):
    path = write_text(inst_info({}).drop(columns="pert_id"), tmp_path / "inst_info.txt")
    with pytest.raises(LacunaError, match=r"inst_info\.txt: no column pert_id"):
        made(tmp_path, "pert_info", path)
