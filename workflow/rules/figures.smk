# Every figure is drawn by one rule of one form: its facts stand on its card, lacuna/{stage}/figures/{figure}.py.
for figure in PLAN.figures.values():

    rule:
        """Draw {figure}"""
        name:
            figure.rule
        input:
            **in_results(figure.card.files(config)),
        output:
            report(
                in_results(f"{figure.path}.svg"),
                category=figure.card.category,
                labels={"figure": figure.card.label},
                caption=f"../report/{figure.stage}/{figure.name}.rst",
            ),
            in_results(f"{figure.path}.png"),
            in_results(f"{figure.path}.tsv"),
        log:
            f"results/{{dataset}}/logs/{figure.rule}.log",
        benchmark:
            f"results/{{dataset}}/benchmarks/{figure.rule}.tsv"
        group:
            "summary"
        conda:
            "../../envs/lacuna.yaml"
        params:
            **figure.card.params(config),
            compared=list(PLAN.methods),
            place=figure.card.place,
            module=figure.module,
            data=DATA,
        script:
            "../scripts/report/draw_figure.py"
