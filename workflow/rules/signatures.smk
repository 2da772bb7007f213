rule unpack_matrix:
    input:
        lambda wildcards: acquired(wildcards.level)(wildcards),
    output:
        temp("results/{dataset}/signatures/{series}/{level}.gctx"),
    log:
        "results/{dataset}/logs/unpack_matrix/{series}_{level}.log",
    benchmark:
        "results/{dataset}/benchmarks/unpack_matrix/{series}_{level}.tsv"
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
    wildcard_constraints:
        series=one_of(LEVEL3),
    conda:
        "../../envs/lacuna.yaml"
    params:
        **config["signatures"],
        seed=config["seed"],
    script:
        "../scripts/make_signatures.py"


rule import_signatures:
    input:
        level5="results/{dataset}/signatures/{series}/level5.gctx",
        sig_info=acquired("sig_info"),
        gene_info=acquired_if_given("gene_info"),
    output:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        wells="results/{dataset}/signatures/{series}/wells.tsv",
    log:
        "results/{dataset}/logs/import_signatures/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_signatures/{series}.tsv"
    wildcard_constraints:
        series=one_of(LEVEL5),
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/import_signatures.py"


rule measure_baseline:
    input:
        level3="results/{dataset}/signatures/{series}/level3.gctx",
        inst_info=acquired("inst_info"),
        gene_info=acquired("gene_info"),
    output:
        "results/{dataset}/signatures/{series}/baseline.tsv",
    log:
        "results/{dataset}/logs/measure_baseline/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_baseline/{series}.tsv"
    wildcard_constraints:
        series=one_of(name for name in LEVEL3 if name not in WITH_BASELINE),
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/measure_baseline.py"


rule import_baseline:
    input:
        baseline="results/{dataset}/signatures/{series}/baseline.gctx",
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
    output:
        "results/{dataset}/signatures/{series}/baseline.tsv",
    log:
        "results/{dataset}/logs/import_baseline/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_baseline/{series}.tsv"
    wildcard_constraints:
        series=one_of(WITH_BASELINE),
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/import_baseline.py"


rule assess_plates:
    input:
        level3="results/{dataset}/signatures/{series}/level3.gctx",
        inst_info=acquired("inst_info"),
        gene_info=acquired("gene_info"),
    output:
        "results/{dataset}/signatures/{series}/plates.tsv",
    log:
        "results/{dataset}/logs/assess_plates/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/assess_plates/{series}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        gamma=config["signatures"]["gamma"],
        null_draws=config["signatures"]["null_draws"],
        seed=config["seed"],
    script:
        "../scripts/assess_plates.py"
