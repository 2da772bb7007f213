"""The trained model: predictions of any drug, dose and line, and its state without pickle."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import pandas as pd
import torch

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES, Kind
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.examples import NONE, doses_read
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.model.network import Network, Sizes
from lacuna.single_cell.model.predicting import (
    CELLS_AT_ONCE,
    Basal,
    basal_of,
    moments,
    over_cells,
)
from lacuna.single_cell.model.settings import Settings
from lacuna.structures.scaling import Scaler

State = dict[str, np.ndarray]
WEIGHT, SCALER = "weight.", "scaler."
FITTING_STEPS, FITTING_RATE, FITTING_CELLS = 100, 0.05, 1000  # of the embedding of a new line


@dataclass(frozen=True)
class Trained:
    """A network with all that it needs to predict.

    Attributes
    ----------
    network : Network
    genes : Index of str
        Symbols, in the order of rows.
    lines, drugs : Index of str
        Of the training, `CONTROL` among the drugs where there were controls.
    source : Source
        What drugs are read from.
    scaler : Scaler or None
        Of drugs' vectors; of a model that was pretrained, that of pretraining.
    kind
        Of the observations that were trained on.
    typical : float32 array of shape (genes,)
        Mean of training controls (of signatures, of lines), for genes that new data lack.
    vehicle : float32 array of shape (1, m)
        The vector of DMSO, unscaled, for controls that are a drug.
    library : float
        Median number of counts of training controls; 0 where nobody counted.
    losses : DataFrame or None
        A row per epoch; see `lacuna.single_cell.model.trainer.run`. None of a restored model.
    carried : DataFrame or None
        What was carried over from pretraining; see `lacuna.single_cell.model.transfer.carry`.
    """

    network: Network
    genes: pd.Index
    lines: pd.Index
    drugs: pd.Index
    source: Source
    scaler: Scaler | None
    kind: Kind
    typical: np.ndarray
    vehicle: np.ndarray
    library: float = 0.0
    losses: pd.DataFrame | None = None
    carried: pd.DataFrame | None = None

    @property
    def settings(self) -> Settings:
        """The options that it was trained with."""
        return self.network.settings

    @property
    def device(self) -> str:
        """Where it computes."""
        return self.network.lines.weight.device.type

    def weights(self) -> list[torch.Tensor]:
        """Return all weights, and what BatchNorm learnt."""
        return list(self.network.state_dict().values())

    def basal(self, rows: np.ndarray) -> np.ndarray:
        """Return latent basal states, float32 of shape (cells, dimensions).

        Parameters
        ----------
        rows : float array of shape (cells, genes)
            Expression.
        """
        return self.basal_states(self._base(rows)).latent.cpu().numpy()

    def basal_states(self, base: Base) -> Basal:
        """Encode controls; see `lacuna.single_cell.model.predicting.basal_of`."""
        self.network.eval()
        return basal_of(self.network, base, self.device, self.library)

    def latent(
        self, drugs: "np.ndarray | Molecules", doses: "np.ndarray | Sequence[float]"
    ) -> np.ndarray:
        """Return z_d, float32 of shape (d, dimensions).

        Parameters
        ----------
        drugs : float array of shape (d, m), or Molecules of d drugs
            Vectors as the encoder gives them, unscaled; or drugs by name, of which `CONTROL` is the
            vehicle. A model with a trained encoder, or with learnt vectors, takes Molecules only.
        doses : of shape (d,)
            Micromolar.

        Raises
        ------
        LacunaError
            If vectors are not as in the training, or the model learnt vectors and a drug is new.
        """
        molecules = self._molecules(drugs)
        asked = np.asarray(doses, np.float32).reshape(-1)
        if len(asked) != len(molecules.names) or not (asked >= 0).all():
            raise LacunaError(
                f"single_cell: {len(molecules.names)} drugs with the doses {asked.tolist()}, "
                "expected one each, micromolar, 0 or more."
            )
        control = molecules.names == CONTROL
        # Where vectors are learnt, and no control was trained on, the vehicle has none.
        unknown = self.source.is_learned and CONTROL not in self.drugs
        is_none = control & (unknown or self.settings.controls == "zero")
        number = np.where(is_none, NONE, np.arange(len(asked)))[:, None]
        read = doses_read(asked, control, self.kind, self.settings.dose)[:, None]
        reader = molecules.reader(self.scaler, self.drugs)
        self.network.eval()
        with torch.no_grad():
            found = [
                self.network.effects(reader, number[part], read[part]).cpu().numpy()
                for part in np.split(
                    np.arange(len(asked)), range(CELLS_AT_ONCE, len(asked), CELLS_AT_ONCE)
                )
            ]
        return np.concatenate(found)

    def line(self, name: str) -> np.ndarray:
        """Return z_c of a line, of shape (dimensions,); of a new one, the mean of all."""
        embedded = self.network.lines.weight.detach().cpu().numpy()
        number = self.lines.get_indexer(pd.Index([name]))[0]
        return embedded[number] if number >= 0 else embedded.mean(axis=0)

    def predict(
        self,
        rows: np.ndarray,
        drugs: "np.ndarray | Molecules",
        doses: "np.ndarray | Sequence[float]",
        line: "str | np.ndarray",
        library: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict each of some control cells, had it been given drugs.

        With the option offset: controls, what the model misses of the mean of these cells without
        a drug is added to each (see `missed`).

        Parameters
        ----------
        rows : float array of shape (cells, genes)
            Expression of controls.
        drugs, doses
            See `latent`; the effects of several add up, and of none there is none.
        line
            Its name, or z_c, as `fit_line` gives it.
        library : float array of shape (cells,)
            Of a model of counts, how many each has in these genes; None for what is typical.

        Returns
        -------
        mean, variance : float32 arrays of shape (cells, genes)
            Of expression.
        """
        mean, variance = self.decoded(rows, drugs, doses, line, library)
        base = self._base(rows, library)
        own = self.line(line) if isinstance(line, str) else np.asarray(line, np.float32)
        offset = self.missed(base, self.basal_states(base), np.arange(len(base.rows)), own)
        return mean + offset.astype(np.float32), variance

    def decoded(
        self,
        rows: np.ndarray,
        drugs: "np.ndarray | Molecules",
        doses: "np.ndarray | Sequence[float]",
        line: "str | np.ndarray",
        library: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what the decoder says, without an offset; see `predict`."""
        base = self._base(rows, library)
        cells = self.basal_states(base)
        shift = self.latent(drugs, doses).sum(axis=0) if len(np.atleast_1d(doses)) else 0.0
        own = self.line(line) if isinstance(line, str) else np.asarray(line, np.float32)
        added = torch.from_numpy(np.asarray(own + shift, np.float32)).to(self.device)
        with torch.no_grad():
            found = moments(self.network, cells.latent + added, cells)
        mean, variance = (values.cpu().numpy() for values in found)
        return mean, variance

    def missed(self, base: Base, cells: Basal, chosen: np.ndarray, line: np.ndarray) -> np.ndarray:
        """Return what the model misses of controls: their mean, less what it makes of them.

        Parameters
        ----------
        base, cells
            Controls, and their basal states.
        chosen
            Numbers of those of the line.
        line
            Its z_c.

        Returns
        -------
        float64 array of shape (genes,)
            Zeros with the option offset: none, and where there are none. Of signatures, means of
            lines stand for controls.
        """
        if self.settings.offset == "none" or not len(chosen):
            return np.zeros(len(self.genes))
        shift = torch.from_numpy(self.vehicle_effect() + line).to(self.device)
        said, _ = over_cells(self.network, cells, chosen, shift, "mean")
        return base.rows[chosen].mean(axis=0, dtype=np.float64) - said

    def vehicle_effect(self) -> np.ndarray:
        """Return z_d of the vehicle, of shape (dimensions,)."""
        control = Molecules(self.source, pd.Index([CONTROL]), [CONTROL_SMILES], self.vehicle)
        return self.latent(control, [0.0])[0]

    def fit_line(self, base: Base) -> np.ndarray:
        """Return z_c of a line that was never trained on, by its controls alone.

        All weights stand fast; z_c begins at the mean of all lines, and takes some steps of Adam
        towards the controls' likelihood. Nothing is drawn.

        Parameters
        ----------
        base
            Controls of the line; the first 1,000 count.
        """
        from lacuna.single_cell.model.losses import gaussian

        some = slice(FITTING_CELLS)
        base = Base(
            base.rows[some],
            base.line[some],
            None if base.library is None else base.library[some],
        )
        cells = self.basal_states(base)
        vehicle = torch.from_numpy(self.vehicle_effect()).to(self.device)
        rows = torch.from_numpy(np.ascontiguousarray(base.rows, np.float32)).to(self.device)
        states = cells.latent + vehicle
        shift = torch.from_numpy(self.line("")).to(self.device).requires_grad_()
        optimiser = torch.optim.Adam([shift], FITTING_RATE)
        for _ in range(FITTING_STEPS):
            loss = gaussian(*moments(self.network, states + shift, cells), rows)
            (shift.grad,) = torch.autograd.grad(loss, [shift])
            optimiser.step()
        return shift.detach().cpu().numpy()

    def state(self) -> State:
        """Return weights and all else as named arrays; `restore` makes the model of them."""
        words = {
            "settings": asdict(self.settings),
            "sizes": asdict(self.network.sizes),
            "encoder": self.source.encoder,
            "encoder_options": dict(self.source.options),
            "kind": self.kind,
            "library": self.library,
        }
        state = {
            "genes": self.genes.to_numpy(object),
            "lines": self.lines.to_numpy(object),
            "drugs": self.drugs.to_numpy(object),
            "typical": self.typical,
            "vehicle": self.vehicle,
            "words": np.array([json.dumps(words)], dtype=object),
        }
        if self.scaler is not None:
            state |= {f"{SCALER}{name}": array for name, array in self.scaler.state().items()}
        for name, value in self.network.state_dict().items():
            # A lone number has no checksum in a file.
            state[f"{WEIGHT}{name}"] = np.atleast_1d(value.cpu().numpy())
        return state

    def _molecules(self, drugs: "np.ndarray | Molecules") -> Molecules:
        if isinstance(drugs, Molecules):
            if drugs.source != self.source:
                raise LacunaError(
                    f"single_cell: drugs are encoded by {drugs.source.encoder}, this model reads "
                    f"{self.source.encoder}. Encode them with its encoder and options."
                )
            molecules = drugs
        else:
            vectors = np.atleast_2d(np.asarray(drugs, np.float32))
            if self.source.is_learned or self.source.is_trained:
                raise LacunaError(
                    f"single_cell: this model reads drugs by {self.source.encoder}, and no "
                    "vectors. Give names and SMILES."
                )
            names = [f"drug {number}" for number in range(len(vectors))]
            molecules = Molecules(self.source, pd.Index(names), names, vectors)
        found, expected = molecules.vectors.shape[1], self.vehicle.shape[1]
        if found != expected:
            raise LacunaError(
                f"single_cell: drugs have vectors of {found} values, expected {expected} as in the "
                "training. Encode them as those were encoded."
            )
        return molecules

    def _base(self, rows: np.ndarray, library: np.ndarray | None = None) -> Base:
        rows = np.atleast_2d(np.asarray(rows, np.float32))
        if rows.shape[1] != len(self.genes) or not np.isfinite(rows).all():
            raise LacunaError(
                f"single_cell: cells have {rows.shape[1]} genes, expected the {len(self.genes)} of "
                f"the model ({listed(self.genes)}), and finite numbers."
            )
        return Base(rows, np.full(len(rows), "", dtype=object), library)


def restore(state: State) -> Trained:
    """Make the model of its state, on the processor.

    Raises
    ------
    LacunaError
        If the state is of no such model.
    """
    try:
        words = json.loads(str(state["words"][0]))
        settings, sizes = Settings(**words["settings"]), Sizes(**words["sizes"])
        source = Source(words["encoder"], words["encoder_options"])
        part, _ = source.network(sizes.drugs, sizes.vector, settings.dimensions)
        network = Network(sizes, settings, part)
        own = network.state_dict()
        weights = {
            name.removeprefix(WEIGHT): torch.as_tensor(array)
            for name, array in state.items()
            if name.startswith(WEIGHT)
        }
        network.load_state_dict(
            {
                name: value.reshape(own[name].shape) if name in own else value
                for name, value in weights.items()
            }
        )
        parts = {
            name.removeprefix(SCALER): array
            for name, array in state.items()
            if name.startswith(SCALER)
        }
        genes, lines, drugs = (
            pd.Index(state[name].astype(str)) for name in ("genes", "lines", "drugs")
        )
        return Trained(
            network.eval(),
            genes,
            lines,
            drugs,
            source,
            Scaler(**parts) if parts else None,
            cast(Kind, words["kind"]),
            state["typical"],
            state["vehicle"],
            float(words["library"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        raise LacunaError(
            "the state is not one of a model of single cells "
            f"({str(error).splitlines()[0] if str(error) else type(error).__name__}). "
            "Train the model again."
        ) from error
