"""Whatever a file holds, its reader gives what it promises, or a LacunaError that names it."""

import gzip
from functools import partial

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matlab import tensor, write_v5, write_v73
from promises import bytes_of, reads_or_refuses
from strategies import changed_table, damaged, hdf5_change
from toy import clustered, replicated
from wells import inst_info

from lacuna.completion.interface import Completion
from lacuna.io import annotations, chip_atlas, external, geo, h5ad, h5ad_write, sig_info, sources
from lacuna.io import gmt as gene_sets
from lacuna.io import series_matrix as arrays
from lacuna.io import tag_counts as cage
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.matlab import MatlabTensor
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.profiles import ProfileSet

GENES = pd.DataFrame({"gene": ["1", "2"], "symbol": ["A", "B"]})
SYMBOLS = GENES.set_index("gene")["symbol"]

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("ends_in_time")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any_bytes")


# What is read, and what a reader that does not refuse it must give


def read_gctx(path):
    with Gctx(path) as file:
        values = file.read(file.rows, file.columns)
        assert values.shape == (len(file.columns), len(file.rows))
        assert np.isfinite(values).all()
        assert len(file.metadata("rows")) == len(file.rows)
        assert len(file.metadata("columns")) == len(file.columns)


def read_h5ad(path):
    written = h5ad.read_written(path)
    assert written.X[:].shape == (len(written.obs), len(written.var))


def read_profiles(path):
    tensor = ProfileSet.load(path)
    assert tensor.profiles.shape == (len(tensor), len(tensor.genes))
    assert (tensor.find(tensor.pairs) == np.arange(len(tensor))).all()
    assert np.isfinite(tensor.profiles).all()


def read_completion(path):
    completion = Completion.load(path)
    assert completion.profiles.ndim == 2
    for known in (completion.fallback, completion.stderr):
        assert known is None or len(known) == len(completion.profiles)


def read_signatures(path):
    signatures = SignatureSet.load(path)
    assert signatures.profiles.shape == (len(signatures.table), len(signatures.genes))
    signatures.profiles.file.close()


def read_matlab(path):
    with MatlabTensor(path) as found:
        for drugs, profiles in found.profiles():
            assert profiles.shape == (len(drugs), len(found.genes))
            assert np.isfinite(profiles).all()


def with_columns(read, *columns):
    def check(path):
        assert {*columns} <= {*read(path)}

    return check


