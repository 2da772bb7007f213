rule complete_tensor:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/completed/{method}.gctx",
    log:
        "results/{dataset}/logs/complete_tensor/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/complete_tensor/{method}.tsv"
    group:
        group_of
    conda:
        "../../envs/lacuna.yaml"
    threads: 4
    resources:
        gpu=gpus,
        mem_mb=memory,
    params:
        options=lambda wildcards: config["method_options"].get(wildcards.method, {}),
        seed=config["seed"],
    script:
        "../scripts/complete_tensor.py"
