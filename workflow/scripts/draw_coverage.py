"""Draw which drugs were measured in which cells."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.runtime.script_log import logged
from lacuna.tensor.figures import coverage
from lacuna.tensor.profiles import ProfileSet

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input.tensor)
    figure = coverage.draw(tensor.measured, list(tensor.cells), snakemake.params.data)
    grid = pd.DataFrame(tensor.measured.astype(int), tensor.drugs, tensor.cells)
    save_figure(figure, grid.rename_axis("drug").reset_index(), snakemake.output)
