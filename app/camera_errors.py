"""Why a camera cannot be had, in one line that says what to do on this platform, and what the system said."""

import os
import sys
from pathlib import Path

import cv2


def refusal(index: int) -> OSError:
    """What the system says to who opens a camera; OpenCV keeps that to itself."""
    if sys.platform.startswith("linux"):
        device = Path(f"/dev/video{index}")
        try:
            os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
        except OSError as error:
            return error
    backends = ", ".join(cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getCameraBackends())
    return OSError(f"OpenCV {cv2.__version__} ({backends}) does not open camera {index}")


def users_of(device: Path) -> list[str]:
    """Names of this user's other programs that have a device open (Linux)."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            process = link.parent.parent
            if process.name != str(os.getpid()) and os.readlink(link) == str(device):
                found.add((process / "comm").read_text().strip())
        except OSError:
            continue  # ended while we looked, or somebody else's
    return sorted(found)


def why_no_camera(index: int) -> str:
    """One line that says what is wrong with a camera that does not open, and what to do on this platform."""
    if sys.platform.startswith("linux"):
        device = Path(f"/dev/video{index}")
        if not device.exists():
            return f"there is no camera {index} ({device} does not exist): plug one in, or give a video file or 'demo'"
        if not os.access(device, os.R_OK | os.W_OK):
            return (
                f"camera {index}: no permission for {device}; add yourself to the group 'video' "
                "(sudo usermod -aG video $USER) and log in again"
            )
        if users := users_of(device):
            return f"camera {index} is in use by {', '.join(users)}: close that and try again"
        return f"camera {index} ({device}) cannot be opened: it is in use by another program, or gives no pictures"
    return f"camera {index} cannot be opened: it is missing, in use, or forbidden; {_where_allowed()}"


def why_no_picture(index: int) -> str:
    """The same for one that opens and stays silent."""
    users = users_of(Path(f"/dev/video{index}")) if sys.platform.startswith("linux") else []
    text = f"camera {index} opens but gives no picture: "
    if users:
        return text + f"{', '.join(users)} is using it; close that and try again"
    text += "another program may be using it; close that and try again"
    return text if sys.platform.startswith("linux") else f"{text}; {_where_allowed()}"


def _where_allowed() -> str:
    if sys.platform == "darwin":
        return (
            "allow the camera for Mien (or for the terminal that started it) in System Settings > Privacy & Security "
            "> Camera, then start Mien again"
        )
    return "switch on 'Let desktop apps access your camera' in Settings > Privacy & security > Camera"
