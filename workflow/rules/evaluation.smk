from lacuna.evaluation import stage as evaluation

DENSITY = config["evaluation"]["density"]
SUBSETS = config["evaluation"]["subsets"]


rule make_folds:
    """Deal folds of {split}, {size} tensor"""
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
    output:
        "results/{dataset}/evaluation/{size}/{split}/folds.tsv",
    log:
        "results/{dataset}/logs/make_folds/{size}_{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/make_folds/{size}_{split}.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        folds=lambda wildcards: PLAN.splits[wildcards.split]["folds"],
        seed=SEED,
    script:
        "../scripts/evaluation/make_folds.py"


rule predict_folds:
    """{method} predicts folds {folds} of {split}, {size} tensor"""
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/evaluation/{size}/{split}/folds.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/evaluation/{size}/{split}/{method}/predicted_{batch}.h5",
    log:
        "results/{dataset}/logs/predict_folds/{size}_{split}_{method}_{batch}.log",
    benchmark:
        "results/{dataset}/benchmarks/predict_folds/{size}_{split}_{method}_{batch}.tsv"
    group:
        lambda wildcards: PLAN.group(wildcards.method, wildcards.get("size"))
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=lambda wildcards: PLAN.gpus(wildcards.method),
        mem_mb=method_memory,
        runtime=lambda wildcards, input, attempt: attempt
        * PLAN.minutes(
            wildcards.method,
            len(evaluation.folds_of(config, wildcards.split, wildcards.batch)),
            input.size_mb,
        ),
    params:
        folds=lambda wildcards: evaluation.folds_of(config, wildcards.split, wildcards.batch),
        variant=lambda wildcards: PLAN.variant(wildcards.method),
        is_control=lambda wildcards: wildcards.method not in PLAN.methods,
        seed=SEED,
    script:
        "../scripts/evaluation/predict_folds.py"


rule score_method:
    """Score {method} on {split}, {size} tensor"""
    input:
        tensor="results/{dataset}/tensor/{size}.h5",
        folds="results/{dataset}/evaluation/{size}/{split}/folds.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        predicted=lambda wildcards: in_results(evaluation.predictions(config, **wildcards)),
    output:
        metrics="results/{dataset}/evaluation/{size}/{split}/{method}/metrics.tsv",
        by_type="results/{dataset}/evaluation/{size}/{split}/{method}/metrics_by_pert_type.tsv",
        draws="results/{dataset}/evaluation/{size}/{split}/{method}/bootstrap.tsv",
        folds="results/{dataset}/evaluation/{size}/{split}/{method}/metrics_per_fold.tsv",
        profiles="results/{dataset}/evaluation/{size}/{split}/{method}/metrics_per_profile.tsv",
        specificity="results/{dataset}/evaluation/{size}/{split}/{method}/cell_specificity.tsv",
        roc="results/{dataset}/evaluation/{size}/{split}/{method}/deg_roc.tsv",
        calibration="results/{dataset}/evaluation/{size}/{split}/{method}/calibration.tsv",
        density="results/{dataset}/evaluation/{size}/{split}/{method}/joint_density.tsv",
    log:
        "results/{dataset}/logs/score_method/{size}_{split}_{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/score_method/{size}_{split}_{method}.tsv"
    group:
        "score"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=20),
    params:
        seed=SEED,
    script:
        "../scripts/evaluation/score_method.py"


rule calibrate_expected_r:
    """Learn what correlation to expect of {method}"""
    input:
        unpack(lambda wildcards: in_results(evaluation.teaching_files(config, wildcards.method))),
        tensor="results/{dataset}/tensor/large.h5",
    output:
        calibrator="results/{dataset}/evaluation/expected_r/{method}/calibrator.h5",
        tiers="results/{dataset}/evaluation/expected_r/{method}/tiers.tsv",
    log:
        "results/{dataset}/logs/calibrate_expected_r/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/calibrate_expected_r/{method}.tsv"
    group:
        "score"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=4),
    params:
        splits=lambda wildcards: evaluation.teaching(config, wildcards.method),
        seed=SEED,
    script:
        "../scripts/evaluation/calibrate_expected_r.py"


