"""The mistakes that a stranger made with six data sets, row by row, and what is told of each.

Rows are those of the review in its order; beside each stands what was said then. Each is made in a
small series that has no mistake (`own_data`), and looked at as `lacuna check` does.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import own_mistakes as make
import pytest
from own_data import FILES, change_table, configuration, prepared, read, write_plates
from project import overlay

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.project.check import check
from lacuna.project.config import prepare

NOWHERE = "nowhere.tsv"  # nothing can be downloaded


class Row(NamedTuple):
    """A mistake, what was said of it at the review, and a test of what is said now."""

    mistake: str
    then: str
    test: Callable[[Path], None]


def told(change, *words, stops=True):
    """The mistake is found before the run: as an error that stops it, or as a warning."""

    def test(data):
        changes = change(data) or {}
        report = check(prepared(data, changes.pop("files", FILES), **changes), NOWHERE)
        found = [str(finding) for finding in report.findings]
        assert any(all(part in finding for part in words) for finding in found), found
        assert bool(report.errors) == stops
        assert ("cannot reach its report" in report.verdict) == stops

    return test


def warned(change, *words):
    return told(change, *words, stops=False)


def accepted(change):
    """It is no mistake any more: nothing is found, and all wells count."""

    def test(data):
        changes = change(data) or {}
        report = check(prepared(data, changes.pop("files", FILES), **changes), NOWHERE)
        assert report.findings == []
        assert "doses: 10 uM (46)" in "\n".join(report.lines())

    return test


def refused(changes, *words):
    """The configuration is refused, before any file is looked for."""

    def test(data):
        with pytest.raises(LacunaError) as error:
            prepare(changes(configuration(data)) if callable(changes) else changes)
        for part in words:
            assert part in str(error.value), error.value

    return test


def both(*tests):
    def test(data):
        for number, one in enumerate(tests):
            one(write_plates(data.parent / f"data{number}"))

    return test


def laid_over(changes):
    return lambda config: overlay(config, changes)


def no_source(config):
    del config["acquire"]["source"]
    return config


def keys_under_acquire(config):
    del config["acquire"]["series"]
    return overlay(config, {"acquire": {"level3": "plates.gctx"}})


def dose_with_unit(data):
    unit = {"pert_dose_unit": "", "pert_dose": make.where(make.treated, "10 um")}
    change_table(data, "inst_info", **unit)


def gct_text(data):
    with Gctx(data / FILES["level3"]) as matrix:
        rows, columns = matrix.rows, matrix.columns
        values = matrix.read(rows, columns)
    lines = ["#1.2", f"{len(rows)}\t{len(columns)}", "\t".join(["Name", "Description", *columns])]
    lines += ["\t".join([g, "na", *map(str, v)]) for g, v in zip(rows, values.T, strict=True)]
    (data / FILES["level3"]).write_text("\n".join(lines) + "\n")


def named_gz(data):
    (data / FILES["level3"]).rename(data / "plates.gctx.gz")
    return {"files": {**FILES, "level3": "plates.gctx.gz"}}


def bom_and_crlf(data):
    text = (data / FILES["inst_info"]).read_text()
    (data / FILES["inst_info"]).write_bytes(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode("utf-8")
    )


def packed_and_unnamed(data):
    path = data / FILES["inst_info"]
    path.write_bytes(gzip.compress(path.read_bytes()))


def home_folder(data):
    os.environ["HOME"] = str(data.parent)  # the fixture puts it back
    return {"acquire": {"mirror": f"~/{data.name}"}}


def changed_since(data):
    acquired = Path("results/mine/acquire/mine") / FILES["inst_info"]
    acquired.parent.mkdir(parents=True, exist_ok=True)
    acquired.symlink_to(data / FILES["inst_info"])
    state = acquired.lstat()
    os.utime(data / FILES["inst_info"], ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))


TABLE = [
    Row(
        "two series, like-named files in two folders, mirror: [a, b]",
        "nothing: both series were read from folder a",
        told(make.like_named, "series: mine: inst_info", "two different files", "{path:", "two"),
    ),
    Row(
        "Level 3 named as level5",
        "nothing; mean cosine between profiles 0.99",
        warned(
            make.level3_as_level5, "plates.gctx: no value is negative", "mean cosine", "Level 3"
        ),
    ),
    Row(
        "linear-scale expression as level3",
        "nothing",
        told(
            make.linear,
            "plates.gctx: 1,761 values in 62 wells",
            "before the logarithm?",
            "Take log2",
        ),
    ),
    Row(
        "-666 in every gene of 10 wells; exact zeros",
        "nothing; they became signatures",
        both(
            warned(
                make.minus_666, "300 values in 10 wells", "such as -666", "left out, and counted"
            ),
            warned(make.zeros, "plates.gctx: 2 values of 2 wells are exactly 0", "missing"),
        ),
    ),
    Row(
        "log10 doses",
        "nothing: half the wells were left out",
        warned(make.log_doses, "wells.txt, column pert_dose", "negative ('-1.5')", "logarithms?"),
    ),
    Row(
        "pert_time in minutes",
        "nothing: the time became missing",
        both(
            accepted(make.minutes),
            warned(make.some_weeks, "column pert_time_unit", "'weeks' (", "h, min and d"),
            warned(make.minutes_called_hours, "column pert_time", "above 240 h ('360'): minutes?"),
        ),
    ),
    Row(
        "no source: files",
        "nothing: a screen was simulated under the name of the data set",
        both(
            refused(no_source, "acquire: 'source' is missing", "source: files"),
            refused(
                laid_over({"acquire": {"source": "simulator"}}),
                "source is simulator, but files are named under series",
            ),
        ),
    ),
    Row(
        "dose unit mg/mL",
        "no compound well lies on a plate with 2 vehicle wells",
        both(
            told(make.unknown_unit, "column pert_dose_unit", "'mg/mL' (46 rows)", "Known are nM"),
            told(
                make.unknown_unit, "no compound well can be used", "in an unknown unit' (46 rows)"
            ),
            warned(make.some_unknown_units, "unknown unit are left out: 'ng/mL'", "convert"),
        ),
    ),
    Row("dose written 10 um, unit column empty", "the same", accepted(dose_with_unit)),
    Row(
        "decimal comma 3,33",
        "the same",
        told(make.decimal_comma, "'3,33' (46 rows)", "decimal comma", "3.33"),
    ),
    Row(
        "pert_type compound / DMSO",
        "the same; the types that were found were not listed",
        told(make.own_types, "'compound' (46 rows)", "'DMSO' (16 rows)", "trt_cp", "ctl_vehicle"),
    ),
    Row(
        "replicate plates named _rep1, _rep2 instead of _X1, _X2",
        "29 experiments without a p-value, for want of replicates",
        warned(make.plates_named_rep, "'MINE_A375_24H_rep1', 'MINE_A375_24H_rep2'", "_X1, _X2"),
    ),
    Row(
        "GCT text or a table as level3",
        "cannot be read as HDF5. It is cut short or damaged.",
        both(
            accepted(gct_text),
            told(make.text_as_matrix, "62 of 62 rows of inst_info", "the matrix 'A', 'B'"),
            told(make.gct, "plates.gctx: 62 of 62 rows of inst_info", "the matrix 'A', 'B'"),
            told(make.cut_short, "plates.gctx: ", "cut short or damaged"),
        ),
    ),
    Row(
        "probe ids, or gene symbols, as rows",
        "978 rows of the matrix are no gene of gene_info",
        both(
            told(make.probes, "30 of 30 rows of the matrix are no", "'_at' stands behind 30"),
            told(make.symbols, "30 are symbols (pr_gene_symbol)"),
        ),
    ),
    Row(
        "inst_info of another data set",
        "581 rows of inst_info have no column in the matrix",
        told(make.other_wells, "62 of 62 rows", "In the table, 'OTHER_' stands before 62"),
    ),
    Row(
        "inst_id in lower case",
        "371 rows of inst_info have no column in the matrix",
        told(make.lower_case, "upper and lower case", "in the matrix 'MINE_A375_24H_X1:A01'"),
    ),
    Row(
        "transposed matrix",
        "371 rows of inst_info have no column in the matrix",
        told(make.transposed, "its rows are the ids of inst_info", "is transposed"),
    ),
    Row(
        "Level 5 GCTX and sig_info as level3 / inst_info",
        "no column inst_id (did you mean 'sig_id'?)",
        told(make.level5_as_level3, "signatures.txt: no column inst_id", "looks like sig_info"),
    ),
    Row(
        "gene_info and pert_info swapped",
        "no column pr_gene_id; it has 'pert_id', 'pert_iname'",
        both(
            told(make.swapped, "drugs.txt: no column pr_gene_id", "like pert_info", "swapped"),
            told(make.swapped, "genes.txt: no column pert_id", "like gene_info", "swapped"),
        ),
    ),
    Row(
        "plain GCTX called .gctx.gz, BOM + CRLF",
        "accepted, rightly",
        both(accepted(named_gz), accepted(bom_and_crlf), accepted(packed_and_unnamed)),
    ),
    Row(
        "CSV with commas",
        "no column inst_id; it has 'inst_id,rna_plate,...'",
        told(make.csv, "wells.txt: no column inst_id", "separated by tabs; these look like CSV"),
    ),
    Row(
        "UTF-16",
        "holds a zero byte; expected text in UTF-8 or Latin-1",
        told(make.utf_16, "wells.txt: holds a zero byte", "UTF-8"),
    ),
    Row(
        "one NaN",
        "names well, gene, and what to do",
        told(make.nan, "plates.gctx: column", "is nan", "finite"),
    ),
    Row(
        "column cell_id missing",
        "no column cell_id; it has ...",
        told(make.no_cells, "wells.txt: no column cell_id"),
    ),
    Row(
        "path in place of a name",
        "is not the plain name of a file, without a folder",
        refused(
            laid_over({"acquire": {"series": {"mine": {"level3": "plates/a.gctx"}}}}),
            "series: mine: level3: 'plates/a.gctx' is not the plain name of a file",
            "without a folder",
        ),
    ),
    Row(
        "mirror misspelt / in the home folder",
        "'l1k_gene_info.txt' is not listed in sources.tsv; the mirror does not exist; ~ as it is",
        both(
            told(make.misspelt_mirror, "ERROR  acquire: mirror: the folder", "dat does not exist"),
            told(make.missing_file, "series: mine: gene_info: 'genes.txt' is not there; looked in"),
            accepted(home_folder),
        ),
    ),
    Row(
        "methods: [..., Blend]; blend not among methods but in the default completed",
        "did you mean 'blend'?; 'blend' is not among methods",
        both(
            refused(
                laid_over({"completion": {"methods": ["dnpp", "Blend"]}}),
                "unknown method 'Blend' (did you mean 'blend'?)",
            ),
            refused(
                laid_over({"completion": {"methods": ["dnpp"]}}),
                "completion: completed: 'blend' is not among completion: methods",
                "or none: []",
                "A key that is not written has its default",
            ),
        ),
    ),
    Row(
        "series: as a list; keys directly under files:",
        "is not of type 'object'; unknown key 'level3'",
        both(
            refused(
                laid_over({"acquire": {"series": [{"level3": "plates.gctx"}]}}),
                "acquire: series: [{'level3': 'plates.gctx'}] is a list",
                "expected a block of keys (key: value)",
            ),
            refused(keys_under_acquire, "acquire: unknown key 'level3'", "'series'"),
        ),
    ),
    Row(
        "a mirror file changed under the same name, same dataset",
        "accepted; the recorded checksum was that of the file before",
        warned(changed_since, "wells.txt", "is newer than", "recorded_checksums.tsv"),
    ),
]
# Section 4 of the review, and what came to light since.
BESIDE = [
    Row(
        "z-scores, or unit rows, as level3",
        "",
        both(
            warned(make.z_scores, "are negative, centred on", "z-scores (Level 4)"),
            warned(make.unit_rows, "plates.gctx", "unit rows (signatures)", "under level5"),
        ),
    ),
    Row(
        "replicates within a plate",
        "all drugs of a plate had p < 0.008",
        warned(make.replicates_on_one_plate, "23 experiments without a p-value: replicates on"),
    ),
    Row("no vehicle wells", "", told(make.no_vehicles, "0 plates with 2 or more vehicle wells")),
    Row(
        "wells that failed the quality control, in the table alone",
        "13 rows of inst_info have no column in the matrix",
        warned(make.failed_wells, "3 of 65 rows of inst_info", "are left out: 'a', 'b', 'c'."),
    ),
    Row(
        "one cell line",
        "only 0 profiles belong to a drug with more than one. Lower folds",
        both(
            told(make.one_cell, "1 cell line, 'A375'", "Signatures, p-values and the quality of"),
            told(make.one_cell, "10 folds, but 0 profiles of drugs with more", "completed: []}"),
        ),
    ),
    Row(
        "one drug",
        "8 experiments without a p-value, for want of replicates",
        told(make.one_drug, "2 have too few other drugs on its plates", "unreplicated: keep"),
    ),
    Row(
        "thresholds of another data set",
        "one failed run for each",
        both(
            told(make.paper_thresholds, "This would work: tensor: {", "leaves 23 profiles at most"),
            warned(make.densities, "percents", "small tensor (6 x 2, 12 profiles) has too few"),
            told(
                make.default_splits, "40 folds, but 12 drugs. This would work: drugs: {folds: 12}"
            ),
            told(make.default_splits, "5 folds, but 2 cells. This would work: cells: {folds: 2}"),
        ),
    ),
]


@pytest.mark.parametrize("row", [*TABLE, *BESIDE], ids=lambda row: row.mistake)
def test_a_mistake_is_told_by_its_cause(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    row.test(write_plates(tmp_path / "data"))


def test_the_series_in_which_mistakes_are_made_has_none(tmp_path):
    accepted(lambda folder: None)(data := write_plates(tmp_path / "data"))
    assert len(read(data / FILES["inst_info"])) == 62
