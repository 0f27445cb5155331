"""The paper's training step (Song et al. 2020, figure 2): R reads a picture, G draws what was read, and frozen networks
compare. Only R learns; gradients pass through the others on their way.

Cost. A picture drawn and looked at again costs some fifty times what R itself costs on cached features; the picture of
the base identity, which nothing but the loopback reads, is therefore drawn without gradients.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from models.bisenet import FeatureExtractor
from models.fused_features import Fused, fuse
from models.generator import Generator
from models.losses import (
    Parameters,
    Weights,
    adversarial_loss,
    base_vector,
    content_loss,
    identity_loss,
    loopback_loss,
    parameter_loss,
)
from models.regressor import Reading, Regressor


class Recognition(Protocol):
    """F_reg, for example ``models.lightcnn.LightCNN29v2``."""

    def embed(self, picture: Tensor) -> Tensor: ...


class SelfSupervision(nn.Module):
    """Eq. 7 without labels."""

    base_mouth: Tensor

    def __init__(self, extractor: FeatureExtractor, generator: Generator, recognition: Recognition, weights: Weights):
        super().__init__()
        self.extractor, self.generator, self.recognition, self.weights = extractor, generator, recognition, weights
        for frozen in (extractor, generator, recognition):
            if isinstance(frozen, nn.Module):
                frozen.requires_grad_(False).eval()
        with torch.no_grad():
            base = generator(base_vector().to(next(generator.parameters())))
            self.register_buffer("base_mouth", extractor(base).mouth)

    def forward(self, regressor: Regressor, reading: Reading, picture: Tensor) -> dict[str, Tensor]:
        """
        Args:
            regressor: R, in evaluation mode (its statistics belong to photographs, not to what G draws).
            reading: What R made of ``picture``, with all it is given.
            picture: (N, 3, S, S) RGB 0..1.

        Returns:
            Each term of eq. 7, weighted; terms of weight 0 are neither computed nor there.
        """
        w = self.weights
        y = Parameters.of(reading.au, reading.pose, reading.identity, reading.brow_logits)
        terms: dict[str, Tensor] = {}
        if w.content:
            with torch.no_grad():
                real = self.extractor(picture)
            terms["content"] = w.content * content_loss(self.extractor(self.generator(y.vector())), real)
        if w.parameter:
            terms["parameter"] = w.parameter * parameter_loss(y, w.alpha, w.beta)
        if w.identity or w.adversarial or w.loopback:
            emotionless = self.generator(y.emotionless())
        if w.identity:
            with torch.no_grad():
                of_real = self.recognition.embed(picture)
            terms["identity"] = w.identity * identity_loss(self.recognition.embed(emotionless), of_real)
        if w.adversarial or w.loopback:
            seen = self.extractor(emotionless)
        if w.adversarial:
            terms["adversarial"] = w.adversarial * adversarial_loss(seen.mouth, self.base_mouth)
        if w.loopback:
            with torch.no_grad():
                on_base = self.extractor(self.generator(y.of_base_face()))
            read = [self._read(regressor, fuse(f)) for f in (seen, on_base)]
            loop = loopback_loss(y.emotionless(), read[0], y.of_base_face(), read[1], w.loopback_expression)
            terms["loopback"] = w.loopback * loop
        return terms

    def _read(self, regressor: Regressor, fused: Fused) -> Tensor:
        """y' (N, 269) of a drawn picture, of whose person nothing else is known. R learns to read it, not to draw it
        differently: the features are taken as given."""
        fused = Fused(*[part.detach() for part in fused])
        n = len(fused.face)
        r = regressor(fused, *regressor.nothing_known(n))
        return Parameters.of(r.au, r.pose, r.identity, r.brow_logits).vector()
