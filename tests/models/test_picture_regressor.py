"""The picture regressors' contract, IO binding, and which regressor is taken, on networks of a few nodes."""

from pathlib import Path

import numpy as np
import pytest

from models.runtime import regressor_choice
from models.runtime.alignment import canonical_face
from models.runtime.bound_session import BoundSession
from models.runtime.crop import SIZE
from models.runtime.picture_regressor import FILES, FULL, LITE, PictureRegressor, contract_of
from models.runtime.regressor import GEOMETRIC_FILE, GeometricRegressor
from models.runtime.regressor_choice import best_model, make_regressor
from models.runtime.sessions import ModelError, Session, cuda_problem

onnx = pytest.importorskip("onnx", reason="onnx comes with the train extra")
from picture_networks import write_network  # noqa: E402

FACE = canonical_face()
RNG = np.random.default_rng(2)


def picture(level: int = 100) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), level, np.uint8)


def test_the_contract_is_what_training_and_export_rely_on() -> None:
    assert list(LITE.inputs) == ["picture", "landmarks", "neutral", "neutral_code"]
    assert list(LITE.outputs) == ["au", "pose", "gaze_deg", "identity", "brow_style", "code"]
    assert (LITE.name, FULL.name) == ("picture-regressor-lite", "picture-regressor-full")
    assert LITE.inputs["picture"].shape == (None, 128, 128, 3)
    assert [c.outputs["code"].shape[1] for c in (LITE, FULL)] == [128, 256]


def test_outputs_land_where_they_belong(tmp_path: Path) -> None:
    made = PictureRegressor.load("lite", "cpu", write_network(tmp_path / "lite.onnx", "lite"))
    assert (made.size, made.code_size, made.device) == ("lite", 128, "cpu")
    assert made.network == "picture-regressor-lite 1 tiny"
    neutral_code = RNG.normal(size=128).astype(np.float32)
    read = made.predict(picture(102), FACE + np.float32(0.25), FACE, neutral_code)
    np.testing.assert_allclose(read.au, 0.25, atol=1e-5)
    np.testing.assert_allclose(read.code, 0.4 + 0.5 * neutral_code, atol=1e-5)
    np.testing.assert_allclose(read.pose, [0.4, 0.4], atol=1e-5)
    assert [x.shape for x in (read.gaze_left_deg, read.gaze_right_deg, read.identity, read.brow_style)] == [
        (2,), (2,), (208,), (36,),
    ]  # fmt: skip


@pytest.mark.parametrize("size", ["lite", "full"])
def test_io_binding_gives_the_same_and_leaves_earlier_answers_alone(size: str, tmp_path: Path) -> None:
    path, contract = write_network(tmp_path / "net.onnx", size), contract_of(size)  # type: ignore[arg-type]
    plain = PictureRegressor(Session(path, contract, "cpu"), size)  # type: ignore[arg-type]
    bound = PictureRegressor(BoundSession(path, contract, "cpu"), size)  # type: ignore[arg-type]
    code = RNG.normal(size=plain.code_size).astype(np.float32)
    calls = [
        (picture(level), FACE + np.float32(shift), FACE, code * np.float32(shift))
        for level, shift in ((10, 0.1), (90, 0.3))
    ]
    answers = [bound.predict(*call) for call in calls]
    for call, answer in zip(calls, answers, strict=True):  # compared after the last call: buffers are not shared
        expected = plain.predict(*call)
        for name in ("au", "pose", "gaze_left_deg", "gaze_right_deg", "identity", "brow_style", "code"):
            np.testing.assert_array_equal(getattr(answer, name), getattr(expected, name), err_msg=name)
    assert not np.array_equal(answers[0].code, answers[1].code)


def test_io_binding_refuses_another_shape(tmp_path: Path) -> None:
    session = BoundSession(write_network(tmp_path / "net.onnx", "lite"), LITE, "cpu")
    good = [picture()[None], FACE[None], FACE[None], np.zeros((1, 128), np.float32)]
    session.run(*good)
    with pytest.raises(ValueError, match=r"neutral_code must be float32\[1, 128\]"):
        session.run(*good[:3], np.zeros((1, 256), np.float32))
    with pytest.raises(ValueError, match="picture must be uint8"):
        session.run(good[0].astype(np.float32), *good[1:])


def test_the_other_size_and_other_networks_are_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path / "lite.onnx", "lite")
    with pytest.raises(ModelError, match="needs 'picture-regressor-full'"):
        PictureRegressor.load("full", "cpu", path)
    with pytest.raises(ModelError, match="'geometric-regressor'"):
        PictureRegressor.load("lite", "cpu", GEOMETRIC_FILE)


# ------------------------------------------------------------ the choice


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where networks are looked for: an empty folder of the test's own."""
    for size in FILES:
        monkeypatch.setitem(FILES, size, tmp_path / f"{size}.onnx")
    return dict(FILES)  # type: ignore[arg-type]


def test_auto_takes_lite_on_a_cpu_and_names_it_where_it_is_missing(files: dict[str, Path]) -> None:
    write_network(files["full"], "full")
    assert best_model("cpu") == "lite", "full is too slow for a CPU to be taken unasked"
    with pytest.raises(ModelError, match=r"lite\.onnx.*missing"):
        make_regressor("auto", "cpu")
    write_network(files["lite"], "lite")
    made = make_regressor("auto", "cpu")
    assert isinstance(made, PictureRegressor)
    assert made.size == "lite"


def test_auto_takes_full_on_cuda_and_comes_back_where_cuda_does_not_start(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if cuda_problem() is None:
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(regressor_choice, "cuda_problem", lambda: None)
    write_network(files["lite"], "lite")
    assert best_model("auto") == "lite"
    write_network(files["full"], "full")
    assert (best_model("auto"), best_model("cuda"), best_model("cpu")) == ("full", "full", "lite")
    made = make_regressor("auto", "auto")  # the session ends up on the CPU
    assert isinstance(made, PictureRegressor)
    assert made.size == "lite"


def test_what_was_asked_for_by_name_is_taken_or_named(files: dict[str, Path]) -> None:
    for size in ("lite", "full"):
        with pytest.raises(ModelError, match=rf"{size}\.onnx.*missing"):
            make_regressor(size, "cpu")
        write_network(files[size], size)  # type: ignore[arg-type]
        made = make_regressor(size, "cpu")
        assert isinstance(made, PictureRegressor)
        assert made.size == size
    assert isinstance(make_regressor("geometric", "cpu"), GeometricRegressor)
    with pytest.raises(ModelError, match="'huge': use one of auto, full, lite, geometric"):
        make_regressor("huge", "cpu")
    files["lite"].write_bytes(b"cut")
    with pytest.raises(ModelError, match=r"lite\.onnx"):
        make_regressor("auto", "cpu")
