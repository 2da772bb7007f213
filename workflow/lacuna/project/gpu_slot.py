"""The GPU of one machine, which its jobs take in turn."""

from typing import Any

SLOT = "gpu"


def share_gpu(workflow: Any) -> None:
    """Let one job at a time have the GPU, where jobs run on this machine.

    All jobs see the same GPU first, and each would take of its memory what it can. The command line
    wins: `--resources gpu=2`. On a cluster each job gets one of its own, and nothing changes.

    Parameters
    ----------
    workflow
        Snakemake's, when its jobs are about to start: where they run is known no earlier.
    """
    if workflow.local_exec and SLOT not in workflow.global_resources:
        workflow.register_resource(SLOT, 1)
        # That alone is handed back by jobs, but not taken: the scheduler was made before.
        workflow.scheduler.global_resources[SLOT] = 1
