"""The stage is made where a table is named, and mistakes in it stop the run before it starts."""

import pandas as pd
import pytest
import yaml
from project import ROOT, TINY, overlay

from lacuna.errors import LacunaError
from lacuna.predict import preflight, stage
from lacuna.project.check import check
from lacuna.project.plan import Plan
from lacuna.project.stages import is_wanted
from lacuna.tensor.known import Known

NO_CLASSES = {"classification": {"completed": []}}
DEMO = yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture
def table(tmp_path):
    def write(**columns):
        path = tmp_path / "new.tsv"
        pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
        return str(path)

    return write


def plan(drugs=None, **changes):
    return Plan.of(overlay(overlay(DEMO, TINY), {"predict": {"drugs": drugs}, **changes}))


def test_without_a_table_nothing_is_made():
    made = plan()
    assert not is_wanted("predict", made.config)
    assert not any("/predict/" in file for file in made.results)
    assert "results/demo/completed/blend.model.h5" in made.results
    assert not any("falrtc.model" in file or "dnpp.model" in file for file in made.results)


def test_with_a_table_all_is_made_of_the_first_method_that_keeps_a_model(table):
    made = plan(table(name=["a"], smiles=["CCO"]))
    assert is_wanted("predict", made.config)
    assert {f"results/demo/{file}" for file in stage.results(made.config)} <= set(made.results)
    assert stage.model_file(made.config)["model"] == "completed/blend.model.h5"
    assert stage.judged_by(made.config) == {
        "folds": "evaluation/large/drugs/folds.tsv",
        "scores": "evaluation/large/drugs/blend/metrics_per_profile.tsv",
    }


def test_a_network_is_kept_of_all_data_and_not_asked_by_structure(table):
    variant = {"small_states": {"method": "deepcellstate", "latent": 4}}
    methods = [variant, "blend", "affine_map", "deepcellstate"]
    completed = ["deepcellstate", "small_states", "affine_map"]
    made = plan(completion={"methods": methods, "completed": completed}, **NO_CLASSES)
    kept = [file for file in made.results if file.endswith(".model.h5")]
    folder = "results/demo/completed"
    assert kept == [f"{folder}/small_states.model.h5", f"{folder}/deepcellstate.model.h5"]
    assert stage.method(made.config) is None
    asked = {"methods": methods, "completed": ["deepcellstate", "blend"]}
    made = plan(table(name=["a"], smiles=["CCO"]), completion=asked, **NO_CLASSES)
    assert stage.method(made.config) == "blend"


@pytest.mark.parametrize("how", [{"sizes": []}, {"without": ["blend"]}])
def test_without_held_out_drugs_nothing_judges(table, how):
    made = plan(table(name=["a"], smiles=["CCO"]), evaluation={"splits": {"drugs": how}})
    assert stage.judged_by(made.config) == {}


def test_a_table_that_is_not_there_and_methods_that_keep_no_model_are_refused(table):
    with pytest.raises(LacunaError, match=r"predict: drugs: nowhere.tsv: no such file"):
        plan("nowhere.tsv")
    with pytest.raises(LacunaError, match=r"completed with dnpp, falrtc\. Complete with"):
        plan(table(name=["a"], smiles=["CCO"]), completion={"completed": ["dnpp", "falrtc"]})


def test_a_structure_that_cannot_be_read_stops_the_run_before_it_starts(table):
    path = table(name=["a", "b"], smiles=["CCO", "not a smiles"])
    report = check(plan(path).config)
    assert report.errors
    said = "\n".join(report.lines())
    assert "row 3, b: 'not a smiles' (SMILES that cannot be read)" in said
    assert path in said
    good = check(plan(table(name=["a"], smiles=["CCO"])).config)
    assert not good.errors


def test_cells_that_the_tensor_lacks_are_told(table):
    from toy import clustered

    config = plan(table(name=["a"], smiles=["CCO"], cells=["HeLa;c1"])).config
    known = Known(tensor=clustered(), certain=True)
    [fault] = preflight.faults(config, known)
    assert fault.stops
    assert "a: no cell 'HeLa'" in fault.said
    assert list(preflight.faults(config, Known())) == []
