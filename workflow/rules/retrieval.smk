from lacuna.retrieval import stage as retrieval

RETRIEVED = config["retrieval"]


rule cut_wells:
    """Cut the screen to wells for the retrieval"""
    input:
        retrieval.screen_files(config, DATASET),
    output:
        **in_results(retrieval.cut(config)),
        account="results/{dataset}/retrieval/cut.tsv",
        left_out="results/{dataset}/retrieval/left_out.tsv",
    log:
        "results/{dataset}/logs/cut_wells.log",
    benchmark:
        "results/{dataset}/benchmarks/cut_wells.tsv"
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60, per_mb=1 / 100),
    params:
        screens=retrieval.screens(config, DATASET),
        lines=RETRIEVED["lines"],
        time=RETRIEVED["time"],
        dose=RETRIEVED["dose"],
        in_all_lines=RETRIEVED["in_all_lines"],
        controls=RETRIEVED["controls"],
        split=RETRIEVED["split"],
        seed=SEED,
    script:
        "../scripts/retrieval/cut_wells.py"


rule encode_molecules:
    """Encode molecules: {encoder}"""
    input:
        "results/{dataset}/retrieval/molecules.tsv",
    output:
        "results/{dataset}/retrieval/encoded/{encoder}.h5",
    log:
        "results/{dataset}/logs/encode_molecules/{encoder}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_molecules/{encoder}.tsv"
    wildcard_constraints:
        encoder=one_of(RETRIEVED["encoders"]),
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        options=lambda wildcards: retrieval.options(config, wildcards.encoder),
        cache="resources/encoded_structures.h5",
    script:
        "../scripts/retrieval/encode_molecules.py"


rule align:
    """Align structures and profiles: {alignment}, fold {fold}"""
    input:
        **in_results(retrieval.cut(config)),
        encoded=in_results(list(retrieval.encoded(config).values())),
    output:
        model="results/{dataset}/retrieval/aligned/{alignment}/{fold}.h5",
        losses="results/{dataset}/retrieval/aligned/{alignment}/{fold}_losses.tsv",
        trials="results/{dataset}/retrieval/aligned/{alignment}/{fold}_trials.tsv",
    log:
        "results/{dataset}/logs/align/{alignment}_{fold}.log",
    benchmark:
        "results/{dataset}/benchmarks/align/{alignment}_{fold}.tsv"
    wildcard_constraints:
        alignment=one_of(retrieval.alignments(config)),
        fold=r"\d+",
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(3000, per_mb=6),
        runtime=grows(60, per_mb=1),
        gpu=lambda wildcards: retrieval.gpus(config, wildcards.alignment),
    params:
        options=lambda wildcards: retrieval.alignments(config)[wildcards.alignment],
        trials=lambda wildcards: retrieval.trials(config, wildcards.alignment),
        lines=RETRIEVED["lines"],
        blocks=RETRIEVED["features"],
        encoders=RETRIEVED["encoders"],
        of_encoders=RETRIEVED["options"],
        seed=SEED,
    script:
        "../scripts/retrieval/align.py"


rule rank_molecules:
    """Rank molecules for held-out profiles, fold {fold}"""
    input:
        **in_results(retrieval.cut(config)),
        encoded=in_results(list(retrieval.encoded(config).values())),
        aligned=lambda wildcards: in_results(
            list(retrieval.aligned(config, wildcards.fold).values())
        ),
    output:
        ranks="results/{dataset}/retrieval/ranks/{fold}.tsv.gz",
        neighbours="results/{dataset}/retrieval/neighbours/{fold}.tsv",
        examples="results/{dataset}/retrieval/examples/{fold}.tsv",
        fingerprints="results/{dataset}/retrieval/fingerprints/{fold}.tsv",
    log:
        "results/{dataset}/logs/rank_molecules/{fold}.log",
    benchmark:
        "results/{dataset}/benchmarks/rank_molecules/{fold}.tsv"
    wildcard_constraints:
        fold=r"\d+",
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(3000, per_mb=6),
        runtime=grows(60, per_mb=1 / 2),
    params:
        methods=RETRIEVED["methods"],
        encoders=RETRIEVED["encoders"],
        alignments=list(retrieval.alignments(config)),
        options=RETRIEVED["options"],
        lines=RETRIEVED["lines"],
        blocks=RETRIEVED["features"],
        shown=RETRIEVED["examples"],
        seed=SEED,
    script:
        "../scripts/retrieval/rank_molecules.py"


