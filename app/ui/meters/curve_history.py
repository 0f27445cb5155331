"""The last minute of every curve, frame by frame, written on the pipeline's thread and read on the GUI's."""

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture import Frame
from app.face_frame import FaceFrame
from app.ui.meters.curves import CURVES, values

SPAN_S: Final = 60.0
ROWS: Final = 7200
"""A minute at 120 frames a second; of faster sources less than a minute is kept."""
GAP_S: Final = 1.0
"""Frames further apart are not joined by a line."""


@dataclass(frozen=True)
class Slice:
    """What was seen up to one moment. Arrays belong to whoever asked."""

    first: int
    """Number of its first row since the source began: bins that are counted from it do not wander."""
    time_s: NDArray[np.float64]
    """(n,) seconds before the newest frame, 0 or less, growing."""
    media_s: NDArray[np.float64]
    """(n,) position in the source, seconds."""
    frame: NDArray[np.int64]
    """(n,) index of the frame in the source; -1 marks a gap, not a frame."""
    values: NDArray[np.float32]
    """(n, curves asked for) in the units of ``app.ui.meters.curves``; NaN without a face."""
    take_s: float | None = None
    """How long the take is, where this is all of one."""


class CurveHistory:
    """A ring of all values of a face: a curve that is added to the charts has its past at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._time_s = np.zeros(ROWS)
        self._media_s = np.zeros(ROWS)
        self._frame = np.zeros(ROWS, np.int64)
        self._values = np.zeros((ROWS, len(CURVES)), np.float32)
        self._count = 0

    @property
    def version(self) -> int:
        """Grows with every frame."""
        return self._count

    def clear(self) -> None:
        with self._lock:
            self._count = 0

    def add(self, frame: Frame, face: FaceFrame) -> None:
        """A listener of the pipeline: one frame more. Gaps are put where the source jumped or was silent."""
        row = values(face)
        with self._lock:
            if self._count:
                last_s = self._time_s[(self._count - 1) % ROWS]
                if frame.jump or not 0 <= face.time_s - last_s <= GAP_S:
                    if face.time_s < last_s:
                        self._count = 0  # another clock: what was before cannot be placed
                    else:
                        self._put(face.time_s, face.media_time_s, -1, np.full_like(row, np.nan))
            self._put(face.time_s, face.media_time_s, face.index, row)

    def _put(self, time_s: float, media_s: float, frame: int, row: NDArray[np.float32]) -> None:
        at = self._count % ROWS
        self._time_s[at], self._media_s[at], self._frame[at] = time_s, media_s, frame
        self._values[at] = row
        self._count += 1

    def last(self, columns: list[int], span_s: float = SPAN_S) -> Slice:
        """The newest ``span_s`` seconds of some curves (indices into ``CURVES``)."""
        with self._lock:
            rows = np.arange(max(0, self._count - ROWS), self._count)
            at = rows % ROWS
            time_s = self._time_s[at] - (self._time_s[at[-1]] if len(at) else 0.0)
            keep = int(np.searchsorted(time_s, -span_s))
            at = at[keep:]
            return Slice(
                first=int(rows[keep]) if len(at) else 0,
                time_s=time_s[keep:],
                media_s=self._media_s[at],
                frame=self._frame[at],
                values=self._values[at[:, None], columns],
            )


def thin(piece: Slice, most: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """As few points as ``most`` pixels need: of each bin the least and the greatest value in their order in time.

    Bins lie on row numbers of the whole run: as time goes on points leave on the left, and none moves.

    Returns:
        Times (m,) and values (m, curves), with m <= about 2 * ``most``.
    """
    each = len(piece.time_s) // max(most, 1)
    if each < 2:
        return piece.time_s, piece.values
    skip = -piece.first % each
    bins = (len(piece.time_s) - skip) // each
    whole = piece.values[skip : skip + bins * each].reshape(bins, each, -1)
    starts = piece.time_s[skip : skip + bins * each : each]
    middles = piece.time_s[skip + each // 2 : skip + bins * each : each]
    least, greatest = np.fmin.reduce(whole, axis=1), np.fmax.reduce(whole, axis=1)
    falls = np.where(np.isnan(whole), np.inf, whole).argmin(1) > np.where(np.isnan(whole), -np.inf, whole).argmax(1)
    out = np.empty((2 * bins, whole.shape[2]), np.float32)
    out[0::2], out[1::2] = np.where(falls, greatest, least), np.where(falls, least, greatest)
    rest = slice(skip + bins * each, None)
    time_s = np.concatenate([np.stack([starts, middles], axis=1).ravel(), piece.time_s[rest]])
    return time_s, np.concatenate([out, piece.values[rest]])