SIGNATURES = pd.DataFrame(
    {
        **{name: ["a", "b"] for name in ("drug", "cell", "batch", "name")},
        **{name: ["a", "b"] for name in ("pert_type", "no_p_value")},
        **{name: [1.0, 2.0] for name in ("dose", "time", "replicates", "acd", "p_value")},
    }
)
HDF5 = {
    "gctx": (
        read_gctx,
        lambda path: write_gctx(
            path,
            np.arange(6.0).reshape(3, 2),
            pd.DataFrame({"symbol": ["A", "B"]}, index=["1", "2"]),
            pd.DataFrame({"dose": [1.0, 2.0, 3.0], "cell": ["x", "y", "é"]}, index=list("uvw")),
        ),
    ),
    "h5ad": (
        read_h5ad,
        lambda path: h5ad_write.write_h5ad(
            path,
            [np.arange(6.0).reshape(3, 2)],
            pd.DataFrame({"study": ["x", "y", "é"]}, index=list("uvw")),
            pd.DataFrame({"landmark": [True, False]}, index=["A", "B"]),
            {"unit": "log2", "reference": np.arange(2.0)},
        ),
    ),
    "profiles": (read_profiles, replicated(clustered(6, 3)).save),
    "completion": (
        read_completion,
        Completion(
            np.ones((2, 3), np.float32),
            np.zeros(2, bool),
            np.ones(2, np.float32),
            pd.DataFrame({"stage": ["a"], "epoch": [1], "training": [0.1], "validation": [0.2]}),
        ).save,
    ),
    "signatures": (
        read_signatures,
        lambda path: SignatureSet.save(
            path, [SignatureSet(SIGNATURES, np.ones((2, 2), np.float32), np.array(["1", "2"]))]
        ),
    ),
}
HDF5["matlab"] = (read_matlab, lambda path: write_v73(path, tensor(3, 4, 2)))
HDF5_BYTES = {kind: bytes_of(write) for kind, (_, write) in HDF5.items()}
MATLAB_BYTES = {
    packed: bytes_of(partial(write_v5, values=tensor(3, 4, 2), compress=packed))
    for packed in (False, True)
}
TABLES = {
    "inst_info": (
        with_columns(geo.read_wells, "well", "plate", "drug", "dose", "unknown_dose", "time"),
        inst_info({}, {"pert_dose": "1 um"}, {"cell_id": "x y"}).to_csv(sep="\t", index=False),
    ),
    "sig_info": (
        with_columns(sig_info.read_signatures, "signature", "drug", "dose", "replicates"),
        inst_info({}, {"pert_dose": "-666"})
        .rename(columns={"inst_id": "sig_id"})
        .assign(distil_nsample=3)
        .to_csv(sep="\t", index=False),
    ),
    "directions": (
        with_columns(sig_info.read_signatures, "signature", "drug", "dose", "p_value"),
        "sig_id\tpert_id\tcell_id\tpert_dose\tpert_time\tpvalue\treplicateCount\n"
        "a\tx\tMCF7\t10\t6\t0.01\t4\nb\ty\tPC3\t-666\t24\t\t1\n",
    ),
    "gene_info": (
        with_columns(geo.read_genes, "gene", "symbol", "landmark"),
        "pr_gene_id\tpr_gene_symbol\tpr_is_lm\n1\tA\t1\n2\tB\t0\n",
    ),
    "pert_info": (
        with_columns(geo.read_drugs, "drug", "inchi_key", "smiles"),
        "pert_id\tinchi_key\tcanonical_smiles\nd\tAAAA-B\tCCO\ne\t-666\t-666\n",
    ),
    "cell_info": (
        with_columns(geo.read_cells, "cell", "lineage"),
        "cell_id\tprimary_site\nMCF7\tbreast\nPC3\t-666\n",
    ),
    "annotations": (
        with_columns(annotations.read_table, "name", "atc_codes", "targets"),
        '!a comment\nname\tinchi_key\tatc_codes\nx\tAAAA\tA01AA01\n"y\tB\tC\n',
    ),
    "chip_atlas": (
        chip_atlas.read_chip_atlas,
        "Target_genes\tMYC|Average\tSRX1|MCF-7\tSTRING\nA\t5\t5\t0\nB\t0\t0\t1\n",
    ),
    "gene_sets": (gene_sets.read_gmt, "S1\tabout\tA\tB\nS2\tabout\tC\n"),
    "sources": (
        sources.read_sources,
        "file\turl\tbytes\tsha256\tlicence\torigin\nf\thttps://x\t3\t\tMIT\to\n",
    ),
}
# Readers of two files that belong together: what is damaged comes first.
CHANGES = "symbol\ts1\ts2\nA\t1\t2\nB\t-1\t\n"
SAMPLES = "sample\tdrug\tcell\ns1\td\tc\ns2\te\tc\n"
SERIES_MATRIX = (
    '!Series_geo_accession\t"GSE1"\n!Sample_title\t"MCF7_d_0nM_24h"\t"MCF7_d_9nM_24h"\n'
    '!Sample_geo_accession\t"GSM1"\t"GSM2"\n!series_matrix_table_begin\n'
    '"ID_REF"\t"GSM1"\t"GSM2"\n"p1"\t7.5\t8.5\n"p2"\t6\t\n!series_matrix_table_end\n'
)
PLATFORM = "#ID = probe\nID\tGene Symbol\np1\tA\np2\tB /// C\n"
TAGS = "symbol\tdistance\tt\tc\nA\t5\t3\t9\nB\t-9\t1\t0\n"
GROUPS = "sample\tdrug\tcell\tgroup\nt\td\tMCF7\ttreated\nc\t\tMCF7\tcontrol\n"
DRUGBANK = "drugbank_id\tname\tatc_codes\tinchikey\nD1\tx\tA01AA01\tB\n"
PROTEINS = "drugbank_id\tcategory\tentrez_gene_id\torganism\nD1\ttarget\t1\tHuman\n"
HUB, HUB_SAMPLES = "pert_iname\tmoa\ttarget\nx\tm|n\tA\n", "pert_iname\tInChIKey\nx\tB\n"
PAIRS = {
    "external": (lambda a, b: external.read_external(a, b, GENES), CHANGES, SAMPLES),
    "samples": (lambda a, b: external.read_external(b, a, GENES), SAMPLES, CHANGES),
    "series_matrix": (
        lambda a, b: arrays.read_series_matrix(a, b, GENES),
        SERIES_MATRIX,
        PLATFORM,
    ),
    "platform": (lambda a, b: arrays.read_series_matrix(b, a, GENES), PLATFORM, SERIES_MATRIX),
    "counts": (lambda a, b: cage.read_tag_counts(a, b, GENES), TAGS, GROUPS),
    "groups": (lambda a, b: cage.read_tag_counts(b, a, GENES), GROUPS, TAGS),
    "drugbank": (lambda a, b: annotations.read_drugbank(a, b, SYMBOLS), DRUGBANK, PROTEINS),
    "proteins": (lambda a, b: annotations.read_drugbank(b, a, SYMBOLS), PROTEINS, DRUGBANK),
    "hub": (annotations.read_repurposing_hub, HUB, HUB_SAMPLES),
    "atc": (lambda a, b: annotations.read_atc(a), "atc_code,atc_name\nA01AA01,x\n", ""),
}


