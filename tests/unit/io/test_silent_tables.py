"""What tables say that once was read as something else, without a word."""

import numpy as np
import pandas as pd
import pytest
from promises import refused_in_little_memory
from wells import inst_info, refused, write_text

from lacuna.acquire.tables import check_tables
from lacuna.errors import LacunaError
from lacuna.io import annotations, geo, gmt, sig_info
from lacuna.io import external as other
from lacuna.io.convert import convert
from lacuna.io.embedded import write_embedded
from lacuna.io.gctx import write_gctx
from lacuna.io.signature_table import write_signatures
from lacuna.io.smiles import read_smiles
from lacuna.predict.new_drugs import read_new_drugs
from lacuna.signatures.left_out import drugs_left_out
from lacuna.signatures.make import count_wells, sort_wells

GENES = pd.DataFrame({"gene": ["1", "2"], "symbol": ["A", "B"]})
SAMPLES = "sample\tdrug\tcell\ns1\td\tc\ns2\td\tc\n"


def written(path, text, encoding="utf-8"):
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


# Fields without a name

WELLS = inst_info({}, {}, {}).to_csv(sep="\t", index=False)
READERS = {
    "inst_info": (geo.read_wells, WELLS),
    "sig_info": (sig_info.read_signatures, WELLS.replace("inst_id", "sig_id", 1)),
    "pert_info": (geo.read_drugs, "pert_id\tinchi_key\tcanonical_smiles\na\tK\tCCO\nb\tL\tCC\n"),
    "gene_info": (geo.read_genes, "pr_gene_id\tpr_gene_symbol\tpr_is_lm\n1\tA\t1\n2\tB\t1\n"),
    "cell_info": (geo.read_cells, "cell_id\tprimary_site\na\tskin\nb\tlung\n"),
    "annotations": (annotations.read_table, "name\tatc_codes\na\tL01\nb\tL02\n"),
    "smiles": (read_smiles, "drug\tsmiles\na\tCCO\nb\tCC\n"),
    "new drugs": (read_new_drugs, "name\tsmiles\na\tCCO\nb\tCC\n"),
    "changes": (
        lambda path: other.read_external(
            path, written(path.with_name("samples.txt"), SAMPLES), GENES
        ),
        "symbol\ts1\ts2\nA\t1\t1\nB\t2\t2\n",
    ),
    "samples": (
        lambda path: other.read_external(
            written(path.with_name("x.txt"), "symbol\ts1\ts2\nA\t1\t2\n"), path, GENES
        ),
        SAMPLES,
    ),
}


def longer(line):
    """Put in a field before the last one."""
    fields = line.split("\t")
    return "\t".join([*fields[:-1], "EXTRA", fields[-1]])


@pytest.mark.fault(
    "a table whose first row, or every row, has a field more than there are names",
    "refused with its line; pandas would shift or drop fields",
)
@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("which", [slice(1, 2), slice(1, None), slice(2, 3)])
def test_fields_without_a_name_are_refused(tmp_path, kind, which):
    read, text = READERS[kind]
    lines = text.splitlines()
    read(written(tmp_path / "good.txt", text))
    lines[which] = map(longer, lines[which])
    refused(read, written(tmp_path / "a.txt", "\n".join(lines) + "\n"), f"line {which.start + 1}")


def test_the_names_of_rows_that_r_writes_are_no_columns(tmp_path):
    text = "pert_id\tcanonical_smiles\n1\ta\t\n2\tb\t\n"
    refused(geo.read_drugs, written(tmp_path / "a.txt", text), "row.names = FALSE", "line 2 has 3")


def test_a_tab_at_the_end_of_rows_does_no_harm_and_is_counted(tmp_path):
    account = []
    path = written(tmp_path / "a.txt", "pert_id\tcanonical_smiles\n\na\tCCO\t\nb\tCC\t\n")
    assert geo.read_drugs(path, account)["smiles"].tolist() == ["CCO", "CC"]
    [odd] = account
    assert odd.what.startswith("rows end with an empty field") and odd.named == "'from line 3 on'"


@pytest.mark.parametrize("text", ["drug,smiles\n2,4-D,CCO\n", "2,4-D,CCO\nb,CC\n"])
def test_a_comma_within_a_name_is_no_column(tmp_path, text):
    refused(read_smiles, written(tmp_path / "a.csv", text))


# Encodings


