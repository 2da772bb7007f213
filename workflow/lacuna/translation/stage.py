"""What a translation consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.completion.card import gpus_of
from lacuna.simulation import parameters
from lacuna.translation.assess import BASELINE
from lacuna.translation.card import PACKAGES, step_card, step_options
from lacuna.translation.chain import END_TO_END

Config = Mapping[str, Any]
FOLDER = "translation"
KNOCK_DOWNS = ("trt_sh", "trt_xpr")  # kinds of perturbation that lower a known gene


def wanted(config: Config) -> bool:
    """Return whether a run translates."""
    return bool(config["translation"]["landmarks"])


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    judged = ["metrics.tsv", "pages/translation.html"] if has_pairs(config) else []
    wells = [
        f"translated/{series}.{ending}" for series in screens(config) for ending in ("gctx", "h5ad")
    ]
    signatures = [
        f"signatures/{series}/gene_search.parquet"
        for series in screens(config)
        if config["translation"]["types"]
    ]
    bridges = (
        [f"{signature_folder(config)}/bridges.tsv"] if config["translation"]["targets"] else []
    )
    ageing = ["ageing/genes.tsv"] if config["translation"]["ageing"] else []
    made = ["genes.tsv", "left_out.tsv", "model.h5", *judged, *wells, *signatures, *bridges]
    made += ageing + (["pages/signatures.html"] if signature_tables(config) else [])
    return [f"{FOLDER}/{file}" for file in made]


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.translation.published`."""
    return {"translation": [f"{FOLDER}/metrics.tsv"] if has_pairs(config) else []}


def has_pairs(config: Config) -> bool:
    """Return whether there are samples measured both ways."""
    return bool(Inputs.of(config).pair_files) or config["translation"]["lines_of"] is not None


def l1000(config: Config, dataset: str) -> list[dict[str, str]]:
    """Return where the Level 3 matrices lie that step 1 is trained on, and their tables.

    Returns
    -------
    list of dict with series, matrix, gene_info and, of plates, inst_info
        A baseline of cell lines has no table of wells; its genes are those of its series, or else
        of the first series that has a table of genes.
    """
    inputs = Inputs.of(config)
    if inputs.simulated:
        folder = f"results/{dataset}/acquire/{parameters.TRANSLATION_SERIES}"
        files = parameters.TRANSLATION_FILES
        kinds = {"matrix": "level3", "inst_info": "inst_info", "gene_info": "gene_info"}
        found = {kind: f"{folder}/{files[name]}" for kind, name in kinds.items()}
        return [{"series": parameters.TRANSLATION_SERIES, **found}]
    with_genes = inputs.series_with("gene_info")
    if not with_genes:
        return []
    matrices = []
    for series in inputs.series_with("level3"):
        matrices.append(
            {
                "series": series,
                "matrix": f"results/{dataset}/signatures/{series}/level3.gctx",
                "inst_info": inputs.path(dataset, series, "inst_info"),
                "gene_info": inputs.path(dataset, series, "gene_info"),
            }
        )
    for series in inputs.series_with("baseline"):
        genes = series if series in with_genes else with_genes[0]
        matrices.append(
            {
                "series": series,
                "matrix": f"results/{dataset}/signatures/{series}/baseline.gctx",
                "gene_info": inputs.path(dataset, genes, "gene_info"),
            }
        )
    return matrices


def signature_folder(config: Config) -> str:
    """Return where the signatures of the first series lie, below translation/: figures show it."""
    return f"signatures/{screens(config)[0]}"


def signature_tables(config: Config) -> dict[str, str]:
    """Return the tables on known drugs and genes, of the first series, below results/{dataset}."""
    block, names = config["translation"], []
    if block["targets"]:
        names += ["bridges", "library", "studies"]
    if set(block["types"]) & {*KNOCK_DOWNS}:
        names.append("knock_downs")
    return {name: f"{FOLDER}/{signature_folder(config)}/{name}.tsv" for name in names}


def options(config: Config, name: str) -> dict[str, Any]:
    """Return the options of a step."""
    return dict(config["translation"]["options"].get(name, {}))


def chains(config: Config) -> list[tuple[str, str]]:
    """Return the chains compared: each step 1 with each step 2, and those end to end."""
    block = config["translation"]
    return [
        *((first, second) for first in block["landmarks"] for second in block["genome"]),
        *((first, END_TO_END) for first in block["end_to_end"]),
    ]


