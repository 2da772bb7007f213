from lacuna.single_cell import stage as single_cell

CELLS = config["single_cell"]
OF_TARGET = in_results(single_cell.prepared("{target}"))
OF_FOLD = OF_TARGET | {"fold": in_results(single_cell.fold_file("{target}", "{fold}"))}
PRETRAINED = "results/{dataset}/single_cell/{target}/pretrained/{network}/{held_out}_{seed}"
TRAINED = "results/{dataset}/single_cell/{target}/trained/{network}/{start}/{fold}_{seed}"
PREDICTED = "results/{dataset}/single_cell/{target}/predicted/{network}/{start}/{fold}_{seed}"


wildcard_constraints:
    target=one_of(single_cell.targets(config)),
    network=one_of(single_cell.models(config)),
    start="scratch|strict|overlap",
    held_out=r"overlap|strict_[a-z]+_\d+",
    fold=r"([a-z]+_)?\d+",
    seed=r"\d+",


rule prepare_bulk:
    """Prepare the bulk wells"""
    input:
        single_cell.screen_files(config, DATASET),
    output:
        **in_results(single_cell.BULK),
    log:
        "results/{dataset}/logs/prepare_bulk.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_bulk.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(60, per_mb=1 / 100),
    params:
        screens=single_cell.screens(config, DATASET),
        centred=CELLS["bulk"] == "centred",
    script:
        "../scripts/single_cell/prepare_bulk.py"


rule prepare_cells:
    """Prepare the single cells of {target}"""
    input:
        unpack(lambda wildcards: single_cell.cells_files(config, DATASET, wildcards.target)),
    output:
        **OF_TARGET,
        account="results/{dataset}/single_cell/{target}/account.tsv",
        left_out="results/{dataset}/single_cell/{target}/left_out.tsv",
    log:
        "results/{dataset}/logs/prepare_cells/{target}.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_cells/{target}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=12),
        runtime=grows(60, per_mb=1 / 20),
    params:
        described=lambda wildcards: single_cell.described(config, wildcards.target),
    script:
        "../scripts/single_cell/prepare_cells.py"


rule split_cells:
    """Split the single cells of {target}, fold {fold}"""
    input:
        **OF_TARGET,
        **in_results(single_cell.bulk(config)),
    output:
        OF_FOLD["fold"],
    log:
        "results/{dataset}/logs/split_cells/{target}_{fold}.log",
    benchmark:
        "results/{dataset}/benchmarks/split_cells/{target}_{fold}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=12),
        runtime=grows(60, per_mb=1 / 20),
    params:
        split=lambda wildcards: single_cell.split(config, wildcards.target),
        genes=lambda wildcards: single_cell.genes(config, wildcards.target),
        degs=single_cell.degs(config),
        validation=CELLS["validation"],
        seed=SEED,
    script:
        "../scripts/single_cell/split_cells.py"


rule encode_drugs:
    """Encode drugs: {encoder}"""
    input:
        drugs=in_results(single_cell.drug_tables(config)),
        vectors=lambda wildcards: single_cell.vectors_file(config, DATASET, wildcards.encoder),
    output:
        "results/{dataset}/single_cell/encoded/{encoder}.h5",
    log:
        "results/{dataset}/logs/encode_drugs/{encoder}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_drugs/{encoder}.tsv"
    wildcard_constraints:
        encoder=one_of(single_cell.encoded(config)),
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(2000, per_mb=20),
        runtime=grows(30),
    params:
        options=lambda wildcards: single_cell.options(config, wildcards.encoder),
        cache="resources/encoded_structures.h5",
    script:
        "../scripts/single_cell/encode_drugs.py"


