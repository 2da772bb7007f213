from lacuna.cell_to_cell import stage as cell_to_cell

TRAININGS = cell_to_cell.asked(config)


rule divide_drugs:
    """Divide drugs into training and test"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
    output:
        "results/{dataset}/cell_to_cell/division.tsv",
    log:
        "results/{dataset}/logs/divide_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/divide_drugs.tsv"
    group:
        "tensor"
    conda:
        "../../envs/lacuna.yaml"
    params:
        cells=config["cell_to_cell"]["cells"],
        test_percent=config["cell_to_cell"]["test_percent"],
        seed=SEED,
    script:
        "../scripts/cell_to_cell/divide_drugs.py"


rule train_cell_states:
    """Train DeepCellState on all training drugs"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        scores=f"results/{{dataset}}/cell_to_cell/trainings/{cell_to_cell.FULL}/scores_1.tsv",
        model="results/{dataset}/cell_to_cell/model.h5",
        losses="results/{dataset}/cell_to_cell/losses.tsv",
    log:
        "results/{dataset}/logs/train_cell_states.log",
    benchmark:
        "results/{dataset}/benchmarks/train_cell_states.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=network_memory,
        runtime=grows(120),
        gpu=cell_to_cell.gpus(config),
    params:
        asked=TRAININGS[cell_to_cell.FULL],
        seed=SEED,
        simulated=INPUTS.simulated,
    script:
        "../scripts/cell_to_cell/train_cell_states.py"


rule vary_training:
    """Train from cell to cell: {training}, repeat {repeat}"""
    input:
        unpack(
            lambda wildcards: in_results(
                {"labels": cell_to_cell.labels(config, TRAININGS[wildcards.training])}
            )
        ),
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        baseline="results/{dataset}/tensor/baseline.tsv",
    output:
        scores="results/{dataset}/cell_to_cell/trainings/{training}/scores_{repeat}.tsv",
    log:
        "results/{dataset}/logs/vary_training/{training}_{repeat}.log",
    benchmark:
        "results/{dataset}/benchmarks/vary_training/{training}_{repeat}.tsv"
    wildcard_constraints:
        training=one_of(TRAININGS),
        repeat=one_of(map(str, cell_to_cell.repeats(config))),
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=network_memory,
        runtime=grows(120),
        gpu=cell_to_cell.gpus(config),
    params:
        asked=lambda wildcards: TRAININGS[wildcards.training],
        seed=SEED,
    script:
        "../scripts/cell_to_cell/vary_training.py"


ruleorder: train_cell_states > vary_training


rule gather_variations:
    """Gather what the prediction depends on"""
    input:
        unpack(lambda wildcards: in_results(cell_to_cell.scores(config))),
    output:
        "results/{dataset}/cell_to_cell/variations.tsv",
    log:
        "results/{dataset}/logs/gather_variations.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_variations.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        settings=cell_to_cell.told(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/gather_variations.py"


