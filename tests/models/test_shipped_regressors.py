"""The shipped weights on our own face, drawn and found by the landmark engine as a camera's picture is."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from models.runtime.alignment import align, fit_head
from models.runtime.crop import aligned_view, crop_matrix, five_points
from models.runtime.engines import make_landmark_engine
from models.runtime.picture_regressor import PictureRegressor
from models.runtime.regressor import GeometricRegressor
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.scene import FaceScene

F = NDArray[np.float32]
STRENGTH = 0.8
BOTH = ("AU1", "AU2", "AU4", "AU9", "AU10", "AU12", "AU14", "AU15", "AU20", "AU43", "AU17", "AU18", "AU22", "AU24")
"""What landmarks and picture together must know on our own face..."""
SEEN = (*BOTH, "AU6", "AU28", "AU34")
"""... and what the picture shows beside them: raised and puffed cheeks, sucked lips."""


def channels(stem: str) -> list[int]:
    return [k for name, k in CHANNEL_INDEX.items() if name == stem or name.rsplit("-", 1)[0] == stem]


def showing(stem: str) -> F:
    au = np.zeros(N_CHANNELS, np.float32)
    au[channels(stem)] = STRENGTH
    return au


@pytest.fixture(scope="module")
def look() -> Iterator[Callable[[F], tuple[NDArray[np.uint8], F]]]:
    """Channels -> aligned view and aligned landmarks of the base face that shows them."""
    scene, engine, ahead = FaceScene(480, 480), make_landmark_engine("onnx", "cpu"), np.zeros(2, np.float32)

    def see(au: F) -> tuple[NDArray[np.uint8], F]:
        scene.set_face(au, ahead, ahead)
        picture = np.ascontiguousarray(scene.render()[..., :3])
        engine.reset()
        for _ in range(3):  # the region of interest settles
            found = engine.detect(picture, 0.0)
        assert found is not None
        fit = fit_head(found.points)
        return aligned_view(picture, crop_matrix(five_points(fit))), align(found.points, fit)

    yield see
    scene.close()


@pytest.fixture(scope="module")
def read(look: Callable[[F], tuple[NDArray[np.uint8], F]]) -> Callable[[str, F], F]:
    """Regressor's name, channels shown -> channels read, against the same face at rest."""
    geometric, lite = GeometricRegressor.load("cpu"), PictureRegressor.load("lite", "cpu")
    rest_view, rest = look(np.zeros(N_CHANNELS, np.float32))
    code = lite.predict(rest_view, rest, rest, np.zeros(lite.code_size, np.float32)).code

    def reading(name: str, au: F) -> F:
        view, landmarks = look(au)
        if name == "geometric":
            return geometric.predict(landmarks, rest).au
        return lite.predict(view, landmarks, rest, code).au

    return reading


@pytest.mark.parametrize("name", ["geometric", "lite"])
def test_rest_reads_as_rest(name: str, read: Callable[[str, F], F]) -> None:
    assert read(name, np.zeros(N_CHANNELS, np.float32)).max() < 0.15


@pytest.mark.parametrize(("name", "stem"), [*(("geometric", s) for s in BOTH), *(("lite", s) for s in SEEN)])
def test_an_action_reads_as_itself(name: str, stem: str, read: Callable[[str, F], F]) -> None:
    assert read(name, showing(stem))[channels(stem)].min() > 0.35


@pytest.mark.parametrize("name", ["geometric", "lite"])
@pytest.mark.parametrize("stem", ["AU12", "AU43"])
def test_one_side_reads_as_that_side(name: str, stem: str, read: Callable[[str, F], F]) -> None:
    au = np.zeros(N_CHANNELS, np.float32)
    au[CHANNEL_INDEX[f"{stem}-left"]] = 1
    left, right = (read(name, au)[CHANNEL_INDEX[f"{stem}-{side}"]] for side in ("left", "right"))
    assert left > right + 0.4
