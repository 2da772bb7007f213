rule draw_overview:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        metrics="results/{dataset}/metrics.tsv",
    output:
        report(
            "results/{dataset}/figures/overview.svg",
            category="1. Summary",
            labels={"figure": "Overview"},
            caption="../report/overview.rst",
        ),
        "results/{dataset}/figures/overview.png",
        "results/{dataset}/figures/overview.tsv",
    log:
        "results/{dataset}/logs/draw_overview.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_overview.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_overview.py"


rule draw_coverage:
    input:
        tensor="results/{dataset}/tensor/large.h5",
    output:
        report(
            "results/{dataset}/figures/coverage.svg",
            category="2. Data",
            labels={"figure": "Drug x cell coverage"},
            caption="../report/coverage.rst",
        ),
        "results/{dataset}/figures/coverage.png",
        "results/{dataset}/figures/coverage.tsv",
    log:
        "results/{dataset}/logs/draw_coverage.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_coverage.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_coverage.py"


rule draw_plate_quality:
    input:
        expand("results/{{dataset}}/signatures/{series}/plates.tsv", series=LEVEL3),
    output:
        report(
            "results/{dataset}/figures/plate_quality.svg",
            category="2. Data",
            labels={"figure": "Plates"},
            caption="../report/plate_quality.rst",
        ),
        "results/{dataset}/figures/plate_quality.png",
        "results/{dataset}/figures/plate_quality.tsv",
    log:
        "results/{dataset}/logs/draw_plate_quality.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_plate_quality.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        reference=config["signatures"]["reference"],
    script:
        "../scripts/draw_plate_quality.py"


rule draw_cell_specificity:
    input:
        "results/{dataset}/tensor/cell_specificity.tsv",
    output:
        report(
            "results/{dataset}/figures/cell_specificity.svg",
            category="2. Data",
            labels={"figure": "1: cell specificity"},
            caption="../report/cell_specificity.rst",
        ),
        "results/{dataset}/figures/cell_specificity.png",
        "results/{dataset}/figures/cell_specificity.tsv",
    log:
        "results/{dataset}/logs/draw_cell_specificity.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_cell_specificity.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_cell_specificity.py"


rule draw_predicted_vs_true:
    input:
        density=of_methods("joint_density.tsv"),
        metrics="results/{dataset}/metrics.tsv",
    output:
        report(
            "results/{dataset}/figures/predicted_vs_true.svg",
            category="3. Predictions",
            labels={"figure": "3A: predicted against measured"},
            caption="../report/predicted_vs_true.rst",
        ),
        "results/{dataset}/figures/predicted_vs_true.png",
        "results/{dataset}/figures/predicted_vs_true.tsv",
    log:
        "results/{dataset}/logs/draw_predicted_vs_true.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_predicted_vs_true.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        methods=config["methods"],
    script:
        "../scripts/draw_predicted_vs_true.py"


rule draw_best_method:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        profiles=of_methods("metrics_per_profile.tsv"),
    output:
        report(
            "results/{dataset}/figures/best_method.svg",
            category="3. Predictions",
            labels={"figure": "3B: best method per profile"},
            caption="../report/best_method.rst",
        ),
        "results/{dataset}/figures/best_method.png",
        "results/{dataset}/figures/best_method.tsv",
    log:
        "results/{dataset}/logs/draw_best_method.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_best_method.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        methods=config["methods"],
    script:
        "../scripts/draw_best_method.py"


rule draw_heatmaps:
    input:
        tensor="results/{dataset}/tensor/large.h5",
        drugs="results/{dataset}/tensor/drugs.tsv",
        folds="results/{dataset}/crossval/large/profiles/folds.tsv",
        predicted=of_methods(prediction_files("profiles")),
    output:
        report(
            "results/{dataset}/figures/heatmaps.svg",
            category="3. Predictions",
            labels={"figure": "4: cell-specific drugs"},
            caption="../report/heatmaps.rst",
        ),
        "results/{dataset}/figures/heatmaps.png",
        "results/{dataset}/figures/heatmaps.tsv",
    log:
        "results/{dataset}/logs/draw_heatmaps.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_heatmaps.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        methods=config["methods"],
        drugs=config["heatmaps"]["drugs"],
    script:
        "../scripts/draw_heatmaps.py"


rule draw_density:
    input:
        density="results/{dataset}/density.tsv",
        sizes="results/{dataset}/density/sizes.tsv",
    output:
        report(
            "results/{dataset}/figures/density.svg",
            category="3. Predictions",
            labels={"figure": "3C: accuracy against density"},
            caption="../report/density.rst",
        ),
        "results/{dataset}/figures/density.png",
        "results/{dataset}/figures/density.tsv",
    log:
        "results/{dataset}/logs/draw_density.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_density.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_density.py"


rule draw_deg_roc:
    input:
        roc=of_methods("deg_roc.tsv"),
        metrics="results/{dataset}/metrics.tsv",
    output:
        report(
            "results/{dataset}/figures/deg_roc.svg",
            category="3. Predictions",
            labels={"figure": "3D: finding changed genes"},
            caption="../report/deg_roc.rst",
        ),
        "results/{dataset}/figures/deg_roc.png",
        "results/{dataset}/figures/deg_roc.tsv",
    log:
        "results/{dataset}/logs/draw_deg_roc.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_deg_roc.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        methods=config["methods"],
    script:
        "../scripts/draw_deg_roc.py"


rule draw_calibration:
    input:
        of_methods("calibration.tsv"),
    output:
        report(
            "results/{dataset}/figures/calibration.svg",
            category="3. Predictions",
            labels={"figure": "stated and real errors"},
            caption="../report/calibration.rst",
        ),
        "results/{dataset}/figures/calibration.png",
        "results/{dataset}/figures/calibration.tsv",
    log:
        "results/{dataset}/logs/draw_calibration.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_calibration.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_calibration.py"


