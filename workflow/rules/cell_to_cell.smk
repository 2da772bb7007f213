rule divide_drugs:
    input:
        "results/{dataset}/tensor/large.h5",
    output:
        "results/{dataset}/cell_to_cell/division.tsv",
    log:
        "results/{dataset}/logs/divide_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/divide_drugs.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        cells=config["cell_to_cell"]["cells"],
        test_percent=config["cell_to_cell"]["test_percent"],
        seed=config["seed"],
    script:
        "../scripts/divide_drugs.py"


rule train_cell_states:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
    output:
        model="results/{dataset}/cell_to_cell/model.pt",
        losses="results/{dataset}/cell_to_cell/losses.tsv",
    log:
        "results/{dataset}/logs/train_cell_states.log",
    benchmark:
        "results/{dataset}/benchmarks/train_cell_states.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        options=config["method_options"].get("deepcellstate", {}),
        seed=config["seed"],
    script:
        "../scripts/train_cell_states.py"


rule vary_training:
    input:
        unpack(variation_files),
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
    output:
        "results/{dataset}/cell_to_cell/{analysis}/profiles.tsv",
    log:
        "results/{dataset}/logs/vary_training/{analysis}.log",
    benchmark:
        "results/{dataset}/benchmarks/vary_training/{analysis}.tsv"
    wildcard_constraints:
        analysis=one_of(VARIED),
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        methods=varied_methods,
        seed=config["seed"],
    script:
        "../scripts/vary_training.py"


rule gather_variations:
    input:
        expand("results/{{dataset}}/cell_to_cell/{analysis}/profiles.tsv", analysis=VARIATIONS),
    output:
        "results/{dataset}/cell_to_cell/variations.tsv",
    log:
        "results/{dataset}/logs/gather_variations.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_variations.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        analyses=VARIATIONS,
        seed=config["seed"],
    script:
        "../scripts/gather_variations.py"


rule map_states:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        model="results/{dataset}/cell_to_cell/model.pt",
    output:
        states="results/{dataset}/cell_to_cell/latent_states.tsv",
        correlation="results/{dataset}/cell_to_cell/latent_correlation.tsv",
        agreement="results/{dataset}/cell_to_cell/latent_agreement.tsv",
    log:
        "results/{dataset}/logs/map_states.log",
    benchmark:
        "results/{dataset}/benchmarks/map_states.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        device=device_of("deepcellstate"),
        seed=config["seed"],
    script:
        "../scripts/map_states.py"


rule rank_genes:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        model="results/{dataset}/cell_to_cell/model.pt",
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        ranks="results/{dataset}/cell_to_cell/important_genes.tsv",
        stability="results/{dataset}/cell_to_cell/gene_stability.tsv",
    log:
        "results/{dataset}/logs/rank_genes.log",
    benchmark:
        "results/{dataset}/benchmarks/rank_genes.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        device=device_of("deepcellstate"),
        seed=config["seed"],
    script:
        "../scripts/rank_genes.py"


rule maximise_factors:
    input:
        sets=gene_set_files,
        genes="results/{dataset}/tensor/genes.tsv",
        cells="results/{dataset}/tensor/cells.tsv",
        model="results/{dataset}/cell_to_cell/model.pt",
    output:
        factors="results/{dataset}/cell_to_cell/factors.tsv",
        left_out="results/{dataset}/cell_to_cell/factors_left_out.tsv",
    log:
        "results/{dataset}/logs/maximise_factors.log",
    benchmark:
        "results/{dataset}/benchmarks/maximise_factors.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        device=device_of("deepcellstate"),
        seed=config["seed"],
    script:
        "../scripts/maximise_factors.py"


rule transfer_states:
    input:
        unpack(external_files),
        tensor="results/{dataset}/tensor/large.h5",
        division="results/{dataset}/cell_to_cell/division.tsv",
        model="results/{dataset}/cell_to_cell/model.pt",
        drugs="results/{dataset}/tensor/drugs.tsv",
        genes="results/{dataset}/tensor/genes.tsv",
    output:
        scores="results/{dataset}/cell_to_cell/transfer.tsv",
        summary="results/{dataset}/cell_to_cell/transfer_summary.tsv",
    log:
        "results/{dataset}/logs/transfer_states.log",
    benchmark:
        "results/{dataset}/benchmarks/transfer_states.tsv"
    conda:
        "../../envs/lacuna.yaml"
    resources:
        gpu=gpus_of("deepcellstate"),
    params:
        device=device_of("deepcellstate"),
        seed=config["seed"],
    script:
        "../scripts/transfer_states.py"
