"""Which regressor a user asked for, and which one ``auto`` takes."""

import logging
from typing import Final, Literal

from models.runtime.picture_regressor import FILES, PictureRegressor, Size
from models.runtime.regressor import GeometricRegressor
from models.runtime.sessions import Device, ModelError, cuda_problem

Model = Literal["full", "lite", "geometric"]
MODELS: Final = ("auto", "full", "lite", "geometric")
log = logging.getLogger(__name__)


def best_model(device: Device) -> Model:
    """What ``auto`` takes on a device: ``full`` on CUDA, else ``lite``; of those that are not there the next."""
    on_cuda = device != "cpu" and cuda_problem() is None
    wishes: tuple[Size, ...] = ("full", "lite") if on_cuda else ("lite",)
    return next((size for size in wishes if FILES[size].is_file()), "geometric")


def make_regressor(model: str = "auto", device: Device = "auto") -> GeometricRegressor | PictureRegressor:
    """The regressor called ``full``, ``lite`` or ``geometric``; ``auto``: the best there is for the device.

    Raises ModelError with one line for the user: unknown name, missing or broken file, device not to be had.
    """
    if model not in MODELS:
        raise ModelError(f"there is no regressor {model!r}: use one of {', '.join(MODELS)}")
    chosen = best_model(device) if model == "auto" else model
    if chosen == "geometric":
        if model == "auto":
            log.info("no picture network in %s: the geometric regressor is used", FILES["lite"].parent)
        return GeometricRegressor.load(device)
    regressor = PictureRegressor.load("full" if chosen == "full" else "lite", device)
    if model == "auto" and chosen == "full" and regressor.device != "cuda" and FILES["lite"].is_file():
        return PictureRegressor.load("lite", device)  # CUDA was there and did not start: too slow for a CPU
    return regressor
