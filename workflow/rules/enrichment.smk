from lacuna.enrichment import stage as enrichment


rule enrich_profiles:
    """Find gene sets that are up or down"""
    input:
        unpack(lambda wildcards: in_results(enrichment.product(config))),
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        gene_sets=INPUTS.gene_sets(DATASET),
    output:
        "results/{dataset}/enrichment/enrichment.tsv",
    log:
        "results/{dataset}/logs/enrich_profiles.log",
    benchmark:
        "results/{dataset}/benchmarks/enrich_profiles.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=3),
        runtime=grows(60),
    params:
        cell_groups=config["enrichment"]["cell_groups"],
        drugs=config["evaluation"]["heatmaps"]["drugs"],
        profiles=config["enrichment"]["profiles"],
        permutations=config["enrichment"]["permutations"],
        seed=SEED,
    script:
        "../scripts/enrichment/enrich_profiles.py"
