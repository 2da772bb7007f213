rule label_drugs:
    input:
        unpack(annotation_files),
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        gene_info=acquired_of_every_series("gene_info"),
    output:
        labels="results/{dataset}/classes/labels.tsv",
        sources="results/{dataset}/classes/sources.tsv",
        tasks="results/{dataset}/classes/tasks.tsv",
        answers="results/{dataset}/classes/answers.tsv",
    log:
        "results/{dataset}/logs/label_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/label_drugs.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        kinds=list(ANNOTATIONS),
        cells=config["classify"]["cells"],
        tasks={
            key: config["classify"][key]
            for key in ("atc_classes", "targets", "min_drugs_per_target")
        },
    script:
        "../scripts/label_drugs.py"


rule classify_drugs:
    input:
        product="results/{dataset}/completed/{method}.gctx",
        answers="results/{dataset}/classes/answers.tsv",
    output:
        experiments="results/{dataset}/classes/{method}/{model}/experiments.tsv",
        draws="results/{dataset}/classes/{method}/{model}/bootstrap.h5",
    log:
        "results/{dataset}/logs/classify_drugs/{method}_{model}.log",
    benchmark:
        "results/{dataset}/benchmarks/classify_drugs/{method}_{model}.tsv"
    wildcard_constraints:
        model=one_of(CLASSIFIER_NAMES),
    conda:
        "../../envs/lacuna.yaml"
    threads: classifier_threads
    params:
        cells=config["classify"]["cells"],
        folds=config["classify"]["folds"],
        trees=config["classify"]["trees"],
        seed=config["seed"],
    script:
        "../scripts/classify_drugs.py"


rule gather_classes:
    input:
        experiments=classified("experiments.tsv"),
        draws=classified("bootstrap.h5"),
    output:
        experiments="results/{dataset}/classes/experiments.tsv",
        tests="results/{dataset}/classes/tests.tsv",
    log:
        "results/{dataset}/logs/gather_classes.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_classes.tsv"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/gather_classes.py"
