"""Which regressor a user asked for, and which one ``auto`` takes."""

from typing import Final, Literal

from models.runtime.picture_regressor import FILES, PictureRegressor
from models.runtime.regressor import GeometricRegressor
from models.runtime.sessions import Device, ModelError, cuda_problem

Model = Literal["full", "lite", "geometric"]
MODELS: Final = ("auto", "full", "lite", "geometric")


def best_model(device: Device) -> Model:
    """What ``auto`` takes on a device: ``full`` on CUDA where that network is installed, else ``lite``."""
    on_cuda = device != "cpu" and cuda_problem() is None
    return "full" if on_cuda and FILES["full"].is_file() else "lite"


def make_regressor(model: str = "auto", device: Device = "auto") -> GeometricRegressor | PictureRegressor:
    """The regressor called ``full``, ``lite`` or ``geometric``; ``auto``: the best there is for the device.

    Raises ModelError with one line for the user: unknown name, missing or broken file, device not to be had.
    """
    if model not in MODELS:
        raise ModelError(f"there is no regressor {model!r}: use one of {', '.join(MODELS)}")
    chosen = best_model(device) if model == "auto" else model
    if chosen == "geometric":
        return GeometricRegressor.load(device)
    regressor = PictureRegressor.load("full" if chosen == "full" else "lite", device)
    if model == "auto" and chosen == "full" and regressor.device != "cuda":
        return PictureRegressor.load("lite", device)  # CUDA was there and did not start: too slow for a CPU
    return regressor
