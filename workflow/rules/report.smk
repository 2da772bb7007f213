rule tabulate_filters:
    input:
        filters="results/{dataset}/tensor/filters.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        wells=expand("results/{{dataset}}/signatures/{series}/wells.tsv", series=SERIES),
        folds=expand(
            "results/{{dataset}}/crossval/{size}/profiles/folds.tsv",
            size=SPLITS["profiles"]["sizes"],
        ),
    output:
        report(
            "results/{dataset}/tables/filters.html",
            category="2. Data",
            labels={"figure": "Wells, filters, table 1"},
            caption="../report/filters.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_filters.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_filters.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        series=list(SERIES),
        sizes=SPLITS["profiles"]["sizes"],
    script:
        "../scripts/tabulate_filters.py"


rule tabulate_plates:
    input:
        expand("results/{{dataset}}/signatures/{series}/plates.tsv", series=LEVEL3),
    output:
        report(
            "results/{dataset}/tables/plates.html",
            category="2. Data",
            labels={"figure": "Plates, one by one"},
            caption="../report/plates.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_plates.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_plates.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        reference=config["signatures"]["reference"],
    script:
        "../scripts/tabulate_plates.py"


rule tabulate_methods:
    input:
        metrics="results/{dataset}/metrics.tsv",
        folds="results/{dataset}/metrics_per_fold.tsv",
        comparisons="results/{dataset}/comparisons.tsv",
    output:
        report(
            "results/{dataset}/tables/methods.html",
            category="1. Summary",
            labels={"figure": "Methods"},
            caption="../report/methods.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_methods.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_methods.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/tabulate_methods.py"


rule compare_published:
    input:
        published="resources/published.tsv",
        filters="results/{dataset}/tensor/filters.tsv",
        large="results/{dataset}/tensor/large.h5",
        small="results/{dataset}/tensor/small.h5",
        specificity="results/{dataset}/tensor/cell_specificity.tsv",
        metrics="results/{dataset}/metrics.tsv",
        density=["results/{dataset}/density.tsv"] if DENSITIES else [],
        classes=["results/{dataset}/classes/tests.tsv"] if CLASSIFIED else [],
        variations=["results/{dataset}/cell_to_cell/variations.tsv"] if VARIATIONS else [],
        transfer=cell_to_cell("transfer", "transfer_summary.tsv"),
        factors=cell_to_cell("factors", "factors.tsv"),
    output:
        table="results/{dataset}/published.tsv",
        page=report(
            "results/{dataset}/tables/published.html",
            category="1. Summary",
            labels={"figure": "Published numbers"},
            caption="../report/published.rst",
        ),
    log:
        "results/{dataset}/logs/compare_published.log",
    benchmark:
        "results/{dataset}/benchmarks/compare_published.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        paper=PAPER,
        completed="dnpp" if "dnpp" in CLASSIFIED else "".join(CLASSIFIED[:1]),
    script:
        "../scripts/compare_published.py"


rule tabulate_where:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        profiles=of_methods("metrics_per_profile.tsv"),
        specificity=of_methods("cell_specificity.tsv"),
    output:
        page=report(
            "results/{dataset}/tables/where.html",
            category="3. Predictions",
            labels={"figure": "3B and 4C: who wins where"},
            caption="../report/where.rst",
        ),
        where="results/{dataset}/where.tsv",
        specificity="results/{dataset}/specificity_kept.tsv",
    log:
        "results/{dataset}/logs/tabulate_where.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_where.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        seed=config["seed"],
    script:
        "../scripts/tabulate_where.py"


rule tabulate_classes:
    input:
        sources="results/{dataset}/classes/sources.tsv",
        tasks="results/{dataset}/classes/tasks.tsv",
        tests="results/{dataset}/classes/tests.tsv",
        experiments="results/{dataset}/classes/experiments.tsv",
    output:
        report(
            "results/{dataset}/tables/classes.html",
            category="4. Applications",
            labels={"figure": "Tasks, tests, experiments"},
            caption="../report/classes.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_classes.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_classes.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/tabulate_classes.py"


rule tabulate_cell_to_cell:
    input:
        division="results/{dataset}/cell_to_cell/division.tsv",
        variations="results/{dataset}/cell_to_cell/variations.tsv",
    output:
        report(
            "results/{dataset}/tables/cell_to_cell.html",
            category="5. Cell to cell",
            labels={"figure": "What the prediction depends on, in numbers"},
            caption="../report/cell_to_cell.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_cell_to_cell.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_cell_to_cell.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        analyses=VARIATIONS,
    script:
        "../scripts/tabulate_cell_to_cell.py"


rule record_run:
    input:
        MADE,
    output:
        config="results/{dataset}/config.yaml",
        provenance="results/{dataset}/provenance.yaml",
    log:
        "results/{dataset}/logs/record_run.log",
    benchmark:
        "results/{dataset}/benchmarks/record_run.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        config=config,
        files=source_files,
    script:
        "../scripts/record_run.py"


rule tabulate_run:
    input:
        "results/{dataset}/provenance.yaml",
    output:
        report(
            "results/{dataset}/tables/run.html",
            category="6. This run",
            labels={"figure": "Inputs, versions and time"},
            caption="../report/run.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_run.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_run.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        rules=lambda wildcards: sorted(rule.name for rule in workflow.rules),
    script:
        "../scripts/tabulate_run.py"


rule figures:
    input:
        FIGURE_FILES,


rule results:
    input:
        RESULTS,


# Snakemake itself, asked for a report of what the other rules have made.
rule write_report:
    input:
        RESULTS,
        config="results/{dataset}/config.yaml",
    output:
        "results/{dataset}/report.html",
    log:
        "results/{dataset}/logs/write_report.log",
    benchmark:
        "results/{dataset}/benchmarks/write_report.tsv"
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    params:
        snakefile=workflow.main_snakefile,
    script:
        "../scripts/write_report.py"
