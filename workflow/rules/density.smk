rule thin_tensor:
    input:
        "results/{dataset}/tensor/small.h5",
    output:
        subsets="results/{dataset}/density/subsets.tsv",
        sizes="results/{dataset}/density/sizes.tsv",
    log:
        "results/{dataset}/logs/thin_tensor.log",
    benchmark:
        "results/{dataset}/benchmarks/thin_tensor.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        percents=config["density"]["percents"],
        repeats=config["density"]["repeats"],
        seed=config["seed"],
    script:
        "../scripts/thin_tensor.py"


rule measure_density:
    input:
        tensor="results/{dataset}/tensor/small.h5",
        subsets="results/{dataset}/density/subsets.tsv",
        sizes="results/{dataset}/density/sizes.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/density/{method}/pct_{batch}.tsv",
    log:
        "results/{dataset}/logs/measure_density/{method}_{batch}.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_density/{method}_{batch}.tsv"
    group:
        group_of
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus,
        mem_mb=memory,
        runtime=minutes(lambda wildcards: len(repeats_of(wildcards)) * len(DENSITIES)),
    params:
        repeats=repeats_of,
        options=lambda wildcards: config["method_options"].get(wildcards.method, {}),
        seed=config["seed"],
    script:
        "../scripts/measure_density.py"


rule gather_density:
    input:
        measured_densities,
    output:
        density="results/{dataset}/density.tsv",
        repeats="results/{dataset}/density_per_repeat.tsv",
    log:
        "results/{dataset}/logs/gather_density.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_density.tsv"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/gather_density.py"
