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
