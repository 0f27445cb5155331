"""The picture regressors' contract, IO binding, and which regressor is taken, on networks of a few nodes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.runtime import regressor_choice
from models.runtime.alignment import canonical_face
from models.runtime.bound_session import BoundSession
from models.runtime.crop import SIZE
from models.runtime.person_heads import CHANGED, MOVED_M, PersonHeads
from models.runtime.picture_regressor import FILES, FULL, LITE, LITE_PERSON, PictureRegressor, contract_of
from models.runtime.regressor import GEOMETRIC_FILE, GeometricRegressor
from models.runtime.regressor_choice import best_model, make_regressor
from models.runtime.sessions import ModelError, Session, cuda_problem

onnx = pytest.importorskip("onnx", reason="onnx comes with the train extra")
from picture_networks import write_network, write_person  # noqa: E402

FACE = canonical_face()
RNG = np.random.default_rng(2)


def picture(level: int = 100) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), level, np.uint8)


def test_the_contract_is_what_training_and_export_rely_on() -> None:
    assert list(LITE.inputs) == ["picture", "landmarks", "neutral", "neutral_code"]
    assert list(FULL.outputs) == ["au", "pose", "gaze_deg", "identity", "brow_style", "code"]
    assert list(LITE.outputs) == ["au", "pose", "gaze_deg", "code"], "who a person is, is read apart"
    assert list(LITE_PERSON.outputs) == ["identity", "brow_style"]
    assert (LITE_PERSON.name, LITE_PERSON.version) == ("picture-regressor-lite-person", LITE.version)
    assert (LITE.name, FULL.name) == ("picture-regressor-lite", "picture-regressor-full")
    assert LITE.inputs["picture"].shape == (None, 128, 128, 3)
    assert [c.outputs["code"].shape[1] for c in (LITE, FULL)] == [128, 256]


def test_outputs_land_where_they_belong(tmp_path: Path) -> None:
    made = PictureRegressor.load("lite", "cpu", write_network(tmp_path / "lite.onnx", "lite"))
    assert (made.size, made.code_size, made.device) == ("lite", 128, "cpu")
    assert made.network == "picture-regressor-lite 2 tiny"
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
    plain, bound = Session(path, contract, "cpu"), BoundSession(path, contract, "cpu")
    code = RNG.normal(size=(1, contract.outputs["code"].shape[1] or 0)).astype(np.float32)
    calls = [
        (picture(level)[None], FACE[None] + np.float32(shift), FACE[None], code * np.float32(shift))
        for level, shift in ((10, 0.1), (90, 0.3))
    ]
    answers = [bound.run(*call) for call in calls]
    for call, answer in zip(calls, answers, strict=True):  # compared after the last call: buffers are not shared
        for name, got, expected in zip(contract.outputs, answer, plain.run(*call), strict=True):
            np.testing.assert_array_equal(got, expected, err_msg=name)
    assert not np.array_equal(answers[0][-1], answers[1][-1])


# ------------------------------------------------------------ who it is


class Counting(Session):
    runs = 0

    def run(self, *inputs: Any) -> list[Any]:
        self.runs += 1
        return super().run(*inputs)


@pytest.fixture
def person(tmp_path: Path) -> tuple[PersonHeads, Counting]:
    session = Counting(write_person(tmp_path / "lite_person.onnx"), LITE_PERSON, "cpu")
    return PersonHeads(session), session


def code_of(level: float) -> np.ndarray:
    return np.full(128, level, np.float32)


def test_a_known_person_is_read_once(person: tuple[PersonHeads, Counting]) -> None:
    heads, session = person
    for present in (0.1, 0.9):
        identity, styles = heads.read(FACE, code_of(present), code_of(0.5))
        np.testing.assert_allclose(identity, np.full(208, 0.5), atol=1e-6)
        assert styles.argmax() == 7
    assert session.runs == 1
    heads.read(FACE + np.float32(0.5 * MOVED_M / np.sqrt(3)), code_of(0.1), code_of(0.5 * (1 + CHANGED / 2)))
    assert session.runs == 1, "as good as unchanged"


def test_another_rest_is_read_anew_also_where_it_crept_there(person: tuple[PersonHeads, Counting]) -> None:
    heads, session = person
    heads.read(FACE, code_of(0.1), code_of(0.5))
    identity, _ = heads.read(FACE, code_of(0.1), code_of(0.6))
    np.testing.assert_allclose(identity, np.full(208, 0.6), atol=1e-6)
    heads.read(FACE + np.float32(2 * MOVED_M), code_of(0.1), code_of(0.6))
    assert session.runs == 3
    neutral, code = np.array(FACE), code_of(0.6)
    for _ in range(20):  # an estimate that is changed in place, a little with every frame
        neutral += np.float32(0.2 * MOVED_M)
        code *= np.float32(1 + 0.2 * CHANGED)
        identity, _ = heads.read(neutral, code_of(0.1), code)
    assert 5 <= session.runs <= 15
    np.testing.assert_allclose(identity, np.full(208, code[0]), rtol=1.1 * CHANGED)


def test_while_rest_is_not_known_the_present_picture_tells(person: tuple[PersonHeads, Counting]) -> None:
    heads, session = person
    for level in (0.25, 0.25, 0.5):
        identity, _ = heads.read(FACE, code_of(level), code_of(0))
        np.testing.assert_allclose(identity, np.full(208, 1 + level), atol=1e-6)
    assert session.runs == 3


def test_lite_reads_its_person_and_refuses_anothers(tmp_path: Path) -> None:
    path = write_network(tmp_path / "lite.onnx", "lite")
    read = PictureRegressor.load("lite", "cpu", path).predict(picture(102), FACE, FACE, code_of(0.3))
    np.testing.assert_allclose(read.identity, np.full(208, 0.3), atol=1e-6)
    write_person(tmp_path / "lite_person.onnx", weights="others")
    with pytest.raises(ModelError, match=r"lite_person\.onnx: made of other weights \(others\)"):
        PictureRegressor.load("lite", "cpu", path)
    (tmp_path / "lite_person.onnx").unlink()
    with pytest.raises(ModelError, match=r"lite_person\.onnx.*missing"):
        PictureRegressor.load("lite", "cpu", path)


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
