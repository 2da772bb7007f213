"""Matrices of expression, written in the layouts that the world ships them in."""

import gzip
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

GENES = ["TP53", "ENSA", "FKBP5", "TP53", "HLA-A", "A1BG", "GAPDH"]  # one stands twice
ENSEMBL = [f"ENSG{number:011d}.{number}" for number in range(len(GENES))]


def counts(samples: int = 11, genes: int = len(GENES), seed: int = 0) -> pd.DataFrame:
    """Counts, samples x genes; the number in each place is told apart from all others."""
    rng = np.random.default_rng(seed)
    values = (rng.permutation(samples * genes) * 10_007).reshape(samples, genes)
    names = [f"GSM{number}" for number in range(samples)]
    return pd.DataFrame(values, index=names, columns=(GENES * genes)[:genes])


def write_archs4(
    path: Path,
    table: pd.DataFrame,
    *,
    legacy: bool = False,
    samples_first: bool = False,
    genes: str | None = None,
    reads: str | None = None,
    series: list[str] | None = None,
    total: list[float] | None = None,
    chunks: tuple[int, int] | None = None,
) -> Path:
    """Write ARCHS4's file: its layout of today, or (legacy) the first, all in one group."""
    below = "meta/Sample_" if legacy else "meta/samples/"
    reads = reads or ("meta/reads_total" if legacy else "meta/samples/readstotal")
    genes = genes or ("meta/genes" if legacy else "meta/genes/symbol")
    series = series or [f"GSE{number // 3}" for number in range(len(table))]
    values = table.to_numpy().astype(np.uint32)
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "data/expression",
            data=values if samples_first else values.T,
            chunks=chunks or True,
            compression="gzip",
        )
        file[genes] = np.array(list(table.columns), "S")
        file[f"{below}geo_accession"] = np.array(list(table.index), h5py.string_dtype())
        file[f"{below}series_id"] = np.array(series, "S")
        file[reads] = table.sum(axis=1).to_numpy() if total is None else np.array(total)
    return path


def text_of(table: pd.DataFrame, first: str = "gene", missing: str = "") -> str:
    """A table of genes x samples; `first` names the first column, None leaves its name out."""
    names = list(table.index) if first is None else [first, *table.index]
    lines = ["\t".join(names)]
    for gene, values in zip(table.columns, table.to_numpy().T, strict=True):
        lines.append("\t".join([gene, *(missing if pd.isna(v) else f"{v:.15g}" for v in values)]))
    return "\n".join(lines) + "\n"


def gct_of(table: pd.DataFrame, symbols: list[str], before: str = "") -> str:
    """GCT 1.2; `before` is a column before Name, as GTEx's files by tissue have it."""
    lead = ([before] if before else []) + ["Name", "Description"]
    lines = ["#1.2", f"{table.shape[1]}\t{table.shape[0]}", "\t".join([*lead, *table.index])]
    rows = zip(table.columns, symbols, table.to_numpy().T, strict=True)
    for number, (gene, symbol, values) in enumerate(rows):
        lead = ([str(number)] if before else []) + [gene, symbol]
        lines.append("\t".join([*lead, *(f"{value:.15g}" for value in values)]))
    return "\n".join(lines) + "\n"


def write(path: Path, text: str, packed: bool = False) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return path


def write_h5ad(path, table, matrix=np.asarray, **var):
    values = matrix(table.to_numpy().astype(np.float32))
    made = anndata.AnnData(values, pd.DataFrame({"dose": 1.5}, index=table.index))
    made.var_names = [f"{gene}-{n}" for n, gene in enumerate(table.columns)]
    made.var = made.var.assign(**var)
    made.write_h5ad(path)
    return path


LAYOUTS = {
    "archs4": lambda path, table: write_archs4(path, table),
    "archs4-samples-first": lambda path, table: write_archs4(path, table, samples_first=True),
    "archs4-legacy": lambda path, table: write_archs4(path, table, legacy=True),
    "archs4-legacy-samples-first": lambda path, table: write_archs4(
        path, table, legacy=True, samples_first=True
    ),
    "archs4-chunked": lambda path, table: write_archs4(path, table, chunks=(2, 3)),
    "gct": lambda path, table: write(path, gct_of(table, GENES)),
    "gct-packed": lambda path, table: write(path, gct_of(table, GENES), packed=True),
    "gct-of-gtex": lambda path, table: write(path, gct_of(table, GENES, before="id")),
    "tsv": lambda path, table: write(path, text_of(table)),
    "tsv-packed": lambda path, table: write(path, text_of(table), packed=True),
    "tsv-unnamed": lambda path, table: write(path, text_of(table, "")),
    "tsv-of-r": lambda path, table: write(path, text_of(table, None)),
    "tsv-of-windows": lambda path, table: write(path, text_of(table).replace("\n", "\r\n")),
    "h5ad": lambda path, table: write_h5ad(path, table),
    "h5ad-csr": lambda path, table: write_h5ad(path, table, sparse.csr_matrix),
}


def read(expression, *args, **options):
    blocks = list(expression.blocks(*args, **options))
    names = [name for samples, _ in blocks for name in samples]
    return names, np.vstack([values for _, values in blocks])


def gct3_of(values, about_genes: pd.DataFrame, about_samples: pd.DataFrame) -> str:
    """GCT 1.3 of values, samples x genes, with facts as text, written out plainly."""
    genes, samples = about_genes.astype(str), about_samples.astype(str)
    sizes = [len(genes), len(samples), genes.shape[1], samples.shape[1]]
    lines = [["#1.3"], map(str, sizes), ["id", *genes.columns, *samples.index]]
    lines += [[fact, *["na"] * genes.shape[1], *samples[fact]] for fact in samples]
    for gene, facts, row in zip(genes.index, genes.to_numpy(), np.transpose(values), strict=True):
        lines.append([gene, *facts, *(f"{value:.9g}" for value in row)])
    return "".join("\t".join(line) + "\n" for line in lines)


def facts_of_genes(genes) -> pd.DataFrame:
    """What LINCS says of genes, in part."""
    known = {"pr_gene_symbol": [f"SYM {n}" for n in range(len(genes))], "pr_is_lm": 1}
    return pd.DataFrame(known, index=genes).assign(
        pr_is_lm=[int(n % 3 > 0) for n in range(len(genes))]
    )


def facts_of_samples(samples) -> pd.DataFrame:
    """What LINCS says of samples, in part; a name and a dose are missing."""
    names = [f'drug {n}\'s "β"' for n in range(len(samples))]
    doses = [n / 8 for n in range(len(samples))]
    known = {"pert_iname": names, "pert_idose": "10 µM", "pert_dose": doses}
    table = pd.DataFrame(known, index=samples)
    table.loc[samples[1], ["pert_iname", "pert_dose"]] = np.nan
    return table
