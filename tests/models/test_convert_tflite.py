"""The converted networks give what the original TFLite files give."""

import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.runtime import detector, face_mesh
from models.runtime.sessions import ASSETS, Session

GOLDEN = Path(__file__).parent / "golden_landmarks.npz"  # made by tflite_reference.py
CONTRACTS = {"face_detector": detector.CONTRACT, "face_mesh": face_mesh.CONTRACT}
TOLERANCE = 1e-3
"""Pixels of the 128 and the 192 pixel square; sums in another order differ by a quarter of that at most."""


def open_network(name: str) -> Session:
    return Session(ASSETS / "models" / f"{name}.onnx", CONTRACTS[name], "cpu")


@pytest.fixture(scope="module")
def wheel() -> Path:
    path = Path(os.environ.get("MIEN_TFLITE_WHEEL", "absent"))
    if not path.is_file():
        pytest.skip("set MIEN_TFLITE_WHEEL to the file that `pip download --no-deps mediapipe==0.10.21` gives")
    pytest.importorskip("tflite")
    return path


@pytest.mark.parametrize("name", CONTRACTS)
def test_equals_the_golden_numbers_of_the_tflite_file(name: str) -> None:
    golden = np.load(GOLDEN)
    image = golden[f"{name}_tiles"].repeat(8, axis=0).repeat(8, axis=1)
    first, second = open_network(name).run(image[None])
    assert np.abs(first[0] - golden[f"{name}_0"]).max() < TOLERANCE
    assert np.abs(second.ravel() - golden[f"{name}_1"]).max() < 1e-4
    assert np.ptp(first) > 10  # a real answer, not a constant one


@pytest.mark.parametrize("name", CONTRACTS)
def test_metadata_states_source_licence_and_input(name: str) -> None:
    metadata = open_network(name).metadata
    assert "mediapipe==0.10.21" in metadata["source"]
    assert "Apache-2.0" in metadata["license"]
    assert metadata["image"].startswith("RGB, 0..255")


@pytest.mark.parametrize("name", CONTRACTS)
def test_equals_the_tflite_file_on_noise_and_on_faces(name: str, wheel: Path, data_dir: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT, from the test extra, is for Linux only")
    import tflite_reference as reference

    from models.convert_tflite import read_wheel

    data, network = read_wheel(wheel, name), open_network(name)
    size = CONTRACTS[name].inputs["image"].shape[1]
    run = {"face_detector": reference.detector, "face_mesh": reference.mesh}[name]
    pictures = [np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)]
    for still in sorted((data_dir / "stills").glob("*.jpg"))[::20]:
        pictures.append(cv2.resize(cv2.cvtColor(cv2.imread(str(still)), cv2.COLOR_BGR2RGB), (size, size)))
    assert len(pictures) > 2
    for picture in pictures:
        first, second = network.run(picture[None])
        expected_first, expected_second = run(data, picture)
        assert np.abs(first[0] - expected_first).max() < TOLERANCE
        assert np.abs(second.ravel() - expected_second).max() < 1e-4


def test_running_the_converter_again_gives_the_committed_files(wheel: Path, tmp_path: Path) -> None:
    from models.convert_tflite import main

    onnx = pytest.importorskip("onnx")
    assert main(["--wheel", str(wheel), "--out", str(tmp_path)]) == 0
    for name in CONTRACTS:
        made, committed = onnx.load(tmp_path / f"{name}.onnx"), onnx.load(ASSETS / "models" / f"{name}.onnx")
        assert made.graph == committed.graph
        assert made.metadata_props == committed.metadata_props


def test_another_wheel_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tflite")
    pytest.importorskip("onnx")
    from models.convert_tflite import MODELS, main

    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(MODELS["face_detector"][0], b"another network")
    for wheel in (tmp_path / "absent.whl", other):
        assert main(["--wheel", str(wheel), "--out", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "pip download --no-deps mediapipe==0.10.21" in said
