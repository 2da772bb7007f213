"""Annotations of drugs: read from others' tables, joined by structure and by name."""

import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.annotations import (
    ANNOTATIONS,
    annotate,
    annotate_from_files,
    read_sources,
    read_symbols,
    read_table,
    split,
)
from lacuna.io.geo import read_drugs, read_genes

SYMBOLS = pd.Series({"10": "ABC1", "20": "DEF2"})


def write(folder, name, *lines, encoding="utf-8"):
    (folder / name).write_text("\n".join(lines) + "\n", encoding=encoding)
    return str(folder / name)


@pytest.fixture
def files(tmp_path):
    drugbank = ["drugbank_id\tname\tatc_codes\tinchikey"]
    drugbank += ["DB1\tAlpha\tL01XX01|C02AA\tInChIKey=AAAAAAAAAAAAAA-SALTEDSALT-N"]
    drugbank += ["DB2\tBeta\t\tInChIKey=BBBBBBBBBBBBBB-UHFFFAOYSA-N", "DB3\tGamma\tN05\t"]
    proteins = ["drugbank_id\tcategory\tentrez_gene_id\torganism"]
    proteins += ["DB1\ttarget\t10\tHuman", "DB1\ttarget\t20\tEscherichia coli"]
    proteins += ["DB1\tenzyme\t20\tHuman", "DB2\ttarget\t99\tHuman", "DB3\ttarget\t20\tHuman"]
    hub = ["!a comment\twith \xe9", "pert_iname\tmoa\ttarget"]
    hub += ["alpha\tkinase inhibitor|opener, any\tABC1|GHI3", "delta\t\tJKL4"]
    samples = ["!comment", "pert_iname\tInChIKey", "alpha\tAAAAAAAAAAAAAA-UHFFFAOYSA-N"]
    samples += ["delta\tDDDDDDDDDDDDDD-UHFFFAOYSA-N", "delta\tDDDDDDDDDDDDDD-OTHERSALTS-N"]
    atc = ["atc_code,atc_name,ddd", "L,DELTA,NA", "L01XX99,delta,NA", 'L01XX98,"delta, mixed",1']
    return {
        "drugbank_drugs": write(tmp_path, "drugbank.tsv", *drugbank),
        "drugbank_proteins": write(tmp_path, "proteins.tsv", *proteins),
        "hub_drugs": write(tmp_path, "hub.txt", *hub, encoding="latin-1"),
        "hub_samples": write(tmp_path, "samples.txt", *samples),
        "atc": write(tmp_path, "atc.csv", *atc),
    }


@pytest.fixture
def drugs():
    keys = ["AAAAAAAAAAAAAA-UHFFFAOYSA-N", "DDDDDDDDDDDDDD-UHFFFAOYSA-N", None, None]
    names = ["BRD-1", "BRD-2", "  GAMMA ", "nobody knows"]
    return pd.DataFrame({"drug": list("pqrs"), "name": names, "inchi_key": keys})


def test_structure_comes_first_then_the_name_and_sources_add_up(files, drugs):
    labels, counts = annotate(drugs, read_sources(files, SYMBOLS))
    known = labels.set_index("drug")
    assert known.loc["p", "atc_codes"] == "C02AA|L01XX01"  # by structure, whatever the salt
    assert known.loc["p", "targets"] == "ABC1|GHI3"  # human targets alone; DrugBank and the Hub
    assert known.loc["q", "atc_codes"] == "L01XX99"  # WHO has no structures: by the Hub's name
    assert known.loc["r", "targets"] == "DEF2"
    assert known.loc["p", "mechanisms"] == "kinase inhibitor|opener, any"  # the Hub's
    assert known.loc["q", ["mechanisms"]].isna().all()
    assert known.loc["s", ANNOTATIONS].isna().all()
    counts = counts.set_index("source")
    assert counts.loc["DrugBank", ["by_structure", "by_name", "not_found"]].tolist() == [1, 1, 2]
    assert counts.loc["all sources", ["by_structure", "by_name"]].tolist() == [2, 1]
    assert (counts["by_structure"] + counts["by_name"] + counts["not_found"] == len(drugs)).all()
    assert (counts["without_structure"] == 2).all()
    with_any = ["with_atc_codes", "with_targets", "with_mechanisms"]
    assert counts.loc["all sources", with_any].tolist() == [3, 3, 1]
    assert counts["targets"].tolist() == [2, 3, 0, 4]  # ABC1, DEF2; ABC1, GHI3, JKL4
    assert (counts["targets_by_id"] == 0).all()
    assert (counts["with_mechanisms"].drop(["all sources", "Drug Repurposing Hub"]) == 0).all()


def test_a_target_that_the_screen_has_no_symbol_for_goes_by_its_id(tmp_path, files, drugs):
    lines = ["drugbank_id\tcategory\tentrez_gene_id\torganism"]
    lines += ["DB1\ttarget\t10\tHuman", "DB1\ttarget\t99\tHuman", "DB3\ttarget\t20\tHuman"]
    lines += ["DB2\ttarget\t\tHuman", "DB3\ttarget\t\tHuman"]
    files["drugbank_proteins"] = write(tmp_path, "incomplete.tsv", *lines)
    sources = read_sources(files, SYMBOLS)
    targets = sources["DrugBank"].set_index("name")["targets"]
    assert split(targets)["Alpha"] == {"ABC1", "Entrez 99"}
    assert targets["Gamma"] == "DEF2"
    assert pd.isna(targets["Beta"])  # neither id nor symbol
    _, counts = annotate(drugs, sources)
    told = counts.set_index("source").loc["DrugBank", ["with_targets", "targets", "targets_by_id"]]
    assert told.tolist() == [2, 3, 1]


