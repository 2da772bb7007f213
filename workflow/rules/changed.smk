import os
import sys
from pathlib import Path

from snakemake.dag import DAG
from snakemake.io import IOCache, Mtime

from lacuna.acquire.changed import Changed, find_changed

SOURCES = config["acquire"]["sources"] or workflow.source_path("../../resources/sources.tsv")
RECORDED = "resources/recorded_checksums.tsv"

# Inputs are their content: at the start of every run, a file that is another one than the results
# rest on is refused, or made the reason to make them anew.
CHANGED = Changed()
if workflow.is_main_process:
    with told_alone():
        CHANGED = find_changed(INPUTS, DATASET, SOURCES, Path(RECORDED))
    print("".join(f"Notice: {notice}\n" for notice in CHANGED.notices), end="", file=sys.stderr)


def comes_first(wildcards):
    """Return what must be there before a file is got, and have a changed one got again."""
    series, file = wildcards.series, wildcards.file
    acquired = f"results/{DATASET}/acquire/{series}/{file}"
    if acquired in CHANGED.anew:
        workflow.dag.forcefiles.add(acquired)
    return ancient(INPUTS.comes_first(DATASET, series, file))


def overlooks_times(collect):
    """Have Snakemake overlook the times of the user's files that hold what they held before."""

    async def collect_mtime(self, path):
        found = await collect(self, path)
        return Mtime(local=found.local()) if path in CHANGED.same else found

    return collect_mtime


def looks_past_ancient(update):
    """Have Snakemake look at what follows from a job that is to run again through ancient files.

    It takes for granted that all of that runs again, looks at none of it, and then stops at what
    is ancient: signatures would stay as they are whenever their tables are checked again.
    """

    async def update_needrun(self, *given, **named):
        hidden = [
            (before, job, files)
            for before, after in self.depending.items()
            for job, files in after.items()
            if all(file.is_ancient and os.path.exists(file) for file in files)
        ]
        for before, job, _ in hidden:
            del self.depending[before][job]
        try:
            await update(self, *given, **named)
        finally:
            for before, job, files in hidden:
                self.depending[before][job] = files

    return update_needrun


DAG.update_needrun = looks_past_ancient(DAG.update_needrun)
IOCache.collect_mtime = overlooks_times(IOCache.collect_mtime)
