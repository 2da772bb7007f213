"""What later stages would refuse after hours is told before the run, by the same words."""

import numpy as np
import pandas as pd
import pytest
from own_data import DRUGS, gene_info, prepared, write_plates
from project import overlay

from lacuna.errors import LacunaError
from lacuna.evaluation.heatmaps import choose_drugs
from lacuna.project.check import check
from lacuna.project.config import prepare
from lacuna.tensor.known import Known
from lacuna.tensor.profiles import ProfileSet

NOWHERE = "nowhere.tsv"
STUDY = {"cell_to_cell": {"analyses": ["training_drugs"]}}
CLASSES = {"classification": {"completed": ["blend"]}}
TABLE = {"acquire": {"annotations": {"table": "classes.tsv"}}}
SETS = {"acquire": {"gene_sets": ["sets.gmt"]}}
SHOWN = [{"drug": "BRD-99", "cell": "PC3"}]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_plates(tmp_path / "data")


def findings(config):
    return [(str(found), found.stops) for found in check(config, NOWHERE).findings]


def heatmaps(*drugs):
    return {"evaluation": {"heatmaps": {"drugs": list(drugs)}}}


def cells(value, **more):
    return overlay(STUDY, {"cell_to_cell": {"cells": value, **more}})


def added(value):
    return overlay(cells(2), {"cell_to_cell": {"analyses": ["inputs"], "added_cells": value}})


@pytest.mark.parametrize(
    ("changes", "said", "stops"),
    [
        (heatmaps("BRD-99"), "evaluation: heatmaps: drugs: 'BRD-99' is not in the tensor", True),
        (heatmaps("brd-01", "name of BRD-02"), None, False),
        (heatmaps("BRD-01", "BRD-99"), "did you mean 'BRD-09' or", False),
        (heatmaps("BRD-00", "BRD-01"), "'BRD-00' was held out in 0 cells", False),
        (cells(["MCF7", "PC3"]), "cell_to_cell: cells: the tensor has no cell 'MCF7'", True),
        (cells(3), "cell_to_cell: cells is 3, but the tensor has 2 cells", True),
        (cells(2, test_percent=1), "cell_to_cell: 11 drugs have profiles in two or more", True),
        (cells(["PC3", "A375"]), None, False),
        (added(["MCF7"]), "cell_to_cell: added_cells: the tensor has no cell 'MCF7'", True),
        (added(["A375"]), "cell_to_cell: added_cells: 'A375' is a cell of the study", True),
        (added(5), None, False),
    ],
)
def test_what_the_grid_lacks_is_told(data, changes, said, stops):
    found = findings(prepared(data, **changes))
    if said is None:
        assert found == []
        return
    assert len(found) == 1
    assert said in found[0][0]
    assert found[0][1] == stops


def test_what_is_told_is_what_the_job_says(data):
    [(told, _)] = findings(prepared(data, **heatmaps("BRD-99")))
    ids = np.array([f"BRD-{number:02d}" for number in range(DRUGS)])
    pairs = [(d, c) for d in range(DRUGS) for c in range(2) if (d, c) != (0, 1)]
    drug, cell = np.array(pairs).T
    shape = (len(pairs), 1)
    tensor = ProfileSet(
        np.ones(shape, np.float32), drug, cell, ids, np.array(["a", "b"]), np.array(["g"])
    )
    with pytest.raises(LacunaError) as error:
        choose_drugs(tensor, [f"name of {name}" for name in ids], ["BRD-99"])
    assert told == f"ERROR  {error.value}"


def test_while_p_values_are_open_what_may_fall_out_does_not_stop(data):
    open_p = {"tensor": {"max_p_value": 0.5}}
    [(said, stops)] = findings(prepared(data, **open_p, **cells(2, test_percent=1)))
    assert "too few to hold out 1 %" in said and not stops
    [(said, stops)] = findings(prepared(data, **open_p, **heatmaps("BRD-99")))
    assert stops  # what is not there now, no filter brings


