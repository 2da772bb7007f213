from lacuna.classification import stage as classification
from lacuna.classification.classifiers import CLASSIFIERS


rule label_drugs:
    """Label drugs with classes and targets"""
    input:
        unpack(lambda wildcards: INPUTS.annotations(DATASET)),
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        gene_info=INPUTS.paths(DATASET, "gene_info"),
    output:
        labels="results/{dataset}/classification/labels.tsv",
        sources="results/{dataset}/classification/sources.tsv",
        tasks="results/{dataset}/classification/tasks.tsv",
        answers="results/{dataset}/classification/answers.tsv",
    log:
        "results/{dataset}/logs/label_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/label_drugs.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        kinds=list(INPUTS.annotation_files),
        cells=config["classification"]["cells"],
        tasks={
            key: config["classification"][key]
            for key in ("atc_classes", "targets", "min_drugs_per_target")
        },
    script:
        "../scripts/classification/label_drugs.py"


rule impute_folds:
    """{method} imputes the folds of the classification"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
        answers="results/{dataset}/classification/answers.tsv",
    output:
        temp("results/{dataset}/classification/{method}/imputed.h5"),
    log:
        "results/{dataset}/logs/impute_folds/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/impute_folds/{method}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=lambda wildcards: PLAN.gpus(wildcards.method),
        mem_mb=method_memory,
        runtime=lambda wildcards, input, attempt: attempt
        * PLAN.minutes(wildcards.method, classification.completions(config), input.size_mb),
    params:
        variant=lambda wildcards: PLAN.variant(wildcards.method),
        cells=config["classification"]["cells"],
        folds=config["classification"]["folds"],
        seed=SEED,
    script:
        "../scripts/classification/impute_folds.py"


rule classify_drugs:
    """Classify drugs by {model}, profiles completed by {method}"""
    input:
        unpack(lambda wildcards: in_results(classification.imputed(config, wildcards.method))),
        product="results/{dataset}/completed/{method}.gctx",
        answers="results/{dataset}/classification/answers.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
    output:
        experiments="results/{dataset}/classification/{method}/{model}/experiments.tsv",
        draws="results/{dataset}/classification/{method}/{model}/bootstrap.h5",
    log:
        "results/{dataset}/logs/classify_drugs/{method}_{model}.log",
    benchmark:
        "results/{dataset}/benchmarks/classify_drugs/{method}_{model}.tsv"
    wildcard_constraints:
        model=one_of(CLASSIFIERS),
    # Long jobs first: none is to be left alone at the end.
    priority: 1
    conda:
        "../../envs/lacuna.yaml"
    threads: lambda wildcards: classification.threads(config, wildcards.model)
    resources:
        mem_mb=grows(4000),
        runtime=grows(480),
    params:
        cells=config["classification"]["cells"],
        folds=config["classification"]["folds"],
        trees=config["classification"]["trees"],
        seed=SEED,
    script:
        "../scripts/classification/classify_drugs.py"


rule gather_classes:
    """Gather and test the classifications"""
    input:
        experiments=in_results(classification.files(config, "experiments.tsv")),
        draws=in_results(classification.files(config, "bootstrap.h5")),
    output:
        experiments="results/{dataset}/classification/experiments.tsv",
        tests="results/{dataset}/classification/tests.tsv",
        similarity="results/{dataset}/classification/similarity.tsv",
    log:
        "results/{dataset}/logs/gather_classes.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_classes.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/classification/gather_classes.py"


rule tabulate_classes:
    """Tabulate the classifications"""
    input:
        sources="results/{dataset}/classification/sources.tsv",
        tasks="results/{dataset}/classification/tasks.tsv",
        tests="results/{dataset}/classification/tests.tsv",
        similarity="results/{dataset}/classification/similarity.tsv",
        experiments="results/{dataset}/classification/experiments.tsv",
    output:
        report(
            "results/{dataset}/classification/pages/classification.html",
            category="4. Applications",
            labels={"figure": "Tasks, tests, experiments"},
            caption="../report/classification/classification.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_classes.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_classes.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/classification/tabulate_classes.py"
