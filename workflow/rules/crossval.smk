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
        folds=config["crossval"]["folds"],
        seed=config["seed"],
    script:
        "../scripts/make_folds.py"


rule predict_fold:
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/crossval/{size}/{split}/folds.tsv",
    output:
        "results/{dataset}/crossval/{size}/{split}/{method}/fold{fold}.h5",
    log:
        "results/{dataset}/logs/predict_fold/{size}_{split}_{method}_fold{fold}.log",
    benchmark:
        "results/{dataset}/benchmarks/predict_fold/{size}_{split}_{method}_fold{fold}.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus,
    params:
        options=lambda wildcards: config["method_options"].get(wildcards.method, {}),
        is_control=lambda wildcards: wildcards.method in config["controls"],
        seed=config["seed"],
    script:
        "../scripts/predict_fold.py"


rule score_method:
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/crossval/{size}/{split}/folds.tsv",
        predicted=expand(
            "results/{{dataset}}/crossval/{{size}}/{{split}}/{{method}}/fold{fold}.h5",
            fold=FOLDS,
        ),
    output:
        metrics="results/{dataset}/crossval/{size}/{split}/{method}/metrics.tsv",
        draws="results/{dataset}/crossval/{size}/{split}/{method}/bootstrap.tsv",
        folds="results/{dataset}/crossval/{size}/{split}/{method}/metrics_per_fold.tsv",
        profiles="results/{dataset}/crossval/{size}/{split}/{method}/metrics_per_profile.tsv",
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
        metrics=expand(
            "results/{{dataset}}/crossval/{size}/profiles/{method}/metrics.tsv",
            size=config["crossval"]["sizes"],
            method=METHODS,
        ),
        folds=expand(
            "results/{{dataset}}/crossval/{size}/profiles/{method}/metrics_per_fold.tsv",
            size=config["crossval"]["sizes"],
            method=METHODS,
        ),
        draws=expand(
            "results/{{dataset}}/crossval/{size}/profiles/{method}/bootstrap.tsv",
            size=config["crossval"]["sizes"],
            method=config["methods"],
        ),
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