rule score_parts:
    """Score methods on parts of the tensor and on single genes"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        folds="results/{dataset}/evaluation/large/profiles/folds.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        predicted=in_results(evaluation.all_predictions(config, "profiles")),
    output:
        parts="results/{dataset}/evaluation/parts.tsv",
        genes="results/{dataset}/evaluation/gene_correlations.tsv",
        kept="results/{dataset}/evaluation/gene_correlations_kept.tsv",
    log:
        "results/{dataset}/logs/score_parts.log",
    benchmark:
        "results/{dataset}/benchmarks/score_parts.tsv"
    group:
        "score"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=2),
        runtime=grows(10, per_mb=1 / 10),
    params:
        methods=list(PLAN.methods),
        seed=SEED,
    script:
        "../scripts/evaluation/score_parts.py"


rule leave_out_similar:
    """Score methods on {split} without similar drugs"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
        folds="results/{dataset}/evaluation/large/{split}/folds.tsv",
        predicted=lambda wildcards: in_results(evaluation.all_predictions(config, wildcards.split)),
    output:
        "results/{dataset}/evaluation/large/{split}/without_similar.tsv",
    log:
        "results/{dataset}/logs/leave_out_similar/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/leave_out_similar/{split}.tsv"
    group:
        "score"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=2),
        runtime=grows(10, per_mb=1 / 10),
    params:
        methods=lambda wildcards: list(evaluation.asked(config, wildcards.split)),
        seed=SEED,
    script:
        "../scripts/evaluation/leave_out_similar.py"


