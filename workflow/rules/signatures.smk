rule unpack_matrix:
    """Unpack the {level} matrix of {series}"""
    input:
        matrix=lambda wildcards: INPUTS.path(DATASET, wildcards.series, wildcards.level),
        # Ancient: it only says which way round a matrix of text is.
        table=lambda wildcards: ancient(INPUTS.names_of(DATASET, wildcards.series, wildcards.level)),
    output:
        temp("results/{dataset}/signatures/{series}/{level}.gctx"),
    log:
        "results/{dataset}/logs/unpack_matrix/{series}_{level}.log",
    benchmark:
        "results/{dataset}/benchmarks/unpack_matrix/{series}_{level}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(20, per_mb=1 / 600),
    script:
        "../scripts/signatures/unpack_matrix.py"


rule write_embedded:
    """Write the table {kind} that came within the matrix of {series}"""
    input:
        source=lambda wildcards: INPUTS.made_from(DATASET, wildcards.series, wildcards.kind),
        came_in=lambda wildcards: INPUTS.came_in(DATASET, wildcards.series, wildcards.kind),
    output:
        "results/{dataset}/signatures/{series}/tables/{kind}.tsv",
    log:
        "results/{dataset}/logs/write_embedded/{series}_{kind}.log",
    benchmark:
        "results/{dataset}/benchmarks/write_embedded/{series}_{kind}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series),
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000),
    script:
        "../scripts/signatures/write_embedded.py"


rule make_signatures:
    """Make signatures of {series}"""
    input:
        level3="results/{dataset}/signatures/{series}/level3.gctx",
        inst_info=acquired("inst_info"),
        gene_info=acquired("gene_info"),
    output:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        wells="results/{dataset}/signatures/{series}/wells.tsv",
        left_out="results/{dataset}/signatures/{series}/left_out.tsv",
        plates="results/{dataset}/signatures/{series}/plates.tsv",
        baseline="results/{dataset}/signatures/{series}/baseline.tsv",
    log:
        "results/{dataset}/logs/make_signatures/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/make_signatures/{series}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series_with("level3")),
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=1 / 20),
        runtime=grows(20, per_mb=1 / 300),
    params:
        **{key: value for key, value in config["signatures"].items() if key != "pert_types"},
        pert_types=lambda wildcards: INPUTS.pert_types(wildcards.series),
        seed=SEED,
    script:
        "../scripts/signatures/make_signatures.py"


rule write_signatures:
    """Write signatures of {series} as GCTX"""
    input:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        gene_info=acquired("gene_info"),
    output:
        "results/{dataset}/signatures/{series}.gctx",
    log:
        "results/{dataset}/logs/write_signatures/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/write_signatures/{series}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series_with("level3")),
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000),
    script:
        "../scripts/signatures/write_signatures.py"


rule import_signatures:
    """Read the ready-made signatures of {series}"""
    input:
        level5="results/{dataset}/signatures/{series}/level5.gctx",
        sig_info=acquired("sig_info"),
        gene_info=acquired("gene_info"),
    output:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        wells="results/{dataset}/signatures/{series}/wells.tsv",
    log:
        "results/{dataset}/logs/import_signatures/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_signatures/{series}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series_with("level5")),
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        pert_types=lambda wildcards: INPUTS.pert_types(wildcards.series),
        scale=config["tensor"]["scale"],
    script:
        "../scripts/signatures/import_signatures.py"


rule import_tensor:
    """Read the ready-made tensor of {series}"""
    input:
        tensor=acquired("tensor"),
    output:
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
        wells="results/{dataset}/signatures/{series}/wells.tsv",
    log:
        "results/{dataset}/logs/import_tensor/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_tensor/{series}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series_with("tensor")),
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000),
    params:
        scale=config["tensor"]["scale"],
    script:
        "../scripts/signatures/import_tensor.py"


rule import_baseline:
    """Read the baseline expression of {series}"""
    input:
        baseline="results/{dataset}/signatures/{series}/baseline.gctx",
        signatures="results/{dataset}/signatures/{series}/signatures.h5",
    output:
        "results/{dataset}/signatures/{series}/given_baseline.tsv",
    log:
        "results/{dataset}/logs/import_baseline/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_baseline/{series}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.series_with("baseline")),
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/signatures/import_baseline.py"


rule tabulate_plates:
    """Tabulate the quality of plates"""
    input:
        expand(
            "results/{{dataset}}/signatures/{series}/plates.tsv",
            series=INPUTS.series_with("level3"),
        ),
    output:
        report(
            "results/{dataset}/signatures/pages/plates.html",
            category="2. Data",
            labels={"figure": "Plates, one by one"},
            caption="../report/signatures/plates.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_plates.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_plates.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        place=7,
        data=DATA,
        reference=config["signatures"]["reference"],
    script:
        "../scripts/signatures/tabulate_plates.py"