rule score_retrieval:
    """Score the retrieval"""
    input:
        ranks=in_results(retrieval.of_folds(config, "ranks", "tsv.gz")),
        neighbours=in_results(retrieval.of_folds(config, "neighbours", "tsv")),
    output:
        metrics="results/{dataset}/retrieval/metrics.tsv",
        differences="results/{dataset}/retrieval/differences.tsv",
        curves="results/{dataset}/retrieval/curves.tsv",
        neighbours="results/{dataset}/retrieval/neighbours.tsv",
        regressions="results/{dataset}/retrieval/regressions.tsv",
    log:
        "results/{dataset}/logs/score_retrieval.log",
    benchmark:
        "results/{dataset}/benchmarks/score_retrieval.tsv"
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(2000, per_mb=20),
        runtime=grows(30),
    params:
        seed=SEED,
    script:
        "../scripts/retrieval/score_retrieval.py"


rule project_embeddings:
    """Map structures and profiles into the plane"""
    input:
        **in_results(retrieval.cut(config)),
        encoded=in_results(list(retrieval.encoded(config).values())),
        aligned=in_results(retrieval.first_aligned(config, 0)),
        annotations=list(retrieval.annotations(config, DATASET).values()),
    output:
        molecules="results/{dataset}/retrieval/map_molecules.tsv",
        profiles="results/{dataset}/retrieval/map_profiles.tsv",
    log:
        "results/{dataset}/logs/project_embeddings.log",
    benchmark:
        "results/{dataset}/benchmarks/project_embeddings.tsv"
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(60),
    params:
        encoders=RETRIEVED["encoders"],
        annotations=retrieval.annotations(config, DATASET),
        alignments=retrieval.first_alignment(config),
        lines=RETRIEVED["lines"],
        blocks=RETRIEVED["features"],
        seed=SEED,
    script:
        "../scripts/retrieval/project_embeddings.py"


rule judge_oracles:
    """Judge what perfect retrievals would score"""
    input:
        **in_results(retrieval.cut(config)),
    output:
        "results/{dataset}/retrieval/oracles.tsv",
    log:
        "results/{dataset}/logs/judge_oracles.log",
    benchmark:
        "results/{dataset}/benchmarks/judge_oracles.tsv"
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(2000, per_mb=3),
    params:
        lines=RETRIEVED["lines"],
        seed=SEED,
    script:
        "../scripts/retrieval/judge_oracles.py"


rule assemble_retriever:
    """Assemble the model that retrieves"""
    input:
        **in_results(retrieval.cut(config)),
        encoded=in_results(list(retrieval.encoded(config).values())),
        aligned=in_results(retrieval.first_aligned(config, 0)),
        ranks="results/{dataset}/retrieval/ranks/0.tsv.gz",
    output:
        "results/{dataset}/retrieval/model.h5",
    log:
        "results/{dataset}/logs/assemble_retriever.log",
    benchmark:
        "results/{dataset}/benchmarks/assemble_retriever.tsv"
    conda:
        "../../envs/retrieval.yaml"
    resources:
        mem_mb=grows(2000, per_mb=3),
    params:
        encoders=RETRIEVED["encoders"],
        options=RETRIEVED["options"],
        lines=RETRIEVED["lines"],
        blocks=RETRIEVED["features"],
    script:
        "../scripts/retrieval/assemble_retriever.py"


rule tabulate_retrieval:
    """Tabulate the retrieval"""
    input:
        metrics="results/{dataset}/retrieval/metrics.tsv",
        differences="results/{dataset}/retrieval/differences.tsv",
        oracles="results/{dataset}/retrieval/oracles.tsv",
        account="results/{dataset}/retrieval/cut.tsv",
        left_out="results/{dataset}/retrieval/left_out.tsv",
        regressions="results/{dataset}/retrieval/regressions.tsv",
    output:
        report(
            "results/{dataset}/retrieval/pages/retrieval.html",
            category="7. Retrieval",
            labels={"figure": "Retrieval in numbers"},
            caption="../report/retrieval/retrieval.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_retrieval.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_retrieval.tsv"
    group:
        "summary"
    conda:
        "../../envs/retrieval.yaml"
    params:
        data=DATA,
        lines=RETRIEVED["lines"],
    script:
        "../scripts/retrieval/tabulate_retrieval.py"


rule show_examples:
    """Show queries and the structures that they find"""
    input:
        examples=in_results(retrieval.of_folds(config, "examples", "tsv")),
        fingerprints=in_results(retrieval.of_folds(config, "fingerprints", "tsv")),
    output:
        report(
            "results/{dataset}/retrieval/pages/examples.html",
            category="7. Retrieval",
            labels={"figure": "Queries and the structures that they find"},
            caption="../report/retrieval/examples.rst",
        ),
    log:
        "results/{dataset}/logs/show_examples.log",
    benchmark:
        "results/{dataset}/benchmarks/show_examples.tsv"
    group:
        "summary"
    conda:
        "../../envs/retrieval.yaml"
    params:
        data=DATA,
    script:
        "../scripts/retrieval/show_examples.py"
