"""Files as GEO and ChIP-Atlas give them, small: a series matrix, its platform, bound genes."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

DOSES, HOURS = ("0nM", "100nM", "2000nM"), ("2h", "24h")


def write_series_matrix(path: Path, values: pd.DataFrame, characteristics=(), **changed) -> Path:
    """Write probes x samples, whose names are the titles; keyword arguments replace lines."""
    titles = [str(name) for name in values]
    accessions = [f"GSM{3_231_600 + number}" for number in range(len(titles))]
    lines = {
        "!Series_title": ["Drug-induced change in gene expression"],
        "!Series_geo_accession": ["GSE116436"],
        "!Series_platform_id": ["GPL571"],
        "!Sample_title": titles,
        "!Sample_geo_accession": accessions,
        "!Sample_organism_ch1": ["Homo sapiens"] * len(titles),
    }
    rows = [(key, line) for key, line in lines.items()]
    rows += [("!Sample_characteristics_ch1", line) for line in characteristics]
    text = "".join("\t".join([key, *(f'"{field}"' for field in line)]) + "\n" for key, line in rows)
    text += "\n!series_matrix_table_begin\n"
    text += "\t".join(['"ID_REF"', *(f'"{name}"' for name in accessions)]) + "\n"
    for probe, row in values.iterrows():
        fields = ["" if np.isnan(value) else f"{value:.6f}" for value in row]
        text += "\t".join([f'"{probe}"', *fields]) + "\n"
    text += "!series_matrix_table_end\n"
    for old, new in changed.get("replace", {}).items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def write_platform(path: Path, symbols: dict[str, str], layout: str = "annotation") -> Path:
    """Write probes and their symbols: GEO's annotation, its SOFT, or the table alone."""
    apart = {"annotation": "///"}.get(layout, " /// ")
    rows = [f"{probe}\ta gene\t{apart.join(text.split('|'))}\t1" for probe, text in symbols.items()]
    if layout == "annotation":
        above = [
            "^Annotation",
            "!Annotation_platform = GPL571",
            "#ID = ID",
            "!platform_table_begin",
        ]
        names, below = "ID\tGene title\tGene symbol\tGene ID", ["!platform_table_end"]
    else:
        above = ["#ID = Affymetrix Probe Set ID", "#Gene Symbol = a symbol"]
        names, below = "ID\tGene Title\tGene Symbol\tENTREZ_GENE_ID", []
        if layout == "soft":
            above = ["^DATABASE = GeoMiame", "^PLATFORM = GPL571", *above, "!platform_table_begin"]
            below = ["!platform_table_end", "^SAMPLE = GSM1", "ID_REF\tVALUE", "p1\t7.5"]
    text = "\n".join([*above, names, *rows, *below]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_bound(path: Path, factor: str, scores: pd.DataFrame, average: bool = True) -> Path:
    """Write target genes as ChIP-Atlas does; columns are cells, one for each experiment."""
    table = scores.set_axis([f"SRX{100 + i}|{cell}" for i, cell in enumerate(scores)], axis=1)
    if average:
        table.insert(0, f"{factor}|Average", scores.mean(axis=1))
    table = table.assign(STRING=0).rename_axis("Target_genes").reset_index()
    table.to_csv(path, sep="\t", index=False)
    return path