def test_annotations_are_read_before_the_run(data):
    config = prepared(data, **TABLE, **CLASSES)
    (data / "classes.tsv").write_text("drug\tatc_codes\nBRD-01\tA01AA01\n")
    [(said, stops)] = findings(config)
    assert f"{data / 'classes.tsv'}: " in said and "no column 'name'" in said and stops
    (data / "classes.tsv").write_text("name\tatc_codes\nanother\tA01AA01\n")
    [(said, stops)] = findings(config)
    assert "annotations: none of the 12 drugs stands in own table" in said and not stops
    (data / "classes.tsv").write_text("name\tatc_codes\nname of BRD-01\tA01AA01\n")
    assert findings(config) == []
    (data / "classes.tsv").write_text("drug\n")
    none = overlay(TABLE, {"classification": {"completed": []}})
    [(said, stops)] = findings(prepared(data, **none))  # the product says them, too
    assert "no column 'name'" in said and stops
    none = overlay(none, {"completion": {"completed": []}})
    assert findings(prepared(data, **none)) == []


def gene_sets(data, genes):
    (data / "sets.gmt").write_text("\t".join(["S", "source", *genes]) + "\n")


def test_gene_sets_and_profiles_to_enrich_are_looked_up(data):
    pytest.importorskip("gseapy")
    asked = {"enrichment": {"cell_groups": True, "profiles": SHOWN}}
    symbols = gene_info()["pr_gene_symbol"].to_list()
    gene_sets(data, symbols[:12])
    [(said, stops)] = findings(prepared(data, **SETS, **asked))
    assert "enrichment: profiles: no drug 'BRD-99'" in said and "among the 12" in said and stops
    gene_sets(data, symbols[:3])
    asked["enrichment"]["profiles"] = [{"drug": "name of brd-03", "cell": "pc3"}]
    [(said, stops)] = findings(prepared(data, **SETS, **asked))
    assert "acquire: gene_sets: none of 1 sets has between 10 and 500" in said and stops
    (data / "sets.gmt").write_text("S only\n")
    [(said, stops)] = findings(prepared(data, **SETS, **asked))
    assert f"{data / 'sets.gmt'}: " in said and stops


def of_stage(config, name, **block):
    """Ask for a stage whose packages may not be installed."""
    return overlay(config, {name: block})


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"lines": {"test": ["HeLa"]}}, "retrieval: lines: no well is of 'HeLa'; the screen has"),
        ({"time": 6.0}, "after 6 h' of 46 before it; there are '24 h'"),
        ({"dose": 1.0}, "at 1 uM' of 46 before it; there are '10 uM'"),
        ({}, None),
    ],
)
def test_lines_times_and_doses_of_a_retrieval_are_looked_up(data, block, said):
    lines = {"training": ["A375"], "validation": ["A375"], "test": ["PC3"]}
    asked = {"methods": ["chance"], "lines": lines, "time": 24.0, "dose": 10.0}
    config = of_stage(prepared(data), "retrieval", **overlay(asked, block))
    found = findings(config)
    assert [said in text and stops for text, stops in found] == ([True] if said else [])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"drug": "BRD-98", "set": "S"}, "targets: no well got a drug called 'BRD-98'"),
        ({"drug": "name of BRD-01", "set": "T"}, "targets: no set of genes is called 'T'"),
        ({"drug": "brd-01", "set": "S"}, None),
    ],
)
def test_drugs_and_sets_of_a_translation_are_looked_up(data, target, said):
    gene_sets(data, ["A", "B"])
    asked = {"landmarks": ["ratio"], "targets": [target]}
    config = of_stage(prepared(data, **SETS), "translation", **asked)
    found = findings(config)
    assert [said in text and stops for text, stops in found] == ([True] if said else [])


RATIO = {"landmarks": ["ratio"]}


