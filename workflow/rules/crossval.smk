rule make_folds:
    input:
        "results/{dataset}/tensor/{size}.h5",
    output:
        "results/{dataset}/crossval/{size}/{split}/folds.tsv",
    log:
        "results/{dataset}/logs/make_folds/{size}_{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/make_folds/{size}_{split}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        folds=lambda wildcards: SPLITS[wildcards.split]["folds"],
        seed=config["seed"],
    script:
        "../scripts/make_folds.py"


rule predict_folds:
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/crossval/{size}/{split}/folds.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/crossval/{size}/{split}/{method}/predicted_{batch}.h5",
    log:
        "results/{dataset}/logs/predict_folds/{size}_{split}_{method}_{batch}.log",
    benchmark:
        "results/{dataset}/benchmarks/predict_folds/{size}_{split}_{method}_{batch}.tsv"
    group:
        group_of
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus,
        mem_mb=memory,
        runtime=minutes(lambda wildcards: len(folds_of(wildcards))),
    params:
        folds=folds_of,
        options=lambda wildcards: config["method_options"].get(wildcards.method, {}),
        is_control=lambda wildcards: wildcards.method in config["controls"],
        seed=config["seed"],
    script:
        "../scripts/predict_folds.py"


rule score_method:
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/crossval/{size}/{split}/folds.tsv",
        predicted=predicted,
    output:
        metrics="results/{dataset}/crossval/{size}/{split}/{method}/metrics.tsv",
        draws="results/{dataset}/crossval/{size}/{split}/{method}/bootstrap.tsv",
        folds="results/{dataset}/crossval/{size}/{split}/{method}/metrics_per_fold.tsv",
        profiles="results/{dataset}/crossval/{size}/{split}/{method}/metrics_per_profile.tsv",
        specificity="results/{dataset}/crossval/{size}/{split}/{method}/cell_specificity.tsv",
        roc="results/{dataset}/crossval/{size}/{split}/{method}/deg_roc.tsv",
        calibration="results/{dataset}/crossval/{size}/{split}/{method}/calibration.tsv",
        density="results/{dataset}/crossval/{size}/{split}/{method}/joint_density.tsv",
    log:
        "results/{dataset}/logs/score_method/{size}_{split}_{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/score_method/{size}_{split}_{method}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        seed=config["seed"],
    script:
        "../scripts/score_method.py"


rule gather_metrics:
    input:
        metrics=evaluated("metrics.tsv", config["methods"] + config["controls"]),
        folds=evaluated("metrics_per_fold.tsv", config["methods"] + config["controls"]),
        draws=evaluated("bootstrap.tsv", config["methods"]),
    output:
        metrics="results/{dataset}/metrics.tsv",
        folds="results/{dataset}/metrics_per_fold.tsv",
        comparisons="results/{dataset}/comparisons.tsv",
    log:
        "results/{dataset}/logs/gather_metrics.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_metrics.tsv"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/gather_metrics.py"
