"""Which files a data set consists of, as its configuration says, and where they lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lacuna.acquire.files import CELLS_KINDS, name_files
from lacuna.io.links import SHARED_FOLDERS
from lacuna.io.perturbations import COMPOUND
from lacuna.simulation import parameters

SCREEN = ("generator", "drugs", "cells", "mechanisms")  # keys of acquire: simulator
# Of a simulated transcriptome: what was planted, from which nothing of a run may come.
PLANTED = ("truth", "age_genes")
# Files that a series starts from: plates, signatures, a tensor.
STARTS = ("level3", "level5", "tensor")
# The small tables of a series.
TABLES = ("inst_info", "sig_info", "pert_info", "gene_info", "cell_info")
# Those that are made from the matrix of a series that names none, by what it starts from: of wells,
# signatures and genes from what the matrix says of them, of drugs from the table of wells.
MADE = {
    "level3": ("inst_info", "gene_info", "pert_info"),
    "level5": ("sig_info", "gene_info", "pert_info"),
}
WELLS = {"level3": "inst_info", "level5": "sig_info"}
PERT_TYPES = "pert_types"  # what a series may say beside its files


@dataclass(frozen=True)
class Inputs:
    """The files of a data set by what they hold, without their folders.

    Attributes
    ----------
    simulated : bool
        Whether the simulator writes the files; otherwise they are downloaded or copied.
    series : mapping of str to mapping of str to str
        The files of each series, by kind: level3, level5 or tensor, inst_info, pert_info, ...
    annotation_files : mapping of str to str
        Tables about the drugs, by kind: table, atc, hub_drugs, ...
    gene_set_files : sequence of str
        Files of gene sets.
    chip_atlas_files : sequence of str
        Files of target genes of transcription factors.
    external_files : mapping of str to str
        Profiles of another platform, by what each file holds; empty if there are none.
    mirrors : sequence of str
        Folders that are looked into, in this order, before anything is downloaded.
    rnaseq : mapping of str to mapping of str to str
        RNA-seq for a translation, by name: the file `expression`, its `unit`, its table `samples`.
    gene_table : str or None
        The table of names of genes.
    pair_files : mapping of str to str
        Samples measured both ways, by kind: level3, gene_info, table.
    gene_facts_file : str or None
        What is known of genes, for the tables of ageing.
    screen : mapping of str to object
        What the simulated screen is like: generator, drugs, cells, mechanisms; empty of real data.
    cells : mapping of str to mapping of str to object
        Single cells, or what stands for them, by the name of the target: the block of the
        configuration.
    vector_files : mapping of str to str
        Tables of vectors of drugs by SMILES, by name.
    said : mapping of (folder, file) to mapping of str to str
        What the configuration says of a file beside its name: path, url, sha256.
    types : mapping of str to sequence of str
        Which types of treatments are taken of each series, see `pert_types`.
    """

    simulated: bool
    series: Mapping[str, Mapping[str, str]]
    annotation_files: Mapping[str, str]
    gene_set_files: Sequence[str]
    external_files: Mapping[str, str]
    mirrors: Sequence[str]
    rnaseq: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gene_table: str | None = None
    pair_files: Mapping[str, str] = field(default_factory=dict)
    gene_facts_file: str | None = None
    screen: Mapping[str, Any] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    vector_files: Mapping[str, str] = field(default_factory=dict)
    chip_atlas_files: Sequence[str] = ()
    said: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    types: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Inputs":
        """Read the block `acquire` of a checked configuration.

        Raises
        ------
        LacunaError
            If it does not say which file is meant, see `lacuna.acquire.files.name_files`.
        """
        block, said = name_files(config["acquire"])
        mirrors = block["mirror"] or []
        mirrors = (mirrors,) if isinstance(mirrors, str) else tuple(mirrors)
        asked = config.get("signatures", {}).get(PERT_TYPES, [COMPOUND])
        if block["source"] == "simulator":
            return cls(
                simulated=True,
                series={parameters.SERIES: parameters.FILES},
                annotation_files={"table": parameters.ANNOTATION},
                gene_set_files=(parameters.GENE_SETS,),
                external_files=parameters.EXTERNAL,
                mirrors=mirrors,
                screen={name: block["simulator"][name] for name in SCREEN},
                cells={"simulated": parameters.SINGLE_CELL_TARGET},
                types={parameters.SERIES: asked},
                **_simulated_transcriptome(),
            )
        return cls(
            simulated=False,
            series={
                name: {kind: file for kind, file in files.items() if kind != PERT_TYPES}
                for name, files in block["series"].items()
            },
            types={name: files.get(PERT_TYPES, asked) for name, files in block["series"].items()},
            annotation_files=block["annotations"],
            gene_set_files=tuple(block["gene_sets"]),
            external_files=block["external"],
            mirrors=mirrors,
            rnaseq=block["rnaseq"],
            gene_table=block["genes"],
            pair_files=block["pairs"],
            gene_facts_file=block["gene_facts"],
            cells=block["cells"],
            vector_files=block["vectors"],
            chip_atlas_files=tuple(block.get("chip_atlas", ())),
            said=said,
        )

    def pert_types(self, series: str) -> list[str]:
        """Return which types of treatments are taken of a series: its own, or those of all."""
        return list(self.types.get(series, [COMPOUND]))

    def series_with(self, kind: str) -> list[str]:
        """Return the names of the series that have a file of this kind, in their order."""
        return [name for name, files in self.series.items() if kind in files]

    def baselines(self, dataset: str) -> list[str]:
        """Return the tables of what cells express without treatment, one of each series with one.

        A series says it itself (`baseline`), or else its vehicle wells do.
        """
        given = self.series_with("baseline")
        named = {series: "baseline.tsv" for series in self.series_with("level3")}
        named |= {series: "given_baseline.tsv" for series in given}
        folder = f"results/{dataset}/signatures"
        return [f"{folder}/{series}/{file}" for series, file in named.items()]

    @property
    def downloaded_folders(self) -> list[str]:
        """Names of the folders whose files are downloaded or copied; none of a simulated screen."""
        return [] if self.simulated else [*self.series, *SHARED_FOLDERS]

    @property
    def kind(self) -> str:
        """What all series start from: level3, level5 or tensor; empty if simulated or mixed."""
        kinds = {kind for files in self.series.values() for kind in STARTS if kind in files}
        return kinds.pop() if len(kinds) == 1 and not self.simulated else ""

    @property
    def start(self) -> str:
        """What a run begins with, in words: wells, signatures or a ready-made tensor."""
        words = {"level3": "wells", "level5": "signatures", "tensor": "a ready-made tensor"}
        given = [words[kind] for kind in STARTS if self.series_with(kind)]
        return " and ".join(given)

    def title(self, dataset: str) -> str:
        """Return what figures call the data: simulated results never go without the word."""
        return f"{dataset} (simulated data)" if self.simulated else dataset

    def path(self, dataset: str, series: str, kind: str) -> str:
        """Return where the file of this kind lies that belongs to the series: as it came, or made.

        Raises
        ------
        KeyError
            If the data set has no such series, or the series no such file.
        """
        if kind in self.made(series):
            return f"results/{dataset}/signatures/{series}/tables/{kind}.tsv"
        return f"results/{dataset}/acquire/{series}/{self.series[series][kind]}"

    def made(self, series: str) -> list[str]:
        """Return the kinds of tables of a series that are made, since it names none."""
        files = self.series[series]
        return [
            kind for start in MADE if start in files for kind in MADE[start] if kind not in files
        ]

    def made_from(self, dataset: str, series: str, kind: str) -> str:
        """Return what a table is made from: the unpacked matrix, or the table of wells."""
        level = "level3" if "level3" in self.series[series] else "level5"
        if kind == "pert_info":
            return self.path(dataset, series, WELLS[level])
        return f"results/{dataset}/signatures/{series}/{level}.gctx"

    def came_in(self, dataset: str, series: str, kind: str) -> str:
        """Return the file that came with what a table is made from: what the user knows."""
        level = "level3" if "level3" in self.series[series] else "level5"
        wells = WELLS[level]
        of_wells = kind == "pert_info" and wells in self.series[series]
        return self.path(dataset, series, wells if of_wells else level)

    def names_of(self, dataset: str, series: str, level: str) -> list[str]:
        """Return the table that names a matrix's columns, in a list; an empty one if none came."""
        kind = WELLS.get(level)
        return self.path_if_given(dataset, series, kind) if kind else []

    def path_if_given(self, dataset: str, series: str, kind: str) -> list[str]:
        """Return where the file of this kind came to lie, in a list; an empty one if none came."""
        return [self.path(dataset, series, kind)] if kind in self.series[series] else []

    def paths(self, dataset: str, kind: str) -> list[str]:
        """Return where the files of this kind lie, as they came or made, of all series with one."""
        return [
            self.path(dataset, series, kind)
            for series, files in self.series.items()
            if kind in files or kind in self.made(series)
        ]

    def tables(self, dataset: str, series: str) -> dict[str, str]:
        """Return where the small tables of a series lie, by kind."""
        named = self.series[series]
        return {kind: self.path(dataset, series, kind) for kind in TABLES if kind in named}

    def account(self, dataset: str, series: str) -> str:
        """Return where it stands what was odd in the small tables of a series."""
        return f"results/{dataset}/acquire/{series}/checked/tables.tsv"

    def comes_first(self, dataset: str, series: str, file: str) -> list[str]:
        """Return what must be there before a file is got, in a list that may be empty.

        A matrix waits until the small tables are there and can be read.
        """
        large = {self.series.get(series, {}).get(kind) for kind in ("level3", "level5")}
        return [self.account(dataset, series)] if file in large else []

    def wanted(self, dataset: str, series: str, file: str) -> dict[str, str]:
        """Return what is known of a file before it is got, as `lacuna.io.sources.Wanted` takes it.

        Parameters
        ----------
        dataset, series, file
            The data set; the series, or the folder of files of the whole data set; the name there.
        """
        key = {"dataset": dataset, "series": series, "file": file}
        return {**key, **self.said.get((series, file), {})}

    def annotations(self, dataset: str) -> dict[str, str]:
        """Return where the annotation tables of the drugs lie, by kind."""
        folder = self._shared_folder(dataset, "annotations")
        return {kind: f"{folder}/{file}" for kind, file in self.annotation_files.items()}

    def gene_sets(self, dataset: str) -> list[str]:
        """Return where the files of gene sets lie, an empty list if there are none."""
        folder = self._shared_folder(dataset, "gene_sets")
        return [f"{folder}/{file}" for file in self.gene_set_files]

    def chip_atlas(self, dataset: str) -> list[str]:
        """Return where the files of target genes lie, an empty list if there are none."""
        folder = self._shared_folder(dataset, "chip_atlas")
        return [f"{folder}/{file}" for file in self.chip_atlas_files]

    def external(self, dataset: str) -> dict[str, str]:
        """Return where the files of another platform's profiles lie, by what each holds."""
        folder = self._shared_folder(dataset, "external")
        return {kind: f"{folder}/{file}" for kind, file in self.external_files.items()}

    def transcriptomes(self, dataset: str) -> dict[str, dict[str, str]]:
        """Return where the files of RNA-seq lie, by name and kind: expression, samples."""
        folder = self._rnaseq_folder(dataset)
        return {
            name: {kind: f"{folder}/{file}" for kind, file in files.items() if kind != "unit"}
            for name, files in self.rnaseq.items()
        }

    def genes(self, dataset: str) -> list[str]:
        """Return where the table of names of genes lies, in a list that may be empty."""
        return [f"{self._rnaseq_folder(dataset)}/{self.gene_table}"] if self.gene_table else []

    def gene_facts(self, dataset: str) -> list[str]:
        """Return where the table of facts about genes lies, in a list that may be empty."""
        folder = self._rnaseq_folder(dataset)
        return [f"{folder}/{self.gene_facts_file}"] if self.gene_facts_file else []

    def pairs(self, dataset: str) -> dict[str, str]:
        """Return where the files of samples measured both ways lie, by kind."""
        folder = self._rnaseq_folder(dataset)
        return {kind: f"{folder}/{file}" for kind, file in self.pair_files.items()}

    def cells_files(self, dataset: str) -> dict[str, dict[str, str]]:
        """Return where the files of single cells lie, by target and kind.

        Kinds are expression and structures, or ranks and structures, or level5, sig_info,
        pert_info and gene_info.
        """
        folder = self._cells_folder(dataset)
        return {
            name: {kind: f"{folder}/{target[kind]}" for kind in CELLS_KINDS if kind in target}
            for name, target in self.cells.items()
        }

    def vectors(self, dataset: str) -> dict[str, str]:
        """Return where the tables of vectors of drugs lie, by name."""
        folder = self._cells_folder(dataset)
        return {name: f"{folder}/{file}" for name, file in self.vector_files.items()}

    def all_files(self, dataset: str) -> list[str]:
        """Return where all of these files lie; a run acquires only those that it needs."""
        return [
            *(
                self.path(dataset, series, kind)
                for series, files in self.series.items()
                for kind in files
            ),
            *self.annotations(dataset).values(),
            *self.gene_sets(dataset),
            *self.chip_atlas(dataset),
            *self.external(dataset).values(),
            *self._of_translation(dataset),
            *self._of_retrieval(dataset),
            *self._of_single_cell(dataset),
        ]

    def _of_translation(self, dataset: str) -> list[str]:
        if self.simulated:
            folder, files = self._rnaseq_folder(dataset), parameters.TRANSLATION_FILES
            return [f"{folder}/{file}" for kind, file in files.items() if kind not in PLANTED]
        named = self.transcriptomes(dataset).values()
        rnaseq = [file for files in named for file in files.values()]
        facts = self.gene_facts(dataset)
        return [*rnaseq, *self.genes(dataset), *facts, *self.pairs(dataset).values()]

    def _of_retrieval(self, dataset: str) -> list[str]:
        if not self.simulated:
            return []  # wells and structures of the series
        folder = f"results/{dataset}/acquire/{parameters.RETRIEVAL_SERIES}"
        files = parameters.RETRIEVAL_FILES
        return [f"{folder}/{file}" for kind, file in files.items() if kind not in PLANTED]

    def _of_single_cell(self, dataset: str) -> list[str]:
        if self.simulated:
            folder, files = self._cells_folder(dataset), parameters.SINGLE_CELL_FILES
            return [f"{folder}/{file}" for kind, file in files.items() if kind not in PLANTED]
        named = [file for files in self.cells_files(dataset).values() for file in files.values()]
        return list(dict.fromkeys([*named, *self.vectors(dataset).values()]))

    def _shared_folder(self, dataset: str, name: str) -> str:
        # The simulator writes all of its files into the folder of its one series.
        return f"results/{dataset}/acquire/{parameters.SERIES if self.simulated else name}"

    def _rnaseq_folder(self, dataset: str) -> str:
        name = parameters.TRANSLATION_SERIES if self.simulated else "rnaseq"
        return f"results/{dataset}/acquire/{name}"

    def _cells_folder(self, dataset: str) -> str:
        name = parameters.SINGLE_CELL_SERIES if self.simulated else "cells"
        return f"results/{dataset}/acquire/{name}"


def _simulated_transcriptome() -> dict[str, Any]:
    files = parameters.TRANSLATION_FILES
    return {
        "rnaseq": {
            "simulated": {
                "expression": files["counts"],
                "samples": files["samples"],
                "unit": "counts",
            }
        },
        "gene_table": files["genes"],
        "pair_files": {
            "level3": files["pair_level3"],
            "gene_info": files["gene_info"],
            "table": files["pairs"],
        },
    }
