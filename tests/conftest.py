"""What many tests need: real faces where they are, pictures from a file as the camera, a UDP ear on loopback."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.face_frame import FaceFrame
from rig.parameters import AU_BASE, N_CHANNELS, N_IDENTITY

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("MIEN_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real faces: ``$MIEN_DATA`` or ``../shared/data``. Never part of the repository; tests skip where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"no real faces at {DATA} (set MIEN_DATA)")
    return DATA


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a small video whose frame ``i`` is a flat grey of level ``10 + 8 * i``: the order can be read back."""

    def make(name: str = "clip.mp4", frames: int = 12, fps: float = 25.0, size: tuple[int, int] = (64, 48)) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
        assert writer.isOpened()
        for i in range(frames):
            writer.write(np.full((size[1], size[0], 3), 10 + 8 * i, np.uint8))
        writer.release()
        return path

    return make


@pytest.fixture
def make_face() -> Callable[..., FaceFrame]:
    """A face at rest, looking straight ahead; any field can be given."""

    def make(index: int = 0, fps: float = 25.0, **fields: object) -> FaceFrame:
        landmarks = np.stack([np.linspace(100, 200, 478), np.linspace(50, 150, 478), np.zeros(478)], axis=1)
        values: dict[str, object] = {
            "index": index,
            "time_s": 100.0 + index / fps,
            "wall_time_s": 1_700_000_000.25 + index / fps,
            "media_time_s": index / fps,
            "image_size": (320, 240),
            "tracked": True,
            "confidence": 0.875,
            "landmarks": landmarks.astype(np.float32),
            "head_rotation": np.array([0, 0, 0, 1], np.float32),
            "head_euler_deg": np.zeros(3, np.float32),
            "head_position_m": np.array([0.01, -0.02, 0.6], np.float32),
            "gaze_left_deg": np.zeros(2, np.float32),
            "gaze_right_deg": np.zeros(2, np.float32),
            "au": np.full(N_CHANNELS, AU_BASE, np.float32),
            "arkit": np.zeros(52, np.float32),
            "identity": np.full(N_IDENTITY, 0.5, np.float32),
            "state": "tracking",
        }
        return FaceFrame(**{**values, **fields})  # type: ignore[arg-type]

    return make


class UdpEar:
    """A bound UDP socket on loopback."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"

    def receive(self, timeout_s: float = 5.0) -> bytes:
        """The next packet; raises ``TimeoutError``."""
        self._socket.settimeout(timeout_s)
        return self._socket.recv(65536)

    def drain(self) -> list[bytes]:
        """Every packet that has arrived."""
        packets = []
        self._socket.setblocking(False)
        try:
            while True:
                packets.append(self._socket.recv(65536))
        except BlockingIOError:
            return packets

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def udp_ear() -> Iterator[UdpEar]:
    ear = UdpEar()
    yield ear
    ear.close()
