rule simulate_screen:
    output:
        [
            f"results/{{dataset}}/acquire/simulated/{name}"
            for name in [
                *simulate.FILES.values(),
                simulate.ANNOTATION,
                simulate.GENE_SETS,
                *simulate.EXTERNAL.values(),
                simulate.TRUTH,
            ]
        ],
    log:
        "results/{dataset}/logs/simulate_screen.log",
    benchmark:
        "results/{dataset}/benchmarks/simulate_screen.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        **config["simulator"],
        seed=config["seed"],
    script:
        "../scripts/simulate_screen.py"


rule acquire_file:
    input:
        sources="resources/sources.tsv",
    output:
        "results/{dataset}/acquire/{series}/{file}",
    log:
        "results/{dataset}/logs/acquire_file/{series}/{file}.log",
    benchmark:
        "results/{dataset}/benchmarks/acquire_file/{series}/{file}.tsv"
    wildcard_constraints:
        series=one_of([*config["files"]["series"], "annotations", "gene_sets", "external"]),
        file="[^/]+",
    # The nodes of a cluster often have no network.
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    params:
        mirrors=MIRRORS,
        recorded="resources/recorded_checksums.tsv",
    script:
        "../scripts/acquire_file.py"