def test_quotes_blanks_and_a_trailing_tab_do_no_harm(tmp_path):
    lines = ["name\tatc_codes", '"2-APB\tL01|\t', "Beta\t c02 | |N05\t", "Gamma\tD01\t"]
    table = read_table(write(tmp_path, "own.tsv", *lines))
    assert table["name"].tolist() == ['"2-APB', "Beta", "Gamma"]
    drugs = pd.DataFrame({"drug": ["a", "b"], "name": ['"2-apb', "beta"], "inchi_key": None})
    labels, _ = annotate(drugs, {"own table": table})
    assert labels["atc_codes"].tolist() == ["L01", "N05|c02"]


def test_ones_own_table_needs_names_alone(tmp_path):
    path = write(tmp_path, "own.tsv", "name\tatc_codes", "Alpha\tL01", "Beta\t-666")
    table = read_table(path)
    assert table["atc_codes"].tolist()[0] == "L01"
    assert table[["inchi_key", "targets", "mechanisms"]].isna().all(axis=None)
    assert split(table["atc_codes"]).tolist()[0] == {"L01"}
    path = write(tmp_path, "mine.tsv", "name\tmechanisms", "Alpha\topener | blocker", "Beta\t")
    labels, _ = annotate(
        pd.DataFrame({"drug": ["a"], "name": ["alpha"], "inchi_key": None}),
        {"own table": read_table(path)},
    )
    assert split(labels["mechanisms"]).tolist() == [{"opener", "blocker"}]


def test_a_missing_column_or_file_is_named(tmp_path):
    path = write(tmp_path, "own.tsv", "nmae\tatc_codes", "Alpha\tL01")
    with pytest.raises(LacunaError, match=r"own.tsv: no column 'name' \(did you mean 'nmae'"):
        read_table(path)
    with pytest.raises(LacunaError, match="no such file"):
        read_table(tmp_path / "absent.tsv")


def real_tables(shared_data):
    mirror = shared_data / "mirror"
    return {
        "drugbank_drugs": mirror / "drugbank.tsv",
        "drugbank_proteins": mirror / "proteins.tsv",
        "hub_drugs": mirror / "repurposing_drugs_20200324.txt",
        "hub_samples": mirror / "repurposing_samples_20200324.txt",
        "atc": mirror / "WHO_ATC-DDD_2026-04-25.csv",
    }


def test_no_real_drug_loses_its_targets_for_want_of_a_symbol(shared_data):
    files = real_tables(shared_data)
    mini = shared_data / "lincs-mini"
    drugs = read_drugs(mini / "MINI_Broad_LINCS_pert_info.txt.gz")
    genes = read_genes(mini / "MINI_Broad_LINCS_gene_info.txt.gz")
    sources = read_sources(files, genes.set_index("gene")["symbol"])
    _, counts = annotate(drugs, {"DrugBank": sources["DrugBank"]})
    proteins = pd.read_csv(files["drugbank_proteins"], sep="\t", dtype=str)
    human = proteins.query("category == 'target' and organism == 'Human'")
    ids = pd.read_csv(files["drugbank_drugs"], sep="\t", dtype=str)["drugbank_id"]
    hit = human.loc[human["drugbank_id"].isin(ids), "drugbank_id"].nunique()
    assert sources["DrugBank"]["targets"].notna().sum() == hit
    known, _, by_id = counts.loc[0, ["with_targets", "targets", "targets_by_id"]]
    assert known > 100  # of these, 11 have symbols for all of their targets
    assert by_id > 200


def test_real_tables_know_real_drugs(shared_data):
    files = real_tables(shared_data)
    key = "UREBDLICKHMUKA-CXSFZGCWSA-N"
    drugs = pd.DataFrame(
        {
            "drug": ["BRD-1", "BRD-2"],
            "name": ["unknown here", "Sirolimus"],
            "inchi_key": [key, None],
        }
    )
    labels, counts = annotate(drugs, read_sources(files, pd.Series({"2908": "NR3C1"})))
    dexamethasone, sirolimus = labels.itertuples()
    assert "H02AB02" in dexamethasone.atc_codes
    assert "NR3C1" in dexamethasone.targets.split("|")
    assert "MTOR" in sirolimus.targets.split("|")
    assert dexamethasone.mechanisms == "glucocorticoid receptor agonist"
    assert sirolimus.mechanisms == "mTOR inhibitor"
    assert counts.set_index("source").loc["all sources", ["by_structure", "by_name"]].tolist() == [
        1,
        1,
    ]


def test_a_run_without_tables_knows_nothing_of_its_drugs(files, drugs):
    labels, counts = annotate_from_files(drugs, {}, SYMBOLS)
    assert labels[["drug", "name"]].equals(drugs[["drug", "name"]])
    assert labels[ANNOTATIONS].isna().all(axis=None)
    assert counts.empty
    found, of_sources = annotate_from_files(drugs, files, SYMBOLS)
    expected = annotate(drugs, read_sources(files, SYMBOLS))
    assert found.equals(expected[0]) and of_sources.equals(expected[1])


def test_the_first_table_of_genes_that_has_a_symbol_wins(tmp_path):
    first = write(tmp_path, "a.txt", "pr_gene_id\tpr_gene_symbol\tpr_is_lm", "10\tABC1\t1")
    other = write(tmp_path, "b.txt", "pr_gene_id\tpr_gene_symbol\tpr_is_lm", "10\tX\t1", "20\tY\t1")
    assert read_symbols([first, other]).to_dict() == {"10": "ABC1", "20": "Y"}
    assert read_symbols([]).empty
