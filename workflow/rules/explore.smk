from lacuna.explore import stage as explore


rule index_profiles:
    """Lay out the finished tensor, to be asked"""
    input:
        **in_results(explore.files(config)),
        **INPUTS.annotations(DATASET),
        drugs="results/{dataset}/tensor/drugs.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        dropped="results/{dataset}/tensor/dropped.tsv",
        gene_info=INPUTS.paths(DATASET, "gene_info"),
    output:
        "results/{dataset}/explore/index.h5",
    log:
        "results/{dataset}/logs/index_profiles.log",
    benchmark:
        "results/{dataset}/benchmarks/index_profiles.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000, per_mb=1),
        runtime=grows(30),
    params:
        method=explore.method(config),
        annotations=list(INPUTS.annotation_files),
        title=DATA,
        simulated=INPUTS.simulated,
        seed=SEED,
    script:
        "../scripts/explore/index_profiles.py"


rule write_explorer:
    """Write the page to ask"""
    input:
        "results/{dataset}/explore/index.h5",
    output:
        page="results/{dataset}/explore/index.html",
        data=directory("results/{dataset}/explore/data"),
    log:
        "results/{dataset}/logs/write_explorer.log",
    benchmark:
        "results/{dataset}/benchmarks/write_explorer.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(800, per_mb=1),
        runtime=grows(20),
    params:
        product=f"results/{DATASET}/completed/{explore.method(config)}.gctx",
        others=explore.others(config),
    script:
        "../scripts/explore/write_explorer.py"