rule pretrain_bulk:
    """Pretrain {network} on bulk wells for {target} ({held_out}), seed {seed}"""
    input:
        unpack(lambda wildcards: in_results(single_cell.vectors_of(config, wildcards.network))),
        **OF_TARGET,
        **in_results(single_cell.bulk(config)),
        fold=lambda wildcards: in_results(
            single_cell.fold_not_seen(config, wildcards.target, wildcards.held_out)
        ),
    output:
        model=f"{PRETRAINED}.h5",
        losses=f"{PRETRAINED}_losses.tsv",
    log:
        "results/{dataset}/logs/pretrain_bulk/{target}_{network}_{held_out}_{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/pretrain_bulk/{target}_{network}_{held_out}_{seed}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(60, per_mb=1),
        gpu=lambda wildcards: single_cell.gpus(config, wildcards.network),
    params:
        encoder=lambda wildcards: single_cell.encoder(config, wildcards.network),
        encoder_options=lambda wildcards: single_cell.encoder_options(config, wildcards.network),
        options=lambda wildcards: single_cell.pretraining_options(config, wildcards.network),
        validation=CELLS["validation"],
        seed=SEED,
    script:
        "../scripts/single_cell/pretrain_bulk.py"


rule train_cells:
    """Train {network} on single cells of {target}: {start}, fold {fold}, seed {seed}"""
    input:
        unpack(lambda wildcards: in_results(single_cell.vectors_of(config, wildcards.network))),
        unpack(lambda wildcards: in_results(single_cell.start_of(**single_cell.run_of(wildcards)))),
        **OF_FOLD,
    output:
        model=f"{TRAINED}.h5",
        losses=f"{TRAINED}_losses.tsv",
        carried=f"{TRAINED}_carried.tsv",
        trials=f"{TRAINED}_trials.tsv",
    log:
        "results/{dataset}/logs/train_cells/{target}_{network}_{start}_{fold}_{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/train_cells/{target}_{network}_{start}_{fold}_{seed}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(60, per_mb=1),
        gpu=lambda wildcards: single_cell.gpus(config, wildcards.network),
    params:
        encoder=lambda wildcards: single_cell.encoder(config, wildcards.network),
        encoder_options=lambda wildcards: single_cell.encoder_options(config, wildcards.network),
        options=lambda wildcards: single_cell.training_options(config, wildcards.network),
        trials=lambda wildcards: single_cell.trials(config, wildcards.network),
        seed=SEED,
    script:
        "../scripts/single_cell/train_cells.py"


rule predict_unseen:
    """{network} predicts unseen drugs of {target}: {start}, fold {fold}, seed {seed}"""
    input:
        unpack(lambda wildcards: in_results(single_cell.vectors_of(config, wildcards.network))),
        **OF_FOLD,
        model=f"{TRAINED}.h5",
    output:
        predicted=f"{PREDICTED}.h5",
        distances=f"{PREDICTED}_distances.tsv",
        disentangled=f"{PREDICTED}_disentangled.tsv",
        latent=f"{PREDICTED}_latent.tsv",
    log:
        "results/{dataset}/logs/predict_unseen/{target}_{network}_{start}_{fold}_{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/predict_unseen/{target}_{network}_{start}_{fold}_{seed}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(60),
        gpu=lambda wildcards: single_cell.gpus(config, wildcards.network),
    params:
        encoder=lambda wildcards: single_cell.encoder(config, wildcards.network),
        encoder_options=lambda wildcards: single_cell.encoder_options(config, wildcards.network),
        seed=SEED,
    script:
        "../scripts/single_cell/predict_unseen.py"


rule judge_unseen:
    """Judge predictions of unseen drugs of {target}, fold {fold}"""
    input:
        drugs=OF_FOLD["drugs"],
        fold=OF_FOLD["fold"],
        encoded=in_results(list(single_cell.encoded(config).values())),
        predicted=lambda wildcards: in_results(
            single_cell.predicted(config, wildcards.target, wildcards.fold, ".h5")
        ),
        distances=lambda wildcards: in_results(
            single_cell.predicted(config, wildcards.target, wildcards.fold, "_distances.tsv")
        ),
    output:
        scores="results/{dataset}/single_cell/{target}/scores/{fold}.tsv.gz",
        examples="results/{dataset}/single_cell/{target}/examples/{fold}.tsv",
    log:
        "results/{dataset}/logs/judge_unseen/{target}_{fold}.log",
    benchmark:
        "results/{dataset}/benchmarks/judge_unseen/{target}_{fold}.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(3000, per_mb=12),
        runtime=grows(60),
    params:
        runs=lambda wildcards: single_cell.runs(config, wildcards.target, wildcards.fold),
        encoders=list(single_cell.encoded(config)),
        methods=lambda wildcards: single_cell.methods(config, wildcards.target),
        options=CELLS["options"],
        seed=SEED,
    script:
        "../scripts/single_cell/judge_unseen.py"


