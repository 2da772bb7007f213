from lacuna.simulation import parameters as simulated


rule simulate_screen:
    """Simulate a screen"""
    output:
        expand("results/{{dataset}}/acquire/simulated/{name}", name=simulated.ALL_FILES),
    log:
        "results/{dataset}/logs/simulate_screen.log",
    benchmark:
        "results/{dataset}/benchmarks/simulate_screen.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000),
    params:
        **INPUTS.screen,
        seed=SEED,
    script:
        "../scripts/acquire/simulate_screen.py"


rule simulate_transcriptome:
    """Simulate samples that two platforms measure"""
    output:
        expand(
            "results/{{dataset}}/acquire/{series}/{name}",
            series=simulated.TRANSLATION_SERIES,
            name=simulated.TRANSLATION_FILES.values(),
        ),
    log:
        "results/{dataset}/logs/simulate_transcriptome.log",
    benchmark:
        "results/{dataset}/benchmarks/simulate_transcriptome.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000),
    params:
        **INPUTS.screen,
        platform=config["acquire"]["simulator"]["platform"],
        unrelated=config["acquire"]["simulator"]["unrelated"],
        seed=SEED,
    script:
        "../scripts/acquire/simulate_transcriptome.py"


rule simulate_retrieval:
    """Simulate a screen of structures and profiles"""
    output:
        expand(
            "results/{{dataset}}/acquire/{series}/{name}",
            series=simulated.RETRIEVAL_SERIES,
            name=simulated.RETRIEVAL_FILES.values(),
        ),
    log:
        "results/{dataset}/logs/simulate_retrieval.log",
    benchmark:
        "results/{dataset}/benchmarks/simulate_retrieval.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000),
    params:
        drugs=config["acquire"]["simulator"]["drugs"],
        cells=config["acquire"]["simulator"]["cells"],
        mechanisms=config["acquire"]["simulator"]["mechanisms"],
        null=config["acquire"]["simulator"]["unrelated"],
        seed=SEED,
    script:
        "../scripts/acquire/simulate_retrieval.py"


rule simulate_single_cell:
    """Simulate bulk wells and single cells"""
    output:
        expand(
            "results/{{dataset}}/acquire/{series}/{name}",
            series=simulated.SINGLE_CELL_SERIES,
            name=simulated.SINGLE_CELL_FILES.values(),
        ),
    log:
        "results/{dataset}/logs/simulate_single_cell.log",
    benchmark:
        "results/{dataset}/benchmarks/simulate_single_cell.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000),
    params:
        drugs=config["acquire"]["simulator"]["drugs"],
        cells=config["acquire"]["simulator"]["cells"],
        mechanisms=config["acquire"]["simulator"]["mechanisms"],
        drugs_in_cells=config["acquire"]["simulator"]["drugs_in_cells"],
        cells_per_condition=config["acquire"]["simulator"]["cells_per_condition"],
        null=config["acquire"]["simulator"]["unrelated"],
        seed=SEED,
    script:
        "../scripts/acquire/simulate_single_cell.py"


rule check_tables:
    """Check the tables of {series}"""
    input:
        unpack(lambda wildcards: INPUTS.tables(DATASET, wildcards.series)),
        # Not read here: whatever cannot be had is to be missed before the matrix comes.
        others=list(INPUTS.annotations(DATASET).values()),
    output:
        "results/{dataset}/acquire/{series}/checked/tables.tsv",
    log:
        "results/{dataset}/logs/check_tables/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/check_tables/{series}.tsv"
    # Downloads, which are local, wait for it; no queue is to stand between them.
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(1000, per_mb=50),
    params:
        kinds=lambda wildcards: list(INPUTS.tables(DATASET, wildcards.series)),
    script:
        "../scripts/acquire/check_tables.py"


rule acquire_file:
    """Get {file} of {series}"""
    input:
        # Ancient: no change of a small table is to bring 49 GB again. What the table of sources
        # says of this file is looked at before every run.
        first=comes_first,
        sources=ancient(SOURCES),
    output:
        "results/{dataset}/acquire/{series}/{file}",
    log:
        "results/{dataset}/logs/acquire_file/{series}/{file}.log",
    benchmark:
        "results/{dataset}/benchmarks/acquire_file/{series}/{file}.tsv"
    wildcard_constraints:
        series=one_of(INPUTS.downloaded_folders),
        file="[^/]+",
    # The nodes of a cluster often have no network.
    localrule: True
    conda:
        "../../envs/lacuna.yaml"
    params:
        wanted=lambda wildcards: INPUTS.wanted(DATASET, wildcards.series, wildcards.file),
        mirrors=INPUTS.mirrors,
        recorded=RECORDED,
    script:
        "../scripts/acquire/acquire_file.py"
