from lacuna.tensor import stage as tensor


rule build_tensor:
    """Build the tensor of drugs, genes and cells"""
    input:
        signatures=expand(
            "results/{{dataset}}/signatures/{series}/signatures.h5", series=INPUTS.series
        ),
        pert_info=INPUTS.paths(DATASET, "pert_info"),
        gene_info=INPUTS.paths(DATASET, "gene_info"),
        cell_info=INPUTS.paths(DATASET, "cell_info"),
        baselines=INPUTS.baselines(DATASET),
        left_out=expand(
            "results/{{dataset}}/signatures/{series}/left_out.tsv",
            series=INPUTS.series_with("level3"),
        ),
    output:
        tensor="results/{dataset}/tensor/large.h5",
        filters="results/{dataset}/tensor/filters.tsv",
        dropped="results/{dataset}/tensor/dropped.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        genes_left_out="results/{dataset}/tensor/genes_left_out.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    log:
        "results/{dataset}/logs/build_tensor.log",
    benchmark:
        "results/{dataset}/benchmarks/build_tensor.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=2),
    params:
        series=list(INPUTS.series),
        filters=tensor.filters(config["tensor"]),
        scale=config["tensor"]["scale"],
    script:
        "../scripts/tensor/build_tensor.py"


rule select_small:
    """Select the small tensor"""
    input:
        "results/{dataset}/tensor/large.h5",
    output:
        "results/{dataset}/tensor/small.h5",
    log:
        "results/{dataset}/logs/select_small.log",
    benchmark:
        "results/{dataset}/benchmarks/select_small.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        **config["tensor"]["small"],
    script:
        "../scripts/tensor/select_small.py"


rule measure_specificity:
    """Measure how specific to cells each drug is"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
    output:
        "results/{dataset}/tensor/cell_specificity.tsv",
    log:
        "results/{dataset}/logs/measure_specificity.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_specificity.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/tensor/measure_specificity.py"
