from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/signatures.smk"
include: "workflow/rules/tensor.smk"
include: "workflow/rules/crossval.smk"
include: "workflow/rules/density.smk"
include: "workflow/rules/complete.smk"
include: "workflow/rules/classify.smk"
include: "workflow/rules/cell_to_cell.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset=re.escape(config["dataset"]),
    size="large|small",
    split=one_of(SPLITS),
    level="level3|level5|baseline",
    method=r"\w+",
    batch=r"\d+",
    series=one_of(SERIES),


onstart:
    check_writable(f"results/{config['dataset']}")


rule all:
    default_target: True
    input:
        f"results/{config['dataset']}/report.html",
        PRODUCTS,