rule score_cells:
    """Score the predictions of single cells"""
    input:
        scores=in_results(single_cell.of_folds(config, "scores", ".tsv.gz")),
        folds=in_results(single_cell.of_folds(config, "folds", ".h5")),
        drugs=in_results(
            [single_cell.prepared(target)["drugs"] for target in single_cell.targets(config)]
        ),
        disentangled=in_results(single_cell.all_predicted(config, "_disentangled.tsv")),
        losses=in_results(single_cell.losses(config)),
    output:
        metrics="results/{dataset}/single_cell/metrics.tsv",
        differences="results/{dataset}/single_cell/differences.tsv",
        disentanglement="results/{dataset}/single_cell/disentanglement.tsv",
        losses="results/{dataset}/single_cell/losses.tsv",
        moved="results/{dataset}/single_cell/moved.tsv",
    log:
        "results/{dataset}/logs/score_cells.log",
    benchmark:
        "results/{dataset}/benchmarks/score_cells.tsv"
    conda:
        "../../envs/single_cell.yaml"
    resources:
        mem_mb=grows(2000, per_mb=40),
        runtime=grows(30),
    params:
        targets={
            target: single_cell.folds(config, target) for target in single_cell.targets(config)
        },
        runs=single_cell.all_runs(config),
        encoders={model: single_cell.encoder(config, model) for model in single_cell.models(config)},
        seed=SEED,
    script:
        "../scripts/single_cell/score_cells.py"


rule map_drugs:
    """Map the drugs as the network sees them"""
    input:
        in_results(single_cell.first_predicted(config, "_latent.tsv")),
    output:
        "results/{dataset}/single_cell/map.tsv",
    log:
        "results/{dataset}/logs/map_drugs.log",
    benchmark:
        "results/{dataset}/benchmarks/map_drugs.tsv"
    conda:
        "../../envs/single_cell.yaml"
    params:
        model=single_cell.first_run(config).get("model"),
        seed=SEED,
    script:
        "../scripts/single_cell/map_drugs.py"


rule assemble_predictor:
    """Assemble the model of single cells"""
    input:
        unpack(lambda wildcards: in_results(single_cell.first_files(config))),
        unpack(lambda wildcards: single_cell.gene_table(config, DATASET)),
        scores=in_results(single_cell.of_folds(config, "scores", ".tsv.gz")),
    output:
        "results/{dataset}/single_cell/model.h5",
    log:
        "results/{dataset}/logs/assemble_predictor.log",
    benchmark:
        "results/{dataset}/benchmarks/assemble_predictor.tsv"
    conda:
        "../../envs/single_cell.yaml"
    params:
        run=single_cell.first_run(config),
        data=DATA,
    script:
        "../scripts/single_cell/assemble_predictor.py"


rule tabulate_cells:
    """Tabulate the predictions of single cells"""
    input:
        metrics="results/{dataset}/single_cell/metrics.tsv",
        differences="results/{dataset}/single_cell/differences.tsv",
        disentanglement="results/{dataset}/single_cell/disentanglement.tsv",
        moved="results/{dataset}/single_cell/moved.tsv",
        accounts=in_results(list(single_cell.of_preparation(config, "account").values())),
        left_out=in_results(list(single_cell.of_preparation(config, "left_out").values())),
        published=workflow.source_path("../../resources/published.tsv"),
    output:
        report(
            "results/{dataset}/single_cell/pages/single_cell.html",
            category="8. Single cells",
            labels={"figure": "Single cells in numbers"},
            caption="../report/single_cell/single_cell.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_cells.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_cells.tsv"
    group:
        "summary"
    conda:
        "../../envs/single_cell.yaml"
    params:
        data=DATA,
        names=list(single_cell.of_preparation(config, "account")),
    script:
        "../scripts/single_cell/tabulate_cells.py"