rule map_states:
    """Map the latent states"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        model="results/{dataset}/cell_to_cell/model.h5",
    output:
        states="results/{dataset}/cell_to_cell/latent_states.tsv",
        correlation="results/{dataset}/cell_to_cell/latent_correlation.tsv",
        agreement="results/{dataset}/cell_to_cell/latent_agreement.tsv",
    log:
        "results/{dataset}/logs/map_states.log",
    benchmark:
        "results/{dataset}/benchmarks/map_states.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=cell_to_cell.gpus(config),
    params:
        device=cell_to_cell.device(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/map_states.py"


rule rank_genes:
    """Rank the genes that latent states rest on"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        model="results/{dataset}/cell_to_cell/model.h5",
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        ranks="results/{dataset}/cell_to_cell/important_genes.tsv",
        stability="results/{dataset}/cell_to_cell/gene_stability.tsv",
    log:
        "results/{dataset}/logs/rank_genes.log",
    benchmark:
        "results/{dataset}/benchmarks/rank_genes.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=cell_to_cell.gpus(config),
    params:
        device=cell_to_cell.device(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/rank_genes.py"


rule enrich_important_genes:
    """Find gene sets of the genes that latent states rest on"""
    input:
        ranks="results/{dataset}/cell_to_cell/important_genes.tsv",
        sets=INPUTS.gene_sets(DATASET),
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        sets="results/{dataset}/cell_to_cell/important_gene_sets.tsv",
        control="results/{dataset}/cell_to_cell/important_gene_sets_control.tsv",
    log:
        "results/{dataset}/logs/enrich_important_genes.log",
    benchmark:
        "results/{dataset}/benchmarks/enrich_important_genes.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    params:
        seed=SEED,
    script:
        "../scripts/cell_to_cell/enrich_important_genes.py"


rule maximise_factors:
    """Find transcription factors of latent states"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        sets=INPUTS.gene_sets(DATASET),
        genes="results/{dataset}/tensor/genes.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        model="results/{dataset}/cell_to_cell/model.h5",
    output:
        factors="results/{dataset}/cell_to_cell/factors.tsv",
        left_out="results/{dataset}/cell_to_cell/factors_left_out.tsv",
    log:
        "results/{dataset}/logs/maximise_factors.log",
    benchmark:
        "results/{dataset}/benchmarks/maximise_factors.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=cell_to_cell.gpus(config),
    params:
        device=cell_to_cell.device(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/maximise_factors.py"


rule compare_bound_targets:
    """Compare targets bound in a cell with those bound elsewhere"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        bound=INPUTS.chip_atlas(DATASET),
        genes="results/{dataset}/tensor/genes.tsv",
        model="results/{dataset}/cell_to_cell/model.h5",
    output:
        factors="results/{dataset}/cell_to_cell/bound_factors.tsv",
        left_out="results/{dataset}/cell_to_cell/bound_factors_left_out.tsv",
        summary="results/{dataset}/cell_to_cell/bound_factors_summary.tsv",
    log:
        "results/{dataset}/logs/compare_bound_targets.log",
    benchmark:
        "results/{dataset}/benchmarks/compare_bound_targets.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=cell_to_cell.gpus(config),
    params:
        device=cell_to_cell.device(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/compare_bound_targets.py"


rule prepare_external:
    """Bring profiles of another platform to the tensor's genes"""
    input:
        unpack(lambda wildcards: INPUTS.external(DATASET)),
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        profiles="results/{dataset}/cell_to_cell/external.h5",
        genes="results/{dataset}/cell_to_cell/external_genes.tsv",
        drugs="results/{dataset}/cell_to_cell/external_drugs.tsv",
        division="results/{dataset}/cell_to_cell/external_division.tsv",
    log:
        "results/{dataset}/logs/prepare_external.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_external.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=grows(2000),
    params:
        cells=config["cell_to_cell"]["transfer"]["cells"],
    script:
        "../scripts/cell_to_cell/prepare_external.py"


rule train_external_model:
    """Train DeepCellState for another platform: {network}"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/external_division.tsv",
        drugs="results/{dataset}/tensor/drugs.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        model="results/{dataset}/cell_to_cell/{network}.h5",
        losses="results/{dataset}/cell_to_cell/{network}_losses.tsv",
    log:
        "results/{dataset}/logs/train_external_model/{network}.log",
    benchmark:
        "results/{dataset}/benchmarks/train_external_model/{network}.tsv"
    wildcard_constraints:
        network=one_of(cell_to_cell.external_networks(config)),
    conda:
        "../../envs/lacuna.yaml"
    resources:
        mem_mb=network_memory,
        runtime=grows(120),
        gpu=cell_to_cell.gpus(config),
    params:
        options=lambda wildcards: cell_to_cell.external_networks(config)[wildcards.network][
            "options"
        ],
        repeat=lambda wildcards: cell_to_cell.external_networks(config)[wildcards.network]["repeat"],
        simulated=INPUTS.simulated,
        seed=SEED,
    script:
        "../scripts/cell_to_cell/train_external_model.py"


rule transfer_states:
    """Transfer latent states to another platform"""
    input:
        tensor="results/{dataset}/tensor/large.h5",
        profiles="results/{dataset}/cell_to_cell/external.h5",
        genes="results/{dataset}/cell_to_cell/external_genes.tsv",
        drugs="results/{dataset}/cell_to_cell/external_drugs.tsv",
        division="results/{dataset}/cell_to_cell/external_division.tsv",
        models=[
            f"results/{{dataset}}/{file}"
            for file in cell_to_cell.external_models(config, cell_to_cell.EXTERNAL)
        ],
        unregularised=[
            f"results/{{dataset}}/{file}"
            for file in cell_to_cell.external_models(config, cell_to_cell.UNREGULARISED)
        ],
    output:
        scores="results/{dataset}/cell_to_cell/transfer.tsv",
        summary="results/{dataset}/cell_to_cell/transfer_summary.tsv",
    log:
        "results/{dataset}/logs/transfer_states.log",
    benchmark:
        "results/{dataset}/benchmarks/transfer_states.tsv"
    group:
        "states"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=cell_to_cell.gpus(config),
    params:
        tuning={
            name: value
            for name, value in config["cell_to_cell"]["transfer"].items()
            if name != "cells"
        },
        device=cell_to_cell.device(config),
        seed=SEED,
    script:
        "../scripts/cell_to_cell/transfer_states.py"


rule tabulate_cell_to_cell:
    """Tabulate the prediction from cell to cell"""
    input:
        division="results/{dataset}/cell_to_cell/division.tsv",
        variations="results/{dataset}/cell_to_cell/variations.tsv",
    output:
        report(
            "results/{dataset}/cell_to_cell/pages/cell_to_cell.html",
            category="5. Cell to cell",
            labels={"figure": "What the prediction depends on, in numbers"},
            caption="../report/cell_to_cell/cell_to_cell.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_cell_to_cell.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_cell_to_cell.tsv"
    group:
        "summary"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        analyses=cell_to_cell.varied(config),
        repeats=config["cell_to_cell"]["repeats"],
    script:
        "../scripts/cell_to_cell/tabulate_cell_to_cell.py"
