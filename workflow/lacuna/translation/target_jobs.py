"""From translated wells to what signatures of known drugs say: bridges, gene sets, studies."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.genes import GeneTable
from lacuna.io.gmt import read_gmts
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.translation import enrichment
from lacuna.translation import studies as studies_of_drugs
from lacuna.translation.batches import Treatment, find_drug, find_treatments
from lacuna.translation.enrichment import (
    LEAST_TARGETS,
    Bridge,
    Ranked,
    Shuffled,
    enrich_library,
    measure_bridge,
    pool_bridges,
)
from lacuna.translation.enrichment import universes as universes_of
from lacuna.translation.gene_search import name_signature
from lacuna.translation.random_signatures import DRAWS, Scored, draws_of_each, score_with_random
from lacuna.translation.run import open_rnaseq
from lacuna.translation.signature_jobs import GAMMA, ORIGINAL, Screen
from lacuna.translation.sources import Source
from lacuna.translation.studies import (
    STUDY,
    AgainstStudies,
    Study,
    compare_studies,
    study_signature,
)

SHUFFLED, OTHER_WELLS = "shuffled genes", "other wells"  # the controls of a bridge
LIBRARY_METHOD = "cd"  # the best of the paper
WORDS = "translation", "bridge"  # the first words of random streams
BRIDGE = ["drug", "platform", "method", "set", "universe", "control", "signatures"]
COLUMNS = {
    "bridges": [*BRIDGE, "random_signatures", *enrichment.NUMBERS],
    "walks": [*BRIDGE, "walk", "line", "share", "height"],
    "library": ["drug", "platform", "method", "signatures", "asked", *enrichment.LIBRARY],
    "studies": [*studies_of_drugs.FACTS, *studies_of_drugs.NUMBERS],
}


@contextmanager
def open_studies(
    files: Sequence[Mapping[str, str]], genes: str | None, gene_info: str
) -> Iterator[list[Source]]:
    """Open the RNA-seq files that studies of drugs are in, where there are any."""
    if not files:
        yield []
        return
    with open_rnaseq(files, GeneTable.read(genes, gene_info), []) as data:
        yield data.sources


def ask_targets(
    screen: Screen,
    asked: Sequence[Mapping[str, Any]],
    sets: Sequence[str],
    sources: Sequence[Source],
    way: str,
    seed: int,
    output: Mapping[str, str],
) -> None:
    """Ask the signatures of drugs whose targets are known.

    Parameters
    ----------
    screen
        The wells.
    asked
        Each with a `drug` (name or id), a `set` (the name of a set of genes, or how it begins) and
        perhaps `studies`, see `lacuna.translation.studies.study_signature`.
    sets
        GMT files.
    sources
        Open files of RNA-seq, where there are studies.
    way
        What treated wells are compared with.
    seed
        Of the run.
    output
        Where to write: bridges, walks, library, studies.

    Raises
    ------
    LacunaError
        If a drug, a set, a study or its condition is not there.
    """
    known = read_gmts(sets)
    treatments, _ = find_treatments(screen.wells, screen.same, way)
    # All that is asked for is found before anything is computed.
    found = [
        (one, _of_drug(one["drug"], screen, treatments), find_sets(one["set"], known))
        for one in asked
    ]
    genes = screen.platforms[next(iter(screen.platforms))][0]
    studies = [
        [study_signature(study, sources, genes, GAMMA) for study in one.get("studies", [])]
        for one in asked
    ]
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    for (one, chosen, names), of_drug in zip(found, studies, strict=True):
        for platform in screen.platforms:
            facts = {"drug": one["drug"], "platform": platform}
            for name, table in _ask(screen, platform, chosen, known, names, of_drug, seed):
                tables[name].append(table.assign(**facts))
        if of_drug:
            landmarks, inferred = screen.platforms[ORIGINAL][0], sorted(screen.inferred)
            for table in compare_studies(genes, landmarks, inferred, of_drug):
                tables["studies"].append(table.assign(drug=one["drug"], platform=STUDY))
    for name, columns in COLUMNS.items():
        whole = pd.concat(tables[name]) if tables[name] else pd.DataFrame(columns=columns)
        write_table(whole[columns], output[name])


def _of_drug(name: str, screen: Screen, treatments: Sequence[Treatment]) -> list[Treatment]:
    drug = find_drug(name, screen.drugs, screen.same)
    chosen = [treatment for treatment in treatments if treatment.facts["drug"] == drug]
    if not chosen:
        raise LacunaError(
            f"translation: targets: no well of {name!r} can be compared with its controls; "
            "expected plates with enough vehicle wells."
        )
    return chosen


def find_sets(asked: str, known: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of the sets of genes that a target asks for: called so, or beginning so.

    Raises
    ------
    LacunaError
        If there is none.
    """
    names = [name for name in known if name == asked or name.startswith(f"{asked}_")]
    if not names:
        raise LacunaError(
            f"translation: targets: no set of genes is called {asked!r}"
            f"{did_you_mean(asked, known)}; the files have {listed(known, 20)}."
        )
    return names


