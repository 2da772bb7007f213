rule unpack_matrix:
    input:
        acquired("level3"),
    output:
        temp("results/{dataset}/signatures/{series}/level3.gctx"),
    log:
        "results/{dataset}/logs/unpack_matrix/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/unpack_matrix/{series}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/unpack_matrix.py"


rule make_signatures:
    input:
        level3="results/{dataset}/signatures/{series}/level3.gctx",
        inst_info=acquired("inst_info"),
        gene_info=acquired("gene_info"),
    output:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        wells="results/{dataset}/signatures/{series}/wells.tsv",
    log:
        "results/{dataset}/logs/make_signatures/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/make_signatures/{series}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        **config["signatures"],
        seed=config["seed"],
    script:
        "../scripts/make_signatures.py"
