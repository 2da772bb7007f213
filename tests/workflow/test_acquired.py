"""What later rules ask for beside the screen: annotations, gene sets, an external table."""

import pytest
from project import TINY, Project

from lacuna.io.external import read_external
from lacuna.io.geo import read_genes
from lacuna.io.gmt import read_gmt
from lacuna.io.recorded import read_recorded
from lacuna.simulation import parameters

LIST_INPUT = """
rule list_input:
    input:
        **INPUTS.annotations(DATASET),
        **INPUTS.external(DATASET),
        sets=INPUTS.gene_sets(DATASET),
    output:
        "results/{dataset}/input.txt",
    params:
        kinds=lambda wildcards, input: sorted(input.keys()),
    shell:
        "printf '%s\\n' {params.kinds} -- {input} > {output}"
"""


def list_input(folder, config):
    """Return the kinds of input that a rule gets, and the files."""
    project = Project(folder)
    with (folder / "Snakefile").open("a") as snakefile:
        snakefile.write(LIST_INPUT)
    dataset = config.get("dataset", "demo")
    target = f"results/{dataset}/input.txt"
    project.run("--cores", "1", target, *project.configure(config))
    kinds, files = (folder / target).read_text().split("--\n")
    return kinds.split(), [folder / file for file in files.split()]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return list_input(tmp_path_factory.mktemp("simulated"), TINY)


def test_the_simulator_gives_gene_sets_and_an_external_table(simulated):
    kinds, files = simulated
    assert kinds == ["profiles", "samples", "sets", "table"]
    by_name = {path.name: path for path in files}
    names = {parameters.ANNOTATION, parameters.GENE_SETS, *parameters.EXTERNAL.values()}
    assert by_name.keys() == names
    sets = read_gmt(by_name[parameters.GENE_SETS])  # by factor, up, down, and a control
    assert len(sets) == 4 * parameters.PROGRAMMES
    genes = read_genes(files[0].with_name(parameters.FILES["gene_info"]))
    table = (by_name[parameters.EXTERNAL[kind]] for kind in ("profiles", "samples"))
    assert len(read_external(*table, genes).profiles) == 30


def test_files_are_acquired_to_folders_of_their_own(simulated, tmp_path):
    mirror = simulated[1][0].parent
    files = {
        "mirror": str(mirror),
        "series": {"own": dict(parameters.FILES)},
        "gene_sets": [parameters.GENE_SETS],
        "external": dict(parameters.EXTERNAL),
    }
    kinds, found = list_input(tmp_path, {"dataset": "own", "acquire": {"source": "files", **files}})
    assert kinds == ["profiles", "samples", "sets"]
    folders = {str(path.relative_to(tmp_path / "results/own/acquire")) for path in found}
    assert folders == {
        f"gene_sets/{parameters.GENE_SETS}",
        *(f"external/{name}" for name in parameters.EXTERNAL.values()),
    }
    assert all(path.read_bytes() == (mirror / path.name).read_bytes() for path in found)


def test_nothing_is_acquired_where_nothing_is_configured(tmp_path):
    files = {"series": {"own": dict(parameters.FILES)}}
    kinds, found = list_input(tmp_path, {"dataset": "own", "acquire": {"source": "files", **files}})
    assert (kinds, found) == (["sets"], [])


def test_the_real_gene_sets_are_acquired(shared_data, tmp_path):
    project = Project(tmp_path)
    target = "results/lincs-mini/acquire/gene_sets/NR3C1.gmt"
    config = {"acquire": {"mirror": str(shared_data / "gene-sets")}}
    options = ["--configfile", "config/lincs-mini.yaml", *project.configure(config)[2:]]
    project.run("--cores", "1", target, *options)
    assert "NR3C1_ENCODE" in read_gmt(tmp_path / target)
    assert not (tmp_path / "resources/recorded_checksums.tsv").exists()


@pytest.mark.fault(
    "two series that each have a file of one name, in two mirror folders",
    "neither is taken for the other: refused with both places, until each says its path",
)
def test_two_series_may_have_files_of_one_name(tmp_path):
    project = Project(tmp_path / "project")
    folders = {series: tmp_path / series for series in ("first", "second")}
    for series, folder in folders.items():
        folder.mkdir()
        (folder / "sig_info.txt").write_text(f"sig_id\tpert_id\tcell_id\n{series}\tD\tA375\n")
    targets = [f"results/own/acquire/{series}/sig_info.txt" for series in folders]

    def run(named, fails=False):
        series = {name: {"level5": "a.gctx", "sig_info": named(name)} for name in folders}
        files = {"source": "files", "mirror": list(map(str, folders.values())), "series": series}
        config = project.configure({"dataset": "own", "acquire": files})
        return project.run("--cores", "1", *targets, *config, fails=fails)

    printed = run(lambda series: "sig_info.txt", fails=True)
    for series, folder in folders.items():
        assert str(folder / "sig_info.txt") in printed
        assert not (project.folder / "results/own/acquire" / series / "sig_info.txt").exists()
    run(lambda series: {"path": str(folders[series] / "sig_info.txt")})
    for series, target in zip(folders, targets, strict=True):
        assert f"\n{series}\t" in (project.folder / target).read_text()
    recorded = read_recorded(project.folder / "resources/recorded_checksums.tsv")
    assert recorded.keys() == {("own", series, "sig_info.txt") for series in folders}
