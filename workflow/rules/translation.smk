from lacuna.translation import stage as translation

TRANSLATED = config["translation"]


rule unpack_pairs:
    """Unpack the matrix of paired samples"""
    input:
        matrix=lambda wildcards: INPUTS.pairs(DATASET)["level3"],
    output:
        temp("results/{dataset}/translation/pairs.gctx"),
    log:
        "results/{dataset}/logs/unpack_pairs.log",
    benchmark:
        "results/{dataset}/benchmarks/unpack_pairs.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(1000),
    script:
        "../scripts/signatures/unpack_matrix.py"


rule prepare_translation:
    """Prepare the samples of both platforms"""
    input:
        unpack(lambda wildcards: translation.inputs(config, DATASET)),
    output:
        genes="results/{dataset}/translation/genes.tsv",
        samples="results/{dataset}/translation/samples.tsv",
        rnaseq="results/{dataset}/translation/rnaseq.h5ad",
        l1000="results/{dataset}/translation/l1000.h5ad",
        pairs="results/{dataset}/translation/pairs.h5ad",
    log:
        "results/{dataset}/logs/prepare_translation.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_translation.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(60, per_mb=1 / 100),
    params:
        **translation.preparation(config, DATASET),
        seed=SEED,
    script:
        "../scripts/translation/prepare_translation.py"


rule train_landmarks:
    """Train step 1, landmark genes: {step}"""
    input:
        **in_results(translation.prepared(config)),
        matrix=translation.pair_matrix(config, DATASET),
        gene_info=translation.pair_genes(config, DATASET),
    output:
        step="results/{dataset}/translation/steps/landmarks/{step}.h5",
        losses="results/{dataset}/translation/steps/landmarks/{step}_losses.tsv",
    log:
        "results/{dataset}/logs/train_landmarks/{step}.log",
    benchmark:
        "results/{dataset}/benchmarks/train_landmarks/{step}.tsv"
    wildcard_constraints:
        step=one_of(TRANSLATED["landmarks"]),
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(3000, per_mb=3),
        runtime=grows(30, per_mb=1 / 2),
        gpu=lambda wildcards: translation.gpus(config, wildcards.step),
    params:
        options=lambda wildcards: translation.options(config, wildcards.step),
        seed=SEED,
    script:
        "../scripts/translation/train_landmarks.py"


rule train_genome:
    """Train step 2, all genes: {step}"""
    input:
        **in_results(translation.prepared(config)),
    output:
        step="results/{dataset}/translation/steps/genome/{step}.h5",
        losses="results/{dataset}/translation/steps/genome/{step}_losses.tsv",
        left_out="results/{dataset}/translation/steps/genome/{step}_left_out.tsv",
    log:
        "results/{dataset}/logs/train_genome/{step}.log",
    benchmark:
        "results/{dataset}/benchmarks/train_genome/{step}.tsv"
    wildcard_constraints:
        step=one_of(TRANSLATED["genome"]),
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=4),
        runtime=grows(60, per_mb=1),
        gpu=lambda wildcards: translation.gpus(config, wildcards.step),
    params:
        options=lambda wildcards: translation.options(config, wildcards.step),
        seed=SEED,
    script:
        "../scripts/translation/train_genome.py"


rule train_end_to_end:
    """Train both steps as one: {step}"""
    input:
        **in_results(translation.prepared(config)),
    output:
        step="results/{dataset}/translation/steps/end_to_end/{step}.h5",
        left_out="results/{dataset}/translation/steps/end_to_end/{step}_left_out.tsv",
    log:
        "results/{dataset}/logs/train_end_to_end/{step}.log",
    benchmark:
        "results/{dataset}/benchmarks/train_end_to_end/{step}.tsv"
    wildcard_constraints:
        step=one_of(TRANSLATED["end_to_end"]),
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=4),
        runtime=grows(60, per_mb=1),
    params:
        options=lambda wildcards: translation.options(config, wildcards.step),
        seed=SEED,
    script:
        "../scripts/translation/train_end_to_end.py"


rule gather_left_out:
    """Gather what the steps left out"""
    input:
        in_results(translation.left_out_files(config)),
    output:
        "results/{dataset}/translation/left_out.tsv",
    log:
        "results/{dataset}/logs/gather_left_out.log",
    benchmark:
        "results/{dataset}/benchmarks/gather_left_out.tsv"
    group:
        "summary"
    conda:
        "../../envs/translation.yaml"
    script:
        "../scripts/translation/gather_left_out.py"


