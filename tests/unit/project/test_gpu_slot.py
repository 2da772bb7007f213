"""Who gets the GPU of a machine: the same as Snakemake's scheduler would say."""

from types import SimpleNamespace

import pytest

from lacuna.project.gpu_slot import share_gpu


def started(*, local, given=None):
    """A workflow whose jobs are about to start."""
    resources = {} if given is None else {"gpu": given}
    scheduler = SimpleNamespace(resources={**resources}, global_resources={**resources})

    def register(name, value):  # as Snakemake's
        resources[name] = scheduler.resources[name] = value

    workflow = SimpleNamespace(
        local_exec=local,
        global_resources=resources,
        scheduler=scheduler,
        register_resource=register,
    )
    share_gpu(workflow)
    return workflow


@pytest.mark.parametrize(
    ("local", "given", "slots"), [(True, None, 1), (True, 2, 2), (False, None, None), (False, 3, 3)]
)
def test_one_job_at_a_time_has_the_gpu_of_a_machine_unless_the_user_says_more(local, given, slots):
    workflow = started(local=local, given=given)
    assert workflow.global_resources.get("gpu") == slots
    assert workflow.scheduler.resources.get("gpu") == slots
    assert workflow.scheduler.global_resources.get("gpu") == slots