rule tabulate_similar:
    """Tabulate the most similar drugs"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        table="results/{dataset}/evaluation/most_similar.tsv",
        page=report(
            "results/{dataset}/evaluation/pages/most_similar.html",
            category="3. Predictions",
            labels={"figure": "The most similar drugs (Supplement S3)"},
            caption="../report/evaluation/most_similar.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_similar.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_similar.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=2),
    params:
        place=7,
        drugs=config["evaluation"]["heatmaps"]["drugs"],
        data=DATA,
    script:
        "../scripts/evaluation/tabulate_similar.py"


rule list_genes:
    """List the genes that profiles of {method} change most"""
    input:
        "results/{dataset}/completed/{method}.gctx",
    output:
        "results/{dataset}/completed/{method}_genes.tsv.gz",
    log:
        "results/{dataset}/logs/list_genes/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/list_genes/{method}.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000),
    script:
        "../scripts/evaluation/list_genes.py"


rule gather_metrics:
    """Gather scores, and compare methods"""
    input:
        metrics=in_results(evaluation.tables(config, "metrics.tsv", PLAN.players)),
        folds=in_results(evaluation.tables(config, "metrics_per_fold.tsv", PLAN.players)),
        by_type=in_results(evaluation.tables(config, "metrics_by_pert_type.tsv", PLAN.players)),
        draws=in_results(evaluation.tables(config, "bootstrap.tsv", PLAN.methods)),
        controls=in_results(
            evaluation.tables(config, "bootstrap.tsv", evaluation.simple_controls(config))
        ),
    output:
        metrics="results/{dataset}/metrics.tsv",
        folds="results/{dataset}/evaluation/metrics_per_fold.tsv",
        by_type="results/{dataset}/evaluation/metrics_by_pert_type.tsv",
        comparisons="results/{dataset}/evaluation/comparisons.tsv",
        leads="results/{dataset}/evaluation/leads.tsv",
    log:
        "results/{dataset}/logs/gather_metrics.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_metrics.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        simple=evaluation.simple(config),
    script:
        "../scripts/evaluation/gather_metrics.py"


rule thin_tensor:
    """Draw ever fewer training profiles"""
    input:
        "results/{dataset}/tensor/small.h5",
    output:
        subsets="results/{dataset}/evaluation/density/subsets.tsv",
        sizes="results/{dataset}/evaluation/density/sizes.tsv",
    log:
        "results/{dataset}/logs/thin_tensor.log",
    benchmark:
        "results/{dataset}/benchmarks/thin_tensor.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        percents=DENSITY["percents"],
        repeats=DENSITY["repeats"],
        seed=SEED,
    script:
        "../scripts/evaluation/thin_tensor.py"


rule measure_density:
    """{method} predicts from ever fewer profiles, draws {draws}"""
    input:
        tensor="results/{dataset}/tensor/small.h5",
        subsets="results/{dataset}/evaluation/density/subsets.tsv",
        sizes="results/{dataset}/evaluation/density/sizes.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/evaluation/density/{method}/pct_{batch}.tsv",
    log:
        "results/{dataset}/logs/measure_density/{method}_{batch}.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_density/{method}_{batch}.tsv"
    # Long jobs first: none is to be left alone at the end.
    priority: 1
    group:
        lambda wildcards: PLAN.group(wildcards.method, wildcards.get("size"))
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=lambda wildcards: PLAN.gpus(wildcards.method),
        mem_mb=method_memory,
        runtime=lambda wildcards, input, attempt: attempt
        * PLAN.minutes(
            wildcards.method,
            len(evaluation.repeats_of(config, wildcards.batch)) * len(DENSITY["percents"]),
            input.size_mb,
        ),
    params:
        repeats=lambda wildcards: evaluation.repeats_of(config, wildcards.batch),
        variant=lambda wildcards: PLAN.variant(wildcards.method),
        seed=SEED,
    script:
        "../scripts/evaluation/measure_density.py"


rule gather_density:
    """Gather accuracy by number of profiles"""
    input:
        in_results(evaluation.density_files(config)),
    output:
        density="results/{dataset}/evaluation/density.tsv",
        repeats="results/{dataset}/evaluation/density_per_repeat.tsv",
    log:
        "results/{dataset}/logs/gather_density.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_density.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/evaluation/gather_density.py"


rule measure_subsets:
    """{method} predicts random subsets of the drugs"""
    input:
        tensor="results/{dataset}/tensor/small.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/evaluation/subsets/{method}.tsv",
    log:
        "results/{dataset}/logs/measure_subsets/{method}.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_subsets/{method}.tsv"
    group:
        lambda wildcards: PLAN.group(wildcards.method, "small")
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=lambda wildcards: PLAN.gpus(wildcards.method),
        mem_mb=method_memory,
        runtime=lambda wildcards, input, attempt: attempt
        * PLAN.minutes(wildcards.method, SUBSETS["repeats"] * len(SUBSETS["drugs"]), input.size_mb),
    params:
        **SUBSETS,
        variant=lambda wildcards: PLAN.variant(wildcards.method),
        seed=SEED,
    script:
        "../scripts/evaluation/measure_subsets.py"


rule gather_subsets:
    """Gather accuracy on subsets of the drugs"""
    input:
        in_results(evaluation.subset_files(config)),
    output:
        subsets="results/{dataset}/evaluation/subsets.tsv",
        repeats="results/{dataset}/evaluation/subsets_per_repeat.tsv",
    log:
        "results/{dataset}/logs/gather_subsets.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_subsets.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    script:
        "../scripts/evaluation/gather_subsets.py"


rule tabulate_methods:
    """Tabulate the scores of methods"""
    input:
        metrics="results/{dataset}/metrics.tsv",
        folds="results/{dataset}/evaluation/metrics_per_fold.tsv",
        comparisons="results/{dataset}/evaluation/comparisons.tsv",
        by_type="results/{dataset}/evaluation/metrics_by_pert_type.tsv",
    output:
        report(
            "results/{dataset}/evaluation/pages/methods.html",
            category="1. Summary",
            labels={"figure": "Methods"},
            caption="../report/evaluation/methods.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_methods.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_methods.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        methods=list(PLAN.methods),
        simple=evaluation.simple(config),
    script:
        "../scripts/evaluation/tabulate_methods.py"


rule tabulate_where:
    """Tabulate which method wins where"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        profiles=in_results(evaluation.of_methods(config, "metrics_per_profile.tsv")),
        specificity=in_results(evaluation.of_methods(config, "cell_specificity.tsv")),
        parts="results/{dataset}/evaluation/parts.tsv",
    output:
        page=report(
            "results/{dataset}/evaluation/pages/where.html",
            category="3. Predictions",
            labels={"figure": "Where which method predicts best (Figures 3B and 4C)"},
            caption="../report/evaluation/where.rst",
        ),
        where="results/{dataset}/evaluation/where.tsv",
        specificity="results/{dataset}/evaluation/specificity_kept.tsv",
    log:
        "results/{dataset}/logs/tabulate_where.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_where.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        place=4,
        few=evaluation.few(config),
        data=DATA,
        seed=SEED,
    script:
        "../scripts/evaluation/tabulate_where.py"