def _ask(
    screen: Screen,
    platform: str,
    chosen: Sequence[Treatment],
    known: Mapping[str, Sequence[str]],
    names: Sequence[str],
    studies: Sequence[Study],
    seed: int,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of a drug on one platform, each with the name of its output."""
    genes, read = screen.platforms[platform]
    bridges = _Bridges(genes, platform, screen, {name: known[name] for name in names}, seed)
    against = None
    if studies:
        landmarks = screen.platforms[ORIGINAL][0]
        against = AgainstStudies(genes, landmarks, sorted(screen.inferred), studies)
    total = np.zeros(len(genes))
    draws = draws_of_each(len(chosen))
    for treatment in chosen:
        name = name_signature(treatment.facts)
        # The same wells on every platform.
        rng = generator(seed, *WORDS, "wells", name)
        one = score_with_random(treatment, screen.wells, screen.same, read, GAMMA, draws, rng)
        bridges.add(one)
        if against is not None:
            against.add(name, one)
        total += one.scores.by_method()[LIBRARY_METHOD]
    yield from bridges.tables()
    if against is not None:
        for table in against.tables(generator(seed, *WORDS, "studies")):
            yield "studies", table
    rng = generator(seed, *WORDS, "library")
    library, _ = enrich_library(total / len(chosen), genes, known, rng, DRAWS)
    library = library.assign(asked=library["set"].isin(names), signatures=len(chosen))
    yield "library", library.assign(method=LIBRARY_METHOD)


class _Bridges:
    """The bridges of a drug's signatures, gathered one signature after the other."""

    def __init__(
        self,
        genes: Sequence[str],
        platform: str,
        screen: Screen,
        sets: Mapping[str, Sequence[str]],
        seed: int,
    ):
        self.seed = seed
        symbols = np.asarray(genes)
        parts = universes_of(genes, sorted(screen.inferred))
        if platform == ORIGINAL:
            parts = {"common": np.ones(len(genes), bool)}
        self.targets = {
            (name, universe): np.isin(symbols, np.asarray(list(members)))[kept]
            for universe, kept in parts.items()
            for name, members in sets.items()
        }
        self.targets = {
            key: is_target
            for key, is_target in self.targets.items()
            if LEAST_TARGETS <= is_target.sum() < len(is_target)
        }
        # The same for every signature: a draw takes the same genes in all.
        self.drawn = {
            key: Shuffled.of(
                len(is_target), int(is_target.sum()), DRAWS, generator(seed, *WORDS, *key)
            )
            for key, is_target in self.targets.items()
        }
        self.parts = {u: kept for u, kept in parts.items() if any(u == v for _, v in self.targets)}
        self.found: dict[tuple[str, str, str, str], list[Bridge]] = {}

    def add(self, one: Scored) -> None:
        for universe, kept in self.parts.items():
            for method, score in one.scores.by_method().items():
                wells = Ranked.of(one.random[method][:, kept])
                for (name, of), is_target in self.targets.items():
                    if of != universe:
                        continue
                    made = {SHUFFLED: measure_bridge(score[kept], is_target, self.drawn[name, of])}
                    if len(wells.order):
                        made[OTHER_WELLS] = measure_bridge(score[kept], is_target, wells)
                    for control, bridge in made.items():
                        key = method, name, universe, control
                        self.found.setdefault(key, []).append(bridge)

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        for (method, name, universe, control), bridges in self.found.items():
            independent = None
            if control == OTHER_WELLS:
                if len(bridges) < len(self.found[method, name, universe, SHUFFLED]):
                    continue  # a batch without other wells was named in the log
                independent = generator(self.seed, *WORDS, "batches", name, universe, method)
            pooled = pool_bridges(bridges, independent)
            facts = {"method": method, "set": name, "universe": universe, "control": control}
            drawn = sum(len(bridge.random_peaks[enrichment.WALKS[0]]) for bridge in bridges)
            yield (
                "bridges",
                pooled.numbers.assign(**facts, signatures=len(bridges), random_signatures=drawn),
            )
            stricter = (method, name, universe, OTHER_WELLS)
            if control == OTHER_WELLS or len(self.found.get(stricter, [])) < len(bridges):
                yield "walks", pooled.walks.assign(**facts, signatures=len(bridges))