def screens(config: Config) -> list[str]:
    """Return the series whose wells are translated."""
    return [file["series"] for file in l1000(config, "") if "inst_info" in file]


def drugs(config: Config, dataset: str, series: str) -> str:
    """Return where the table of drugs of a series lies."""
    given = Inputs.of(config)
    if given.simulated:
        name = parameters.TRANSLATION_FILES["pert_info"]
        return f"results/{dataset}/acquire/{parameters.TRANSLATION_SERIES}/{name}"
    return given.path(dataset, series, "pert_info")


def gene_sets(config: Config, dataset: str) -> list[str]:
    """Return where the files of gene sets lie."""
    given = Inputs.of(config)
    if given.simulated:
        name = parameters.TRANSLATION_FILES["gene_sets"]
        return [f"results/{dataset}/acquire/{parameters.TRANSLATION_SERIES}/{name}"]
    return given.gene_sets(dataset)


def signature_steps(config: Config) -> list[str]:
    """Return the steps of the paper's baseline, where it is compared and is not the model."""
    if BASELINE not in chains(config) or tuple(config["translation"]["translated"]) == BASELINE:
        return []
    return [f"{FOLDER}/steps/{step}.h5" for step in _steps_of(BASELINE)]


def inputs(config: Config, dataset: str) -> dict[str, list[str]]:
    """Return all files that a translation starts from."""
    given = Inputs.of(config)
    return {
        "rnaseq": [
            path for files in given.transcriptomes(dataset).values() for path in files.values()
        ],
        "l1000": [
            path
            for file in l1000(config, dataset)
            for kind, path in file.items()
            if kind != "series"
        ],
        "genes": given.genes(dataset),
        "pairs": list(given.pairs(dataset).values()),
    }


def gene_facts(config: Config, dataset: str) -> list[str]:
    """Return where the table of facts about genes lies, in a list that may be empty."""
    return Inputs.of(config).gene_facts(dataset)


def preparation(config: Config, dataset: str) -> dict[str, Any]:
    """Return what `lacuna.translation.run.prepare` is told beside its output and seed."""
    if not wanted(config):
        return {}
    given, block = Inputs.of(config), config["translation"]
    rnaseq = [
        {"name": name, "unit": given.rnaseq[name]["unit"], **files}
        for name, files in given.transcriptomes(dataset).items()
    ]
    return {
        "rnaseq": rnaseq,
        "l1000": l1000(config, dataset),
        "pairs": given.pairs(dataset),
        "lines_of": block["lines_of"],
        "genes": next(iter(given.genes(dataset)), None),
        "logarithm": block["logarithm"],
        "quantile_normalise_l1000": block["quantile_normalise_l1000"],
        "studies": studies(config),
    }


def studies(config: Config) -> list[str]:
    """Return the RNA-seq studies that drugs are compared with: no step is trained on them."""
    asked = [study for one in config["translation"]["targets"] for study in one.get("studies", [])]
    return sorted({study["study"] for study in asked})


def study_files(config: Config, dataset: str) -> list[str]:
    """Return the files that studies of drugs are read from; none where none is asked for."""
    if not studies(config):
        return []
    files = inputs(config, dataset)
    return [*files["rnaseq"], *files["genes"]]


def targets(config: Config, dataset: str) -> dict[str, Any]:
    """Return what `lacuna.translation.target_jobs` is told beside its files and seed."""
    if not config["translation"]["targets"]:
        return {}
    told = preparation(config, dataset)
    asked = config["translation"]["targets"]
    files = told["rnaseq"] if studies(config) else []
    return {"asked": asked, "rnaseq": files, "genes": told["genes"]}


def prepared(config: Config) -> dict[str, str]:
    """Return what steps are trained and judged on, below results/{dataset}."""
    files = {"genes": "genes.tsv", "rnaseq": "rnaseq.h5ad", "l1000": "l1000.h5ad"}
    if has_pairs(config):
        files["pairs"] = "pairs.h5ad"
    return {kind: f"{FOLDER}/{file}" for kind, file in files.items()}


