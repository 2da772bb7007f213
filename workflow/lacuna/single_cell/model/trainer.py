"""The training in alternation: a step of the adversaries, then steps of the autoencoder.

See `lacuna.single_cell.model.train`. Every `adversary_steps`-th batch trains the adversaries and
nothing else; all others train the autoencoder and nothing else.
"""

import math
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from lacuna.errors import LacunaError
from lacuna.networks.training import Training, fingerprint, random_stream
from lacuna.runtime.device import Device, find_device
from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.model import losses
from lacuna.single_cell.model.base import controls
from lacuna.single_cell.model.examples import NONE, Examples, doses_read
from lacuna.single_cell.model.reading import Batch, Rows
from lacuna.single_cell.model.settings import Settings
from lacuna.single_cell.model.start import begin
from lacuna.single_cell.model.trained import Trained
from lacuna.single_cell.model.validation import Scorer, Validation

STAGE = "training"
MEASURES = ("drug_adversary", "line_adversary")
TYPICAL_CELLS = 1000  # controls whose mean is kept


class Diverged(LacunaError):
    """A training whose loss is no longer a number."""


def run(
    examples: Examples,
    validation: Validation | None,
    rng: np.random.Generator,
    work: Path | None,
    start: Trained | None,
    settings: Settings,
) -> Trained:
    """Train the network; see `lacuna.single_cell.model.train.train`.

    The model's table of losses has the columns stage, epoch, training (reconstruction, mean over
    observations), validation (the score, NaN in epochs without one), drug_adversary and
    line_adversary (their losses in the autoencoder's steps). An epoch that has none of these, as
    there is one where all observations are a batch, has NaN.
    """
    examples.check("the training")
    device = find_device(settings.device)
    with random_stream(rng):
        model = begin(examples, start, settings)
        if not model.genes.equals(examples.genes):  # the same in another order
            examples = replace(examples, genes=model.genes)
        if validation is not None and len(validation.examples):
            validation.examples.check("the validation")
            taken = replace(validation.examples, genes=model.genes)
            validation = replace(validation, examples=taken)
        if settings.drug_adversary == "cross_entropy" and ((examples.drug >= 0).sum(1) != 1).any():
            raise LacunaError(
                "single_cell: models: some observations had no drug, or several at once, which "
                "cross_entropy has no class for. Set drug_adversary: multi_label."
            )
        work_on = _Run(examples, model, device)
        base = controls([examples], TYPICAL_CELLS, rng, work_on.counted)
        model = replace(
            model,
            typical=base.rows.mean(axis=0),
            library=0.0 if base.library is None else float(np.median(base.library)),
        )
        scorer = None
        if validation is not None and len(validation.examples):
            scorer = Scorer(validation, examples, model, rng)
        known = fingerprint(
            **asdict(settings),
            training=examples.digest(),
            validation=validation.examples.digest() if scorer and validation else "",
            start=""
            if start is None
            else fingerprint(*(w.numpy(force=True) for w in start.weights())),
            seed=torch.initial_seed(),
        )
        training = Training(model.network, work, known, MEASURES)
        work_on.train(training, scorer)
    table = training.losses
    score = -table["validation"].astype(float)
    table["validation"] = score.where(np.isfinite(score) & (scorer is not None))
    return replace(model, network=model.network.eval(), losses=table)