@pytest.mark.parametrize("kind", [*HDF5, *TABLES, *PAIRS])
def test_what_the_damage_is_done_to_is_read(folder, kind):
    path, beside = folder / f"good_{kind}", folder / f"beside_good_{kind}"
    if kind in HDF5:
        path.write_bytes(HDF5_BYTES[kind])
        HDF5[kind][0](path)
    elif kind in TABLES:
        path.write_text(TABLES[kind][1])
        TABLES[kind][0](path)
    else:
        read, text, other = PAIRS[kind]
        path.write_text(text)
        beside.write_text(other)
        read(path, beside)


@pytest.mark.fault(
    "any change of the bytes of GCTX and of our HDF5 files (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", HDF5)
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_hdf5(folder, kind, data):
    path = folder / kind
    path.write_bytes(data.draw(damaged(HDF5_BYTES[kind])))
    reads_or_refuses(HDF5[kind][0], path)


@pytest.mark.fault(
    "whole HDF5 files of another layout (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", HDF5)
@given(change=hdf5_change())
@settings(max_examples=100)
def test_changed_hdf5(folder, kind, change):
    path = folder / f"changed_{kind}"
    path.write_bytes(HDF5_BYTES[kind])
    with h5py.File(path, "a") as file:
        change(file)
    reads_or_refuses(HDF5[kind][0], path)


@pytest.mark.fault(
    "any change of the bytes of MATLAB files of version 5, plain and compressed (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_matlab(folder, packed, data):
    path = folder / "matlab.mat"
    path.write_bytes(data.draw(damaged(MATLAB_BYTES[packed])))
    reads_or_refuses(read_matlab, path)


@pytest.mark.fault(
    "any change of the bytes of tables, plain and gzipped (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("pack", [bytes, partial(gzip.compress, mtime=0)], ids=["plain", "packed"])
@given(data=st.data())
def test_damaged_tables(folder, kind, pack, data):
    read, text = TABLES[kind]
    path = folder / f"{kind}.txt"
    path.write_bytes(data.draw(damaged(pack(text.encode()))))
    reads_or_refuses(read, path)


@pytest.mark.fault(
    "tables with cells, rows or columns changed, lost or doubled, in other encodings "
    "(property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", TABLES)
@given(data=st.data())
def test_changed_tables(folder, kind, data):
    read, text = TABLES[kind]
    path = folder / f"{kind}.txt"
    path.write_bytes(data.draw(changed_table(text)))
    reads_or_refuses(read, path)


@pytest.mark.fault(
    "the same of tables that belong together (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", PAIRS)
@given(data=st.data())
def test_changed_tables_that_belong_together(folder, kind, data):
    read, text, other = PAIRS[kind]
    path, beside = folder / f"{kind}.tsv", folder / f"beside_{kind}.tsv"
    beside.write_text(other)
    separator = "," if kind == "atc" else "\t"
    path.write_bytes(data.draw(changed_table(text, separator) | damaged(text.encode())))
    reads_or_refuses(lambda path: read(path, beside), path)
