import sys
from pathlib import Path

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


IOCache.collect_mtime = overlooks_times(IOCache.collect_mtime)