@pytest.mark.fault(
    "one Latin-1 byte in a table in UTF-8",
    "that byte is read as Latin-1, its line counted; a beta elsewhere stays one",
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_of_latin_1_changes_nothing_else(tmp_path, ending):
    lines = ["pert_id\tpert_iname", "a\tβ-estradiol", "b\tna\xefve", "c\tβ"]
    content = [line.encode("latin-1" if "\xef" in line else "utf-8") for line in lines]
    account = []
    path = written(tmp_path / "a.txt", ending.encode().join(content))
    assert geo.read_drugs(path, account)["name"].tolist() == ["β-estradiol", "naïve", "β"]
    assert account == [("not in UTF-8: these bytes are read as Latin-1", 1, "'line 3'")]


def test_latin_1_and_utf_8_in_one_line(tmp_path):
    line = "x\tβ\t10 ".encode() + b"\xb5M\n"
    path = written(tmp_path / "a.txt", b"pert_id\tpert_iname\tinchi_key\n" + line)
    assert geo.read_drugs(path).iloc[0, :3].tolist() == ["x", "β", "10 µM"]


def test_ids_of_signatures_and_of_gct_are_read_as_tables_are(tmp_path):
    path = written(tmp_path / "a.tsv", "id\t1\t2\nβ\t1\t2\n".encode() + b"\xb5\t3\t4\n")
    write_signatures(path, tmp_path / "a.gctx")
    write_embedded("sig_info", _with_facts(tmp_path), tmp_path / "b.tsv")
    convert(tmp_path / "a.gctx", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[0].endswith("β,µ")


def _with_facts(folder):
    columns = pd.DataFrame({"pert_id": ["a"]}, index=["s"])
    write_gctx(folder / "f.gctx", np.ones((1, 1)), pd.DataFrame(index=["1"]), columns)
    return folder / "f.gctx"


# Times


@pytest.mark.fault(
    "times in days or minutes",
    "read as hours: three times are no replicates of each other",
)
def test_times_of_other_units_are_hours(tmp_path):
    units = {"d": "1", "days": "2", "min": "30", "h": "3"}
    rows = [{"pert_time": time, "pert_time_unit": unit} for unit, time in units.items()]
    wells = geo.read_wells(write_text(inst_info(*rows), tmp_path / "a.txt"))
    assert wells["time"].tolist() == [24, 48, 0.5, 3]


@pytest.mark.fault(
    "times in an unknown unit, negative, or not given beside others that are",
    "the compound's wells are left out and counted; they are not merged into one experiment",
)
def test_a_time_that_is_not_known_leaves_the_well_out(tmp_path):
    vehicles = [{"pert_type": "ctl_vehicle", "pert_time": "-666"}] * 4
    rows = [
        *({"pert_time": "1", "pert_time_unit": "moon"}, {"pert_time": "-6"}),
        *({"pert_time": "-666", "pert_id": "other"}, {}),
    ]
    account = []
    wells = geo.read_wells(write_text(inst_info(*vehicles, *rows), tmp_path / "a.txt"), account)
    assert sort_wells(wells).str.startswith("left out: time").tolist() == [False] * 4 + [
        *(True, True, True, False)
    ]
    uses = count_wells(wells).set_index("use")["wells"]
    assert uses.sum() == 8
    assert uses["left out: time in an unknown unit, or none given where others have one"] == 3
    assert drugs_left_out(wells)["drug"].tolist() == ["other"]
    assert [odd.rows for odd in account] == [2, 1]
    assert "('1 moon', '-6 h')" in account[0].what


def test_a_screen_that_gives_no_time_at_all_is_one_of_one_time(tmp_path):
    path = write_text(inst_info({"pert_time": "-666"}, {"pert_time": "-666"}), tmp_path / "a.txt")
    assert geo.read_wells(path)["unknown_time"].isna().all()


def test_signatures_whose_time_is_not_known_are_counted(tmp_path):
    table = inst_info({"pert_time_unit": "moon"}, {}).rename(columns={"inst_id": "sig_id"})
    account = []
    found = sig_info.read_signatures(write_text(table, tmp_path / "a.txt"), account)
    np.testing.assert_equal(found["time"].to_numpy(), [np.nan, 6])
    assert [(odd.what[:26], odd.rows) for odd in account] == [("time in an unknown unit: i", 1)]


# Flags


@pytest.mark.fault("pr_is_lm as 1.0, True or yes", "read as 1; anything but yes and no is refused")
def test_flags_are_read_however_they_are_written(tmp_path):
    flags = ["1", "1.0", "True", "TRUE", "yes", "y ", "0", "0.0", "False", "no", "-666"]
    ids = [str(number) for number in range(len(flags))]
    table = pd.DataFrame({"pr_gene_id": ids, "pr_gene_symbol": ids, "pr_is_lm": flags})
    account = []
    genes = geo.read_genes(write_text(table, tmp_path / "a.txt"), account)
    assert genes["landmark"].tolist() == [True] * 6 + [False] * 5
    assert account[-1] == ("gene without pr_is_lm: no landmark", 1, "'10'")
    for odd in ("2", "maybe", "landmark", "1.5"):
        table.loc[3, "pr_is_lm"] = odd
        path = write_text(table, tmp_path / "b.txt")
        refused(geo.read_genes, path, "column pr_is_lm: line 5", repr(odd), "expected 1 or 0")


@pytest.mark.parametrize(("flags", "read"), [(["1.0", "False"], "1 0"), ([True, False], "1 0")])
def test_flags_within_a_matrix_are_read_alike(tmp_path, flags, read):
    rows = pd.DataFrame({"pr_is_lm": list(map(str, flags))}, index=["1", "2"])
    write_gctx(tmp_path / "a.gctx", np.ones((1, 2)), rows, pd.DataFrame(index=["s"]))
    write_embedded("gene_info", tmp_path / "a.gctx", tmp_path / "g.tsv")
    told = pd.read_csv(tmp_path / "g.tsv", sep="\t", dtype=str)["pr_is_lm"]
    assert " ".join(told) == read


# Numbers


def external(folder, *changes):
    both = zip("AB", changes, strict=True)
    rows = "".join(f"{symbol}\t{change}\t{change}\n" for symbol, change in both)
    path = written(folder / "changes.txt", "symbol\ts1\ts2\n" + rows)
    return other.read_external(path, written(folder / "samples.txt", SAMPLES), GENES)


@pytest.mark.fault(
    "log fold changes of 1e300, or of 1e-300",
    "the first refused with its line, the second scaled: no profile becomes zeros",
)
def test_changes_beyond_float_are_no_profile_of_zeros(tmp_path):
    with pytest.raises(LacunaError, match=r"line 2, symbol 'A': '1e300' is beyond 3.4e\+38 \(2 "):
        external(tmp_path, "1e300", "1")
    for small in ("1e-300", "4e-320"):
        found = external(tmp_path, small, f"-{small}")
        np.testing.assert_allclose(found.profiles, [[np.sqrt(0.5), -np.sqrt(0.5)]], rtol=1e-6)
    with pytest.raises(LacunaError, match="are all 0"):
        external(tmp_path, "0", "0")


def test_a_signature_beyond_float_is_refused(tmp_path):
    path = written(tmp_path / "a.tsv", "id\tg1\tg2\ns1\t1\t2\ns2\t1\t1e300\n")
    with pytest.raises(LacunaError, match="signature 's2', gene 'g2' is beyond"):
        write_signatures(path, tmp_path / "a.gctx")


# Sets of genes


@pytest.mark.fault("a GMT file larger than memory", "refused at 8 MiB a line, 128 MiB in all")
def test_sets_without_an_end_are_refused(tmp_path, monkeypatch):
    line = b"\t".join([b"set", b"about", *[b"G%d" % gene for gene in range(1000)]])
    long = written(tmp_path / "long.gmt", b"a\tb\tC\n" + line + b"\tG" * 2**22 + b"\n")
    refused_in_little_memory(gmt.read_gmt, long, "line 2 has 8,388,608 bytes")
    monkeypatch.setattr(gmt, "LARGEST", 2**20)
    many = b"".join(b"%d" % number + line + b"\n" for number in range(300))
    refused_in_little_memory(gmt.read_gmt, written(tmp_path / "m.gmt", many), "1,048,576 in all")


def test_a_set_of_one_name_in_two_files_is_refused_unless_it_is_the_same(tmp_path):
    one = written(tmp_path / "one.gmt", "S\tx\tA\tB\n")
    same, differs = (
        written(tmp_path / "same.gmt", "S\ty\tA\tB\nT\ty\tA\n"),
        written(tmp_path / "differs.gmt", "S\ty\tA\n"),
    )
    assert gmt.read_gmts([one, same]) == {"S": ["A", "B"], "T": ["A"]}
    with pytest.raises(LacunaError, match=f"{differs}: the set 'S' stands with other genes in"):
        gmt.read_gmts([one, differs])


# Names

UNSEEN = {"C1": "\x9b", "override": "\u202e", "isolate": "\u2066", "line": "\u2028"}


@pytest.mark.fault(
    "C1 controls, marks that turn the direction of writing, and separators of lines in names",
    "refused, with column and line",
)
@pytest.mark.parametrize("sign", UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("column", ["pert_id", "pert_iname", "cell_id", "rna_plate", "inst_id"])
def test_signs_that_nobody_sees_are_refused(tmp_path, sign, column):
    table = inst_info({}, {}, {column: f"a{sign}b"})
    path = write_text(table, tmp_path / "a.txt")
    refused(geo.read_wells, path, f"column {column}", f"line 4, U+{ord(sign):04X}")


def test_what_is_odd_in_any_table_of_a_series_is_in_one_table(tmp_path):
    files = {
        "inst_info": write_text(inst_info({"cell_id": "A375 "}, {}), tmp_path / "wells.txt"),
        "gene_info": written(
            tmp_path / "genes.txt", "pr_gene_id\tpr_gene_symbol\tpr_is_lm\n1\tA \t1\n"
        ),
    }
    told = check_tables(files)
    assert told["odd"].tolist() == [
        f"blanks or invisible signs in {column}: taken away"
        for column in ("cell_id", "pr_gene_symbol")
    ]