rule judge_translation:
    """Judge every chain of steps"""
    input:
        **in_results(translation.prepared(config)),
        matrix=translation.pair_matrix(config, DATASET),
        gene_info=translation.pair_genes(config, DATASET),
        steps=in_results(translation.step_files(config)),
    output:
        metrics="results/{dataset}/translation/metrics.tsv",
        differences="results/{dataset}/translation/differences.tsv",
        by_sample="results/{dataset}/translation/by_sample.tsv",
        by_gene="results/{dataset}/translation/by_gene.tsv",
        components="results/{dataset}/translation/components.tsv",
        samples_shown="results/{dataset}/translation/samples_shown.tsv",
    log:
        "results/{dataset}/logs/judge_translation.log",
    benchmark:
        "results/{dataset}/benchmarks/judge_translation.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=4),
        runtime=grows(60),
    params:
        chains=translation.chain_files(config, DATASET),
        shown=TRANSLATED["translated"],
        options=TRANSLATED["options"],
        logarithm=TRANSLATED["logarithm"],
        seed=SEED,
    script:
        "../scripts/translation/judge_translation.py"


rule judge_errors:
    """Judge the stated errors of the translation"""
    input:
        **in_results(translation.prepared(config)),
        matrix=translation.pair_matrix(config, DATASET),
        gene_info=translation.pair_genes(config, DATASET),
        steps=in_results(translation.model_steps(config)),
    output:
        coverage="results/{dataset}/translation/coverage.tsv",
        factors="results/{dataset}/translation/error_factors.tsv",
    log:
        "results/{dataset}/logs/judge_errors.log",
    benchmark:
        "results/{dataset}/benchmarks/judge_errors.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=4),
        runtime=grows(60),
    params:
        names=TRANSLATED["translated"],
        options=TRANSLATED["options"],
        logarithm=TRANSLATED["logarithm"],
        seed=SEED,
    script:
        "../scripts/translation/judge_errors.py"


rule assemble_model:
    """Assemble the model that translates"""
    input:
        **in_results(translation.prepared(config)),
        steps=in_results(translation.model_steps(config)),
        factors=in_results(translation.error_factors(config)),
    output:
        "results/{dataset}/translation/model.h5",
    log:
        "results/{dataset}/logs/assemble_model.log",
    benchmark:
        "results/{dataset}/benchmarks/assemble_model.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(2000, per_mb=3),
    params:
        names=TRANSLATED["translated"],
        logarithm=TRANSLATED["logarithm"],
    script:
        "../scripts/translation/assemble_model.py"


rule compare_units:
    """Compare units of expression"""
    input:
        **in_results(translation.prepared(config)),
        matrix=translation.pair_matrix(config, DATASET),
        gene_info=translation.pair_genes(config, DATASET),
    output:
        "results/{dataset}/translation/units.tsv",
    log:
        "results/{dataset}/logs/compare_units.log",
    benchmark:
        "results/{dataset}/benchmarks/compare_units.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=4),
        runtime=grows(60, per_mb=1),
    params:
        units=translation.units(config),
        seed=SEED,
    script:
        "../scripts/translation/compare_units.py"


rule translate_wells:
    """Translate the wells of {series} ({ending})"""
    input:
        unpack(lambda wildcards: translation.wells(config, DATASET, wildcards.series)),
        model="results/{dataset}/translation/model.h5",
    output:
        "results/{dataset}/translation/translated/{series}.{ending}",
    log:
        "results/{dataset}/logs/translate_wells/{series}_{ending}.log",
    benchmark:
        "results/{dataset}/benchmarks/translate_wells/{series}_{ending}.tsv"
    wildcard_constraints:
        series=one_of(translation.screens(config)),
        ending="gctx|h5ad",
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(60, per_mb=1 / 10),
    script:
        "../scripts/translation/translate_wells.py"


rule search_genes:
    """Make translated signatures of {series}, for search by gene"""
    input:
        unpack(lambda wildcards: translation.wells(config, DATASET, wildcards.series)),
        pert_info=lambda wildcards: translation.drugs(config, DATASET, wildcards.series),
        model="results/{dataset}/translation/model.h5",
    output:
        search="results/{dataset}/translation/signatures/{series}/gene_search.parquet",
        table="results/{dataset}/translation/signatures/{series}/gene_search.tsv.gz",
        volcano="results/{dataset}/translation/signatures/{series}/volcano.tsv",
        knock_downs="results/{dataset}/translation/signatures/{series}/knock_downs.tsv",
        left_out="results/{dataset}/translation/signatures/{series}/left_out.tsv",
    log:
        "results/{dataset}/logs/search_genes/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/search_genes/{series}.tsv"
    wildcard_constraints:
        series=one_of(translation.screens(config)),
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=2),
        runtime=grows(60, per_mb=1),
    params:
        types=TRANSLATED["types"],
        way=TRANSLATED["compared_with"],
        shown=TRANSLATED["genes_shown"],
        cells=TRANSLATED["cells_shown"],
    script:
        "../scripts/translation/search_genes.py"


