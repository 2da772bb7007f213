from snakemake.utils import min_version

min_version("9.27")


# The demo, unless another configuration names a data set: none inherits the demo's thresholds.
if "dataset" not in config:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/changed.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/signatures.smk"
include: "workflow/rules/tensor.smk"
include: "workflow/rules/completion.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/classification.smk"
include: "workflow/rules/enrichment.smk"
include: "workflow/rules/cell_to_cell.smk"
include: "workflow/rules/translation.smk"
include: "workflow/rules/retrieval.smk"
include: "workflow/rules/single_cell.smk"
include: "workflow/rules/explore.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/sums.smk"
include: "workflow/rules/code.smk"


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset=re.escape(DATASET),
    size="large|small",
    split=one_of(PLAN.splits),
    level="level3|level5|baseline",
    method=r"\w+",
    batch=r"\d+",
    series=one_of(INPUTS.series),


onstart:
    with told_alone():
        check_writable(PLAN.folder)
        share_gpu(workflow)
        for path in CHANGED.damaged:
            set_aside(Path(path))
        PLAN.preflight(
            workflow.source_path("resources/sources.tsv"), workflow.dag_settings.targets
        )


onsuccess:
    say_last(where_results_are(PLAN, workflow.dag_settings.targets, leftovers()))


onerror:
    say_last(explain_failures(failures(workflow.scheduler.failed), STARTED))


rule all:
    """Make the report and the completed tensors"""
    default_target: True
    input:
        PLAN.report,
        PLAN.products,
