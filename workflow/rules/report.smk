from lacuna.classification.published import compared_method
from lacuna.report.entries import entries


rule tabulate_filters:
    """Tabulate what each filter left"""
    input:
        filters="results/{dataset}/tensor/filters.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        genes="results/{dataset}/tensor/genes_left_out.tsv",
        wells=expand("results/{{dataset}}/signatures/{series}/wells.tsv", series=INPUTS.series),
        tables=[INPUTS.account(DATASET, series) for series in INPUTS.series],
        folds=expand(
            "results/{{dataset}}/evaluation/{size}/profiles/folds.tsv",
            size=PLAN.splits["profiles"]["sizes"],
        ),
    output:
        report(
            "results/{dataset}/report/pages/filters.html",
            category="2. Data",
            labels={"figure": f"{INPUTS.start.capitalize()} and filters (Table 1)"},
            caption="../report/report/filters.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_filters.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_filters.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        place=1,
        data=DATA,
        start=INPUTS.start,
        series=list(INPUTS.series),
        sizes=PLAN.splits["profiles"]["sizes"],
    script:
        "../scripts/report/tabulate_filters.py"


rule tabulate_experiments:
    """Tabulate experiments and p-values"""
    input:
        signatures=expand(
            "results/{{dataset}}/signatures/{series}/signatures.h5", series=INPUTS.series
        ),
        wells=expand("results/{{dataset}}/signatures/{series}/wells.tsv", series=INPUTS.series),
    output:
        p_values="results/{dataset}/report/p_values.tsv",
        page=report(
            "results/{dataset}/report/pages/experiments.html",
            category="2. Data",
            labels={"figure": "Experiments and p-values"},
            caption="../report/report/experiments.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_experiments.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_experiments.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        place=4,
        data=DATA,
        series=list(INPUTS.series),
    script:
        "../scripts/report/tabulate_experiments.py"


rule compare_published:
    """Compare with published numbers"""
    input:
        **in_results(PLAN.published_files),
        published=workflow.source_path("../../resources/published.tsv"),
    output:
        table="results/{dataset}/report/published.tsv",
        page=report(
            "results/{dataset}/report/pages/published.html",
            category="9. This run",
            labels={"figure": "Published numbers"},
            caption="../report/report/published.rst",
        ),
    log:
        "results/{dataset}/logs/compare_published.log",
    benchmark:
        "results/{dataset}/benchmarks/compare_published.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        kind=INPUTS.kind,
        tensor=config["tensor"],
        completed=compared_method(classification.completed(config)),
    script:
        "../scripts/report/compare_published.py"


rule compare_accuracy:
    """Compare with the accuracy that Hodos et al. 2018 print"""
    input:
        **in_results(PLAN.published_files),
        published=workflow.source_path("../../resources/published.tsv"),
    output:
        report(
            "results/{dataset}/report/pages/theirs_and_ours.html",
            category="1. Summary",
            labels={"figure": "Hodos et al. 2018: theirs and ours"},
            caption="../report/report/theirs_and_ours.rst",
        ),
    log:
        "results/{dataset}/logs/compare_accuracy.log",
    benchmark:
        "results/{dataset}/benchmarks/compare_accuracy.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        kind=INPUTS.kind,
        tensor=config["tensor"],
    script:
        "../scripts/report/compare_accuracy.py"


rule record_run:
    """Record the configuration, inputs and versions"""
    input:
        PLAN.results,
    output:
        config="results/{dataset}/config.yaml",
        provenance="results/{dataset}/provenance.yaml",
    log:
        "results/{dataset}/logs/record_run.log",
    benchmark:
        "results/{dataset}/benchmarks/record_run.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        config=config,
        files=[*INPUTS.all_files(DATASET), *predict.table(config)],
        # That it takes the input, too, keeps this from deciding on a rerun: jobs change it.
        code_now=lambda wildcards, input: CODE.now(f"results/{wildcards.dataset}/sums"),
    script:
        "../scripts/report/record_run.py"


rule tabulate_run:
    """Tabulate inputs, versions and times"""
    input:
        "results/{dataset}/provenance.yaml",
    output:
        report(
            "results/{dataset}/report/pages/run.html",
            category="9. This run",
            labels={"figure": "Inputs, versions and time"},
            caption="../report/report/run.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_run.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_run.tsv"
    # What the run makes is known where Snakemake runs.
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        leftovers=lambda wildcards: leftovers(),
        rules=lambda wildcards: sorted(rule.name for rule in workflow.rules),
    script:
        "../scripts/report/tabulate_run.py"


rule figures:
    """Draw all figures"""
    input:
        PLAN.figure_files,


rule results:
    """Make all that the report shows"""
    input:
        PLAN.results,
        f"results/{DATASET}/report/pages/run.html",


# Snakemake itself, asked for a report of what the other rules have made.
rule write_report:
    """Let Snakemake write its own report"""
    input:
        PLAN.results,
        f"results/{DATASET}/report/pages/run.html",
        config="results/{dataset}/config.yaml",
    output:
        "results/{dataset}/report/snakemake.html",
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
        "../scripts/report/write_report.py"


# What a reader opens: answers first, then all that rules mark for the report.
rule assemble_report:
    """Write the report"""
    input:
        PLAN.results,
        f"results/{DATASET}/report/pages/run.html",
        "results/{dataset}/report/snakemake.html",
    output:
        "results/{dataset}/report.html",
    log:
        "results/{dataset}/logs/assemble_report.log",
    benchmark:
        "results/{dataset}/benchmarks/assemble_report.tsv"
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    params:
        entries=lambda wildcards: entries(
            workflow.rules,
            PLAN.folder,
            [*PLAN.results, f"{PLAN.folder}/report/pages/run.html"],
            lambda caption: workflow.sourcecache.open(caption).read(),
        ),
        config=config,
        data=DATA,
    script:
        "../scripts/report/assemble_report.py"