def pair_matrix(config: Config, dataset: str) -> list[str]:
    """Return where the Level 3 profiles of pairs lie, in a list; an empty one without pairs."""
    if Inputs.of(config).pair_files:
        return [f"results/{dataset}/{FOLDER}/pairs.gctx"]
    return [file["matrix"] for file in _baselines(config, dataset)][:1]


def pair_genes(config: Config, dataset: str) -> list[str]:
    """Return where the table of genes of `pair_matrix` lies, in a list."""
    if files := Inputs.of(config).pairs(dataset):
        return [files["gene_info"]]
    return [file["gene_info"] for file in _baselines(config, dataset)][:1]


def _baselines(config: Config, dataset: str) -> list[dict[str, str]]:
    if config["translation"]["lines_of"] is None:
        return []
    return [file for file in l1000(config, dataset) if "inst_info" not in file]


def gpus(config: Config, name: str) -> int:
    """Return how many GPUs a job of a step asks for."""
    kind = next(kind for kind in PACKAGES if name in config["translation"][kind])
    return gpus_of(step_options(kind, name), options(config, name))


def chain_files(config: Config, dataset: str = "") -> list[tuple[tuple[str, str], list[str]]]:
    """Return the chains that are compared, each with the files of its steps.

    The files lie below results/{dataset} where a dataset is given, else they are relative to it.
    """
    before = f"results/{dataset}/" if dataset else ""
    return [
        (names, [f"{before}{FOLDER}/steps/{step}.h5" for step in _steps_of(names)])
        for names in chains(config)
    ]


def _steps_of(names: tuple[str, str]) -> list[str]:
    first, second = names
    if second == END_TO_END:
        return [f"{END_TO_END}/{first}"]
    return [f"landmarks/{first}", f"genome/{second}"]


def step_files(config: Config) -> list[str]:
    """Return the files of all trained steps, below results/{dataset}."""
    return list(dict.fromkeys(file for _, files in chain_files(config) for file in files))


def left_out_files(config: Config) -> list[str]:
    """Return the scores on studies left out of all steps, below results/{dataset}."""
    block = config["translation"]
    steps = [*(f"genome/{name}" for name in block["genome"])]
    steps += [f"{END_TO_END}/{name}" for name in block["end_to_end"]]
    return [f"{FOLDER}/steps/{step}_left_out.tsv" for step in steps]


def error_factors(config: Config) -> list[str]:
    """Return by what pairs scale the errors of the model, in a list; an empty one without pairs."""
    return [f"{FOLDER}/error_factors.tsv"] if has_pairs(config) else []


def units(config: Config) -> dict[str, str]:
    """Return the unit of each RNA-seq file, by its name."""
    return {name: file["unit"] for name, file in Inputs.of(config).rnaseq.items()}


def unit_tables(config: Config) -> list[str]:
    """Return where units are compared, in a list; an empty one where there is one unit alone."""
    return [f"{FOLDER}/units.tsv"] if len(set(units(config).values())) > 1 else []


def model_steps(config: Config) -> list[str]:
    """Return the files of the steps of the model that is written, below results/{dataset}."""
    first, second = config["translation"]["translated"]
    return [f"{FOLDER}/steps/{step}.h5" for step in _steps_of((first, second))]


def wells(config: Config, dataset: str, series: str) -> dict[str, str]:
    """Return the matrix of a series and its tables."""
    (file,) = (file for file in l1000(config, dataset) if file["series"] == series)
    return {kind: path for kind, path in file.items() if kind != "series"}


def losses(config: Config) -> dict[str, list[str]]:
    """Return the tables of losses of networks, by kind of step, below results/{dataset}."""
    block = config["translation"]
    return {
        kind: [
            f"{FOLDER}/steps/{kind}/{name}_losses.tsv"
            for name in block[kind]
            if step_card(kind, name).network
        ]
        for kind in ("landmarks", "genome")
    }


def ageing(config: Config, dataset: str) -> dict[str, Any]:
    """Return what `lacuna.translation.ageing_jobs.age_tissues` is told; {} where not asked."""
    name = config["translation"]["ageing"]
    if name is None:
        return {}
    told = preparation(config, dataset)
    (file,) = (file for file in told["rnaseq"] if file["name"] == name)
    facts = next(iter(gene_facts(config, dataset)), None)
    gene_info = told["l1000"][0]["gene_info"]
    return {"file": file, "genes": told["genes"], "gene_info": gene_info, "facts": facts}