rule draw_class_gain:
    input:
        experiments="results/{dataset}/classes/experiments.tsv",
        tests="results/{dataset}/classes/tests.tsv",
    output:
        report(
            "results/{dataset}/figures/class_gain.svg",
            category="4. Applications",
            labels={"figure": "5B, 5C: what completion adds"},
            caption="../report/class_gain.rst",
        ),
        "results/{dataset}/figures/class_gain.png",
        "results/{dataset}/figures/class_gain.tsv",
    log:
        "results/{dataset}/logs/draw_class_gain.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_class_gain.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        cells=config["classify"]["cells"],
    script:
        "../scripts/draw_class_gain.py"


rule draw_class_predicted:
    input:
        experiments="results/{dataset}/classes/experiments.tsv",
        tests="results/{dataset}/classes/tests.tsv",
    output:
        report(
            "results/{dataset}/figures/class_predicted.svg",
            category="4. Applications",
            labels={"figure": "5D, 5E: drugs without a measured profile"},
            caption="../report/class_predicted.rst",
        ),
        "results/{dataset}/figures/class_predicted.png",
        "results/{dataset}/figures/class_predicted.tsv",
    log:
        "results/{dataset}/logs/draw_class_predicted.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_class_predicted.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_class_predicted.py"


rule draw_losses:
    input:
        expand("results/{{dataset}}/crossval/{file}", file=[what["file"] for what in TRAINED]),
    output:
        report(
            "results/{dataset}/figures/losses.svg",
            category="3. Predictions",
            labels={"figure": "Trainings"},
            caption="../report/losses.rst",
        ),
        "results/{dataset}/figures/losses.png",
        "results/{dataset}/figures/losses.tsv",
    log:
        "results/{dataset}/logs/draw_losses.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_losses.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        trained=TRAINED,
    script:
        "../scripts/draw_losses.py"


rule draw_variations:
    input:
        "results/{dataset}/cell_to_cell/variations.tsv",
    output:
        report(
            "results/{dataset}/figures/variations.svg",
            category="5. Cell to cell",
            labels={"figure": "What the prediction depends on"},
            caption="../report/variations.rst",
        ),
        "results/{dataset}/figures/variations.png",
        "results/{dataset}/figures/variations.tsv",
    log:
        "results/{dataset}/logs/draw_variations.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_variations.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
        analyses=VARIATIONS,
        test_percent=config["cell_to_cell"]["test_percent"],
    script:
        "../scripts/draw_variations.py"


rule draw_latent_states:
    input:
        states="results/{dataset}/cell_to_cell/latent_states.tsv",
        agreement="results/{dataset}/cell_to_cell/latent_agreement.tsv",
    output:
        report(
            "results/{dataset}/figures/latent_states.svg",
            category="5. Cell to cell",
            labels={"figure": "Latent states"},
            caption="../report/latent_states.rst",
        ),
        "results/{dataset}/figures/latent_states.png",
        "results/{dataset}/figures/latent_states.tsv",
    log:
        "results/{dataset}/logs/draw_latent_states.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_latent_states.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_latent_states.py"


rule draw_latent_correlation:
    input:
        correlation="results/{dataset}/cell_to_cell/latent_correlation.tsv",
        agreement="results/{dataset}/cell_to_cell/latent_agreement.tsv",
    output:
        report(
            "results/{dataset}/figures/latent_correlation.svg",
            category="5. Cell to cell",
            labels={"figure": "Latent states between cells"},
            caption="../report/latent_correlation.rst",
        ),
        "results/{dataset}/figures/latent_correlation.png",
        "results/{dataset}/figures/latent_correlation.tsv",
    log:
        "results/{dataset}/logs/draw_latent_correlation.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_latent_correlation.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_latent_correlation.py"


rule draw_important_genes:
    input:
        ranks="results/{dataset}/cell_to_cell/important_genes.tsv",
        stability="results/{dataset}/cell_to_cell/gene_stability.tsv",
    output:
        report(
            "results/{dataset}/figures/important_genes.svg",
            category="5. Cell to cell",
            labels={"figure": "Important genes"},
            caption="../report/important_genes.rst",
        ),
        "results/{dataset}/figures/important_genes.png",
        "results/{dataset}/figures/important_genes.tsv",
    log:
        "results/{dataset}/logs/draw_important_genes.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_important_genes.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_important_genes.py"


rule draw_factors:
    input:
        factors="results/{dataset}/cell_to_cell/factors.tsv",
        left_out="results/{dataset}/cell_to_cell/factors_left_out.tsv",
    output:
        report(
            "results/{dataset}/figures/factors.svg",
            category="5. Cell to cell",
            labels={"figure": "Targets of transcription factors"},
            caption="../report/factors.rst",
        ),
        "results/{dataset}/figures/factors.png",
        "results/{dataset}/figures/factors.tsv",
    log:
        "results/{dataset}/logs/draw_factors.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_factors.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_factors.py"


rule draw_transfer:
    input:
        scores="results/{dataset}/cell_to_cell/transfer.tsv",
        summary="results/{dataset}/cell_to_cell/transfer_summary.tsv",
    output:
        report(
            "results/{dataset}/figures/transfer.svg",
            category="5. Cell to cell",
            labels={"figure": "External profiles"},
            caption="../report/transfer.rst",
        ),
        "results/{dataset}/figures/transfer.png",
        "results/{dataset}/figures/transfer.tsv",
    log:
        "results/{dataset}/logs/draw_transfer.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_transfer.tsv"
    conda:
        "../../envs/lacuna.yaml"
    params:
        data=DATA,
    script:
        "../scripts/draw_transfer.py"