class _Run:
    """One training: examples on their device, and what lowers their losses."""

    def __init__(self, examples: Examples, model: Trained, device: Device) -> None:
        self.model, self.network = model, model.network.to(device.name)
        self.settings, self.device = model.settings, device.name
        self.counted = self.settings.likelihood == "negative_binomial"
        self.rows = Rows(examples, device, self.counted)
        molecules = examples.molecules
        is_control = examples.drug == molecules.names.get_indexer(pd.Index([CONTROL]))[0]
        self.reader = molecules.reader(model.scaler, model.drugs)
        self.dose = doses_read(examples.dose, is_control, examples.kind, self.settings.dose)
        is_silent = is_control & (self.settings.controls == "zero")
        self.acting = np.where(is_silent, NONE, examples.drug)
        # The place of each drug and line among those of the model; the last is for NONE.
        classes = np.append(model.drugs.get_indexer(molecules.names), NONE)
        self.drug = torch.from_numpy(classes[examples.drug]).to(device.name)
        places = model.lines.get_indexer(examples.lines)
        self.line = torch.from_numpy(places[examples.line]).to(device.name)
        settings = self.settings
        groups = {
            "autoencoder": (
                self.network.autoencoder(),
                settings.autoencoder_rate,
                settings.autoencoder_decay,
            ),
            "doser": (
                list(self.network.doser.parameters()),
                settings.doser_rate,
                settings.doser_decay,
            ),
            "adversaries": (
                self.network.adversaries(),
                settings.adversary_rate,
                settings.adversary_decay,
            ),
        }
        self.weights = {name: weights for name, (weights, _, _) in groups.items()}
        self.optimisers = {
            name: torch.optim.Adam(weights, rate, weight_decay=decay, fused=True)
            for name, (weights, rate, decay) in groups.items()
            if name != "adversaries" or settings.adversary_steps
        }
        self.schedules = {
            name: torch.optim.lr_scheduler.StepLR(each, settings.step_epochs, settings.gamma)
            for name, each in self.optimisers.items()
        }

    def train(self, training: Training, scorer: Scorer | None) -> None:
        """Run all epochs, from where the checkpoint stands."""
        settings, steps = self.settings, self.rows.steps(self.settings.batch)

        def epoch() -> tuple[float, ...]:
            done = len(training.losses)
            self.network.train()
            found = self._epoch(done * steps, done)
            if scorer is None:
                return found[0], math.nan, *found[1:]
            if (done + 1) % settings.check_every and done + 1 < settings.epochs:
                return found[0], math.inf, *found[1:]  # not validated: never the best
            return found[0], -scorer.score(self.model), *found[1:]

        each = settings.check_every if scorer is not None else 1
        training.run(
            STAGE,
            epoch,
            epochs=settings.epochs,
            patience=settings.patience * each,
            optimiser=_Together(self.optimisers),
            schedule=_Together(self.schedules),
            keep_last=settings.checkpoint == "last",
        )

    def _epoch(self, before: int, number: int) -> tuple[float, float, float]:
        """Take the steps of an epoch, so many after the first; return means over rows."""
        total, rows = torch.zeros(3, device=self.device), 0
        for step, batch in enumerate(self.rows.batches(self.settings.batch), start=before):
            if self.settings.adversary_steps and step % self.settings.adversary_steps == 0:
                self.step_adversaries(batch)
            else:
                total += self.step_autoencoder(batch) * len(batch.which)
                rows += len(batch.which)
        if not rows:  # of so few batches that all were the adversaries'
            return math.nan, math.nan, math.nan
        found = (total / rows).tolist()
        names = ("reconstruction", "drug adversary", "line adversary")
        bad = [name for name, value in zip(names, found, strict=True) if not math.isfinite(value)]
        if bad:
            raise Diverged(
                f"single_cell: models: in epoch {number}, the loss of {' and '.join(bad)} is no "
                "number. The encoder raises the adversaries' losses, which have no upper bound: "
                "lower drug_weight and line_weight, or autoencoder_rate."
            )
        return found[0], found[1], found[2]

    def step_adversaries(self, batch: Batch) -> None:
        """Lower the adversaries' losses and their penalty; the encoder stands fast."""
        with torch.no_grad():
            basal = self.network.basal(batch.rows)
        basal.requires_grad_()
        loss = torch.zeros((), device=self.device)
        for classified, summed in self._classified(basal, batch):
            penalty = losses.gradient_penalty(summed, basal, self.settings.penalty)
            loss = loss + classified + self.settings.penalty_weight * penalty
        self._descend(loss, ("adversaries",))

    def step_autoencoder(self, batch: Batch) -> torch.Tensor:
        """Lower the reconstruction's loss, and raise the adversaries', which stand fast.

        Returns
        -------
        tensor of shape (3,)
            Reconstruction, loss of drugs, loss of lines.
        """
        settings, which = self.settings, batch.which.numpy()
        basal = self.network.basal(batch.rows)
        effect = self.network.effects(self.reader, self.acting[which], self.dose[which])
        line = self.line[batch.which.to(self.device)]
        first, second = self.network.decode(basal + effect + self.network.lines(line))
        if batch.counts is None:
            said = losses.gaussian(first, second, batch.rows)
        else:
            library = batch.counts.sum(dim=1, keepdim=True)
            said = losses.negative_binomial(first * library, second, batch.counts)
        terms, loss = [said], said
        for weight, (classified, _) in zip(
            (settings.drug_weight, settings.line_weight),
            self._fooled(basal, batch),
            strict=True,
        ):
            terms.append(classified)
            loss = loss - weight * classified
        self._descend(loss, ("autoencoder", "doser"))
        return torch.stack(terms).detach()

    def _fooled(self, basal: torch.Tensor, batch: Batch) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Classify for the encoder's sake: the adversaries' weights need no slope."""
        if not self.settings.adversary_steps:
            nothing = torch.zeros((), device=self.device)
            return [(nothing, nothing)] * 2
        for weight in self.weights["adversaries"]:
            weight.requires_grad_(False)
        found = self._classified(basal, batch)
        for weight in self.weights["adversaries"]:
            weight.requires_grad_(True)
        return found

    def _classified(
        self, basal: torch.Tensor, batch: Batch
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return the loss, and each cell's sum of outputs, of both adversaries."""
        which = batch.which.to(self.device)
        drug, line = self.drug[which], self.line[which]
        outputs, summed = self.network.drug_adversary(basal)
        if self.settings.drug_adversary == "multi_label":
            of_drugs = losses.multi_label(outputs, drug)
        else:
            of_drugs = losses.cross_entropy(outputs, drug.max(dim=1).values)
        lines, summed_lines = self.network.line_adversary(basal)
        return [(of_drugs, summed), (losses.cross_entropy(lines, line), summed_lines)]

    def _descend(self, loss: torch.Tensor, groups: tuple[str, ...]) -> None:
        for name in groups:
            self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        for name in groups:
            if self.settings.clip:
                nn.utils.clip_grad_norm_(self.weights[name], self.settings.clip)
            self.optimisers[name].step()


class _Together:
    """Several optimisers, or their schedules, as one."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self._parts = parts

    def state_dict(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        for name, part in self._parts.items():
            part.load_state_dict(state_dict[name])

    def step(self) -> None:
        with warnings.catch_warnings():
            # A first epoch of a single batch is the adversaries', and no step of the others.
            warnings.filterwarnings("ignore", "Detected call of", UserWarning)
            for part in self._parts.values():
                part.step()
