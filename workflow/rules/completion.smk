from lacuna.completion import stage as completion


rule complete_tensor:
    """{method} completes the tensor"""
    input:
        unpack(lambda wildcards: INPUTS.annotations(DATASET)),
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
        expected="results/{dataset}/evaluation/expected_r/{method}/calibrator.h5",
        gene_info=INPUTS.paths(DATASET, "gene_info"),
    output:
        gctx="results/{dataset}/completed/{method}.gctx",
        h5ad="results/{dataset}/completed/{method}.h5ad",
    log:
        "results/{dataset}/logs/complete_tensor/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/complete_tensor/{method}.tsv"
    wildcard_constraints:
        method=one_of(name for name in PLAN.players if name not in completion.kept(config)),
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=lambda wildcards: PLAN.gpus(wildcards.method),
        mem_mb=method_memory,
        runtime=grows(30, per_mb=1 / 5, power=1.5),
    params:
        variant=lambda wildcards: PLAN.variant(wildcards.method),
        seed=SEED,
        annotations=list(INPUTS.annotation_files),
        simulated=INPUTS.simulated,
        model=[],
    script:
        "../scripts/completion/complete_tensor.py"


# Of methods whose model can be kept.
use rule complete_tensor as complete_and_keep with:
    output:
        gctx="results/{dataset}/completed/{method}.gctx",
        h5ad="results/{dataset}/completed/{method}.h5ad",
        model="results/{dataset}/completed/{method}.model.h5",
    wildcard_constraints:
        method=one_of(completion.kept(config)),
    params:
        model=lambda wildcards, output: [output.model],
