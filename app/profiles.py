"""Profiles on disk: a person at rest, kept from one session to the next.

An ``.npz`` with ``version``, ``neutral_m`` (478, 3), and where a picture network ran ``code`` (C,) and ``network``, the
one that made it. Codes mean something to that network only; the landmarks are everybody's.
"""

import os
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.calibration import MODES
from app.errors import UserError
from models.runtime.alignment import canonical_face

Array = NDArray[np.float32]

PROFILE_VERSION: Final = 1
"""Files of before there were codes have the same version and no code: each reads the other's."""
PROFILE_SUFFIX: Final = ".npz"


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What is known of a person at rest."""

    neutral: Array
    """(478, 3) landmarks, aligned, head frame, metres."""
    code: Array | None = None
    """(C,) mean code of this person's pictures at rest; None where not known."""
    network: str = ""
    """Whose code it is: name, version and weights (``models.runtime.picture_regressor.PictureRegressor.network``)."""


def profile_folder() -> Path:
    """Where named profiles live: the user's own configuration folder, as the platform has it."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "Mien" / "profiles"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Mien" / "profiles"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "mien" / "profiles"


def named_profile(name: str) -> Path:
    """The file of :func:`profile_folder` that a profile of this name has. Raises ``UserError`` for an unusable name."""
    if name in MODES:
        raise UserError(f"{name!r} is a way to calibrate, so a profile cannot be called that: choose another name")
    if not re.fullmatch(r"[\w][\w .-]*", name) or name.endswith(PROFILE_SUFFIX):
        raise UserError(f"{name!r} is no name for a profile: use letters, digits, spaces, dots and dashes")
    return profile_folder() / (name + PROFILE_SUFFIX)


def profile_path(profile: str | Path) -> Path:
    """A path as it is; a bare name as :func:`named_profile` has it, with its ``UserError``."""
    text = str(profile)
    if text.endswith(PROFILE_SUFFIX) or "/" in text or os.sep in text:
        return Path(text).expanduser()
    return named_profile(text)


def list_profiles() -> list[str]:
    """Names of the saved profiles, sorted."""
    return sorted(path.stem for path in profile_folder().glob("*" + PROFILE_SUFFIX))


def save_profile(name: str | Path, profile: Profile) -> Path:
    """Write it under a name or path, return the path. Raises ``UserError`` if it cannot be written."""
    path = profile_path(name)
    kept: dict[str, NDArray] = {"version": np.array(PROFILE_VERSION, np.int32)}
    kept["neutral_m"] = np.asarray(profile.neutral, np.float32)
    if profile.code is not None:
        kept |= {"code": np.asarray(profile.code, np.float32), "network": np.array(profile.network)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez(file, **kept)  # type: ignore[arg-type]
    except OSError as error:
        raise UserError(f"profile {path} cannot be written: {error.strerror or error}") from error
    return path


def delete_profile(name: str) -> None:
    """Take a named profile off the disk. Raises ``UserError`` for one that is not there or cannot be deleted."""
    path = named_profile(name)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise UserError(f"there is no profile {name} ({path}) that could be deleted") from error
    except OSError as error:
        raise UserError(f"profile {path} cannot be deleted: {error.strerror or error}") from error


def load_profile(name: str | Path) -> Profile:
    """A saved profile. Raises ``UserError`` for one that is missing, damaged or of another version."""
    path = profile_path(name)
    if not path.is_file():
        known = ", ".join(list_profiles()) or "none yet"
        modes = ", ".join(MODES)
        raise UserError(f"there is no profile {name} ({path}); saved profiles: {known}; or use one of {modes}")
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            version, neutral = int(file["version"]), np.asarray(file["neutral_m"], np.float32)
            code = np.asarray(file["code"], np.float32) if "code" in file else None
            network = str(file["network"]) if "network" in file else ""
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(f"profile {path} is damaged or no profile: calibrate again and save it anew") from error
    if version != PROFILE_VERSION:
        raise UserError(f"profile {path} has version {version}, this Mien reads {PROFILE_VERSION}: calibrate again")
    whole = neutral.shape == canonical_face().shape and np.isfinite(neutral).all()
    if not whole or (code is not None and (code.ndim != 1 or not np.isfinite(code).all())):
        raise UserError(f"profile {path} is damaged: calibrate again and save it anew")
    return Profile(neutral, code, network)