rule walk_bridges:
    """Judge translated signatures of {series} by known drugs and genes"""
    input:
        unpack(lambda wildcards: translation.wells(config, DATASET, wildcards.series)),
        pert_info=lambda wildcards: translation.drugs(config, DATASET, wildcards.series),
        sets=translation.gene_sets(config, DATASET),
        model="results/{dataset}/translation/model.h5",
        baseline=in_results(translation.signature_steps(config)),
        genes="results/{dataset}/translation/genes.tsv",
        rnaseq="results/{dataset}/translation/rnaseq.h5ad",
        studies=lambda wildcards: translation.study_files(config, DATASET),
    output:
        bridges="results/{dataset}/translation/signatures/{series}/bridges.tsv",
        walks="results/{dataset}/translation/signatures/{series}/walks.tsv",
        library="results/{dataset}/translation/signatures/{series}/library.tsv",
        studies="results/{dataset}/translation/signatures/{series}/studies.tsv",
    log:
        "results/{dataset}/logs/walk_bridges/{series}.log",
    benchmark:
        "results/{dataset}/benchmarks/walk_bridges/{series}.tsv"
    wildcard_constraints:
        series=one_of(translation.screens(config)),
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000, per_mb=2),
        runtime=grows(60),
    params:
        told=translation.targets(config, DATASET),
        way=TRANSLATED["compared_with"],
        logarithm=TRANSLATED["logarithm"],
        seed=SEED,
    script:
        "../scripts/translation/walk_bridges.py"


rule age_tissues:
    """Make signatures of ageing tissues"""
    input:
        unpack(lambda wildcards: translation.inputs(config, DATASET)),
        facts=lambda wildcards: translation.gene_facts(config, DATASET),
        gene_list="results/{dataset}/translation/genes.tsv",
    output:
        signatures="results/{dataset}/translation/ageing/signatures.tsv",
        library="results/{dataset}/translation/ageing/library.gmt",
        genes="results/{dataset}/translation/ageing/genes.tsv",
        left_out="results/{dataset}/translation/ageing/left_out.tsv",
    log:
        "results/{dataset}/logs/age_tissues.log",
    benchmark:
        "results/{dataset}/benchmarks/age_tissues.tsv"
    conda:
        "../../envs/translation.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        **translation.ageing(config, DATASET),
        seed=SEED,
    script:
        "../scripts/translation/age_tissues.py"


rule tabulate_signatures:
    """Tabulate translated signatures"""
    input:
        **in_results(translation.signature_tables(config)),
    output:
        report(
            "results/{dataset}/translation/pages/signatures.html",
            category="6. Translation",
            labels={"figure": "Signatures of known drugs and genes, in numbers"},
            caption="../report/translation/signatures.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_signatures.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_signatures.tsv"
    group:
        "summary"
    conda:
        "../../envs/translation.yaml"
    params:
        data=DATA,
    script:
        "../scripts/translation/tabulate_signatures.py"


rule tabulate_translation:
    """Tabulate the translation"""
    input:
        metrics="results/{dataset}/translation/metrics.tsv",
        differences="results/{dataset}/translation/differences.tsv",
        left_out="results/{dataset}/translation/left_out.tsv",
        coverage="results/{dataset}/translation/coverage.tsv",
        samples="results/{dataset}/translation/samples.tsv",
        units=in_results(translation.unit_tables(config)),
    output:
        report(
            "results/{dataset}/translation/pages/translation.html",
            category="6. Translation",
            labels={"figure": "Chains of steps, in numbers"},
            caption="../report/translation/translation.rst",
        ),
    log:
        "results/{dataset}/logs/tabulate_translation.log",
    benchmark:
        "results/{dataset}/benchmarks/tabulate_translation.tsv"
    group:
        "summary"
    conda:
        "../../envs/translation.yaml"
    params:
        data=DATA,
        shown=TRANSLATED["translated"],
    script:
        "../scripts/translation/tabulate_translation.py"
