"""``mien doctor``: what was found on this machine, what would be used, and what to do where something is missing."""

import hashlib
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from app.capture import DEMO_CLIP, open_capture

PORTS: Final = {
    9000: "VRChat and most OSC tools",
    39539: "VMC renderers",
    39540: "VMC performers",
    11111: "Live Link (Unreal)",
    49983: "iFacialMocap receivers",
}
MAX_CAMERAS = 4
GRAPHICS_TIMEOUT_S = 60
GRAPHICS_TEST: Final = """
import pyvista
p = pyvista.Plotter(off_screen=True, window_size=(64, 64))
p.add_mesh(pyvista.Sphere(), color="red")
p.render()
image = p.screenshot(return_img=True)
middle, corner = image[32, 32].astype(int), image[0, 0].astype(int)
assert abs(middle - corner).max() > 50, "the picture is empty"
info = pyvista.GPUInfo()
print(info.renderer, "|", info.version)
"""

Finding = tuple[bool, str]
"""(all is well, one line)"""


def run_doctor() -> int:
    """Print everything; 0 if Mien can run here, 2 if something it needs is missing. Never raises."""
    healthy = True
    for title in CHECKS:
        findings = examine(title)
        print("\n".join(lines_of(title, findings)), flush=True)
        healthy &= can_run(title, findings)
    print(verdict(healthy))
    return 0 if healthy else 2


def examine(title: str) -> list[Finding]:
    """What one of ``CHECKS`` found. Never raises."""
    try:
        return list(CHECKS[title]())
    except Exception as error:  # a doctor that dies of a symptom is no help
        return [(False, f"could not be looked at: {type(error).__name__}: {' '.join(str(error).split())}")]


def lines_of(title: str, findings: list[Finding]) -> list[str]:
    """The findings of one check as they are printed."""
    return [
        f"{title if i == 0 else '':<10} {'ok' if well else '--'}  {text}" for i, (well, text) in enumerate(findings)
    ]


def can_run(title: str, findings: list[Finding]) -> bool:
    """Whether Mien can do without what this check did not find."""
    return title not in NEEDED or all(well for well, _ in findings)


def verdict(healthy: bool) -> str:
    return "Mien can run here." if healthy else "Mien cannot run here until the lines marked -- are mended."


def _system() -> Iterator[Finding]:
    well = sys.version_info >= (3, 11)
    yield (
        well,
        f"Python {platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
        + ("" if well else "; Mien needs Python 3.11 or newer"),
    )


def _packages() -> Iterator[Finding]:
    names = ("numpy", "opencv-python", "onnxruntime-gpu", "onnxruntime", "mediapipe", "PySide6", "pyvista")
    found, missing = [], []
    for name in (*names, "python-osc", "scipy", "tqdm"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    missing = [m for m in missing if not m.startswith("onnxruntime") or not any("onnxruntime" in f for f in found)]
    yield True, ", ".join(found)
    if missing:
        yield False, f"missing: {', '.join(missing)}; pip install {' '.join(missing)}"


def _providers() -> Iterator[Finding]:
    import onnxruntime as ort

    from models.runtime.sessions import cuda_problem

    problem = cuda_problem()
    yield True, f"onnxruntime {ort.__version__} offers {', '.join(ort.get_available_providers())}"
    yield True, "networks would run on cuda" if problem is None else f"networks would run on cpu ({problem})"


def _models() -> Iterator[Finding]:
    from models.runtime.picture_regressor import FILES
    from models.runtime.regressor_choice import best_model
    from models.runtime.sessions import ASSETS, ModelError, Session

    files = sorted(ASSETS.rglob("*.onnx"))
    if not files:
        yield False, f"no network file in {ASSETS}: install Mien again"
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        try:
            meta = Session(path, device="cpu").metadata
        except ModelError as error:
            yield False, str(error)
            continue
        version = f"{meta.get('name', 'no name')} version {meta.get('contract_version', '?')}"
        yield True, f"{path.name}: {version}, {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}"
    for size, path in FILES.items():
        if not path.is_file():
            needed = size == "lite"
            yield (
                not needed,
                f"{path.name}: not there, "
                + ("install Mien again" if needed else f"so --model {size} cannot be asked for"),
            )
    yield True, f"--model auto takes {best_model('auto')}"


def _cameras() -> Iterator[Finding]:
    if sys.platform.startswith("linux"):
        numbers = sorted(int(p.name[5:]) for p in Path("/dev").glob("video*") if p.name[5:].isdigit())
    else:
        numbers = list(range(MAX_CAMERAS))
    found = False
    for number in numbers:
        name_file = Path(f"/sys/class/video4linux/video{number}/name")
        name = f" ({name_file.read_text().strip()})" if name_file.is_file() else ""
        capture = open_capture(number)
        if capture is None:
            if sys.platform.startswith("linux"):
                yield False, f"camera {number}{name} does not open: in use, not permitted, or no picture device"
            continue
        found = True
        ok, picture = capture.read()
        capture.release()
        if ok:
            yield True, f"camera {number}{name} gives {picture.shape[1]}x{picture.shape[0]}"
        else:
            yield False, f"camera {number}{name} opens but gives no picture: close the program that uses it"
    if not found:
        yield False, "none found: plug one in, or use a video file or 'demo'"


def _demo() -> Iterator[Finding]:
    if DEMO_CLIP.is_file():
        yield True, f"{DEMO_CLIP.name}, {DEMO_CLIP.stat().st_size / 1e6:.1f} MB"
    else:
        yield False, f"no clip at {DEMO_CLIP}: 'mien demo' cannot run; install Mien again"


def _graphics() -> Iterator[Finding]:
    """In a process of its own: a broken OpenGL ends the process, not with an error but with a crash."""
    command = [sys.executable, "-c", GRAPHICS_TEST]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GRAPHICS_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        yield False, f"OpenGL gave no picture within {GRAPHICS_TIMEOUT_S} s: update the graphics driver"
        return
    if done.returncode == 0:
        yield True, f"off-screen OpenGL works: {done.stdout.strip().splitlines()[-1]}"
    else:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        remedy = (
            "apt install libgl1 libegl1 (or run under xvfb-run)" if sys.platform == "linux" else "update the driver"
        )
        yield False, f"no off-screen OpenGL, so no window and no --render ({why}): {remedy}"


def _ports() -> Iterator[Finding]:
    for port, who in PORTS.items():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                yield True, f"UDP {port} ({who}): nobody listens on this machine"
            except OSError:
                yield True, f"UDP {port} ({who}): a program listens here"


CHECKS: Final[dict[str, Callable[[], Iterator[Finding]]]] = {
    "system": _system,
    "packages": _packages,
    "compute": _providers,
    "models": _models,
    "demo": _demo,
    "cameras": _cameras,
    "graphics": _graphics,
    "ports": _ports,
}
NEEDED: Final = ("system", "packages", "compute", "models")
"""Without a camera or OpenGL, files can still be tracked."""
