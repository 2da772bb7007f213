from lacuna.io.known_sums import known_sum
from lacuna.predict import stage as predict


rule measure_new_drugs:
    """Say how good predictions for new drugs are"""
    input:
        **in_results(predict.judged_by(config)),
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        "results/{dataset}/predict/accuracy.tsv",
    log:
        "results/{dataset}/logs/measure_new_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/measure_new_drugs.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=4),
    params:
        judged_by=list(predict.judged_by(config)),
        seed=SEED,
    script:
        "../scripts/predict/measure_new_drugs.py"


rule predict_new_drugs:
    """Predict drugs known by structure alone"""
    input:
        **in_results(predict.model_file(config)),
        new=predict.table(config),
        accuracy="results/{dataset}/predict/accuracy.tsv",
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        gctx="results/{dataset}/predict/predicted.gctx",
        h5ad="results/{dataset}/predict/predicted.h5ad",
        drugs="results/{dataset}/predict/drugs.tsv",
        page=report(
            "results/{dataset}/predict/pages/predict.html",
            category="3. Predictions",
            labels={"figure": "Drugs known by structure alone"},
            caption="../report/predict/predict.rst",
        ),
    log:
        "results/{dataset}/logs/predict_new_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/predict_new_drugs.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=lambda wildcards, input, attempt: attempt
        * PLAN.memory_mb(predict.method(config), input.size_mb),
        runtime=grows(30, per_mb=1 / 5, power=1.5),
    params:
        data=DATA,
        simulated=INPUTS.simulated,
        # What the user's table holds, as its time of modification says nothing.
        content=[known_sum(path).sha256 for path in predict.table(config) if Path(path).is_file()],
    script:
        "../scripts/predict/predict_new_drugs.py"