def with_rnaseq(data, **facts):
    """Return a configuration with four samples of RNA-seq, of one study."""
    samples = pd.DataFrame({"sample": list("abcd"), "study": "S1"}).assign(**facts)
    samples["condition"] = ["Dex", "Dex", "none", "none"]
    samples.to_csv(data / "samples.tsv", sep="\t", index=False)
    counts = pd.DataFrame({"gene": ["TP53", "MYC"], **{name: [5, 6] for name in "abcd"}})
    counts.to_csv(data / "counts.tsv", sep="\t", index=False)
    named = {"mine": {"expression": "counts.tsv", "samples": "samples.tsv", "unit": "counts"}}
    return prepared(data, acquire={"rnaseq": named})


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ({"study": "S2"}, "of a study 'S2'; the tables of samples have 'S1'"),
        ({"treated": "Dexa"}, "study 'S1': 0 samples have the condition 'Dexa' (treated)"),
        ({}, None),
    ],
)
def test_studies_of_a_translation_are_looked_up(data, study, said):
    asked = {"study": "S1", "treated": "Dex", "control": "none"} | study
    target = {"drug": "BRD-01", "set": "S", "studies": [asked]}
    found = findings(of_stage(with_rnaseq(data), "translation", **RATIO, targets=[target]))
    assert [said in text and stops for text, stops in found] == ([True] if said else [])


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "samples.tsv: no column"),
        ({"age": "", "donor": "d", "tissue": "t"}, "samples.tsv: no sample has an age"),
        ({"age": "20-29", "donor": "d", "tissue": "t"}, None),
    ],
)
def test_ages_of_a_translation_are_looked_up(data, facts, said):
    found = findings(of_stage(with_rnaseq(data, **facts), "translation", **RATIO, ageing="mine"))
    assert [said in text and stops for text, stops in found] == ([True] if said else [])


@pytest.mark.parametrize(
    ("completion", "said"),
    [
        ({"methods": ["truth"], "completed": []}, "truth is a control; list it under"),
        ({"options": {"blend": {"members": ["dnp"]}}}, "unknown method 'dnp' (did you mean 'dnpp'"),
        ({"options": {"blend": {"members": ["blend"]}}}, "blend: members is ['blend']"),
        ({"options": {"falrtc": {"gene_components": 1}}}, "falrtc: gene_components is 1"),
        (
            {"methods": [{"f1": {"method": "falrtc", "gene_components": 1}}], "completed": []},
            "falrtc: gene_components is 1",
        ),
    ],
)
def test_options_that_a_method_would_refuse_are_refused_at_once(data, completion, said):
    config = prepared(data)
    with pytest.raises(LacunaError) as error:
        prepare(overlay(config, {"completion": completion}))
    assert said in str(error.value)


def test_drugs_are_known_from_every_table():
    tables = {
        ("a", "inst_info"): pd.DataFrame({"drug": ["d", "d"], "name": [None, "one"]}),
        ("a", "pert_info"): pd.DataFrame({"drug": ["d", "e"], "smiles": ["C", None]}),
    }
    drugs = Known(tables=tables).drugs().set_index("drug")
    assert drugs.loc["d", ["name", "smiles"]].tolist() == ["one", "C"]
    assert drugs.index.tolist() == ["d", "e"]
    assert Known().drugs().empty and Known().symbols().empty
    assert Known().place("results/x/acquire/a/b") is None


@pytest.mark.parametrize(
    ("columns", "target", "said"),
    [
        ({"drug": "drgu"}, {}, "obs has no column 'drgu' (columns: drug)"),
        ({}, {"splits": ["named"], "drugs": ["ibuprofen"]}, "named: none of 'ibuprofen' is a drug"),
        ({}, {"splits": ["lines"], "lines": ["HeLa"]}, "lines: 'HeLa' were not measured"),
        ({}, {"splits": ["named", "lines"], "drugs": ["Aspirin"], "lines": ["A549"]}, None),
    ],
)
def test_columns_drugs_and_lines_of_single_cells_are_looked_up(data, columns, target, said):
    from cells_file import COLUMNS, screen

    screen().write_h5ad(data / "cells.h5ad")
    its = {"expression": "cells.h5ad", "scale": "counts", "columns": COLUMNS | columns}
    acquired = {"cells": {"mine": its | {"unit": "nM", "control": "Vehicle"}}}
    config = prepared(data, acquire=acquired)
    asked = {"splits": ["drugs"], "drugs": [], "lines": []} | target
    config = of_stage(config, "single_cell", models={"m": {}}, targets={"mine": asked})
    found = findings(config)
    assert [said in text and stops for text, stops in found] == ([True] if said else [])
