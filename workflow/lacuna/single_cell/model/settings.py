"""The options of `lacuna.single_cell.model.train.train`, as all parts of the model read them."""

from dataclasses import dataclass

from lacuna.errors import LacunaError

# What decides which weights there are and what they mean: fine-tuning has them as pretraining had.
ARCHITECTURE = (
    "order",
    "doser",
    "dose",
    "likelihood",
    "dimensions",
    "autoencoder_width",
    "autoencoder_depth",
    "doser_width",
    "doser_depth",
    "encoder_width",
    "encoder_depth",
)


@dataclass(frozen=True)
class Settings:
    """All options; see `lacuna.single_cell.model.train.train`."""

    preset: str
    order: str
    doser: str
    dose: str
    controls: str
    drug_adversary: str
    genes: str
    decoder_activation: str
    likelihood: str
    penalty: str
    base: str
    base_cells: int
    offset: str
    variance: str
    new_lines: str
    score: str
    checkpoint: str
    extension: str
    carried_lines: str
    dimensions: int
    autoencoder_width: int
    autoencoder_depth: int
    autoencoder_rate: float
    autoencoder_decay: float
    doser_width: int
    doser_depth: int
    doser_rate: float
    doser_decay: float
    encoder_width: int
    encoder_depth: int
    adversary_width: int
    adversary_depth: int
    adversary_rate: float
    adversary_decay: float
    adversary_steps: int
    drug_weight: float
    line_weight: float
    penalty_weight: float
    batch: int
    epochs: int
    step_epochs: int
    gamma: float
    clip: float
    check_every: int
    patience: int
    device: str

    def check(self) -> None:
        """Check what no option can be asked about alone.

        Raises
        ------
        LacunaError
            If the autoencoder would never be trained.
        """
        if self.adversary_steps == 1:
            raise LacunaError(
                "single_cell: models: adversary_steps is 1, with which every step is the "
                "adversaries' and the autoencoder learns nothing. Give 2 or more, or 0 for no "
                "adversaries."
            )
