"""What this process takes of the machine: memory now, processor time. No Qt."""

import ctypes
import os
import sys
import time
from pathlib import Path
from typing import Final

from app.bench import peak_rss_mib

MIB: Final = 2**20


def memory_mib() -> float | None:
    """What is held now, MiB; the most so far where the system tells no more (macOS); None where it tells nothing."""
    if sys.platform == "win32":
        return _windows_memory_mib()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MIB
    except (OSError, ValueError, IndexError):
        return peak_rss_mib()


def _windows_memory_mib() -> float | None:
    """``WorkingSetSize`` of PROCESS_MEMORY_COUNTERS (psapi.h)."""
    names = ("peak", "working_set", "paged_peak", "paged", "other_peak", "other", "file", "file_peak")

    class Counters(ctypes.Structure):
        _fields_ = (("size", ctypes.c_uint32), ("faults", ctypes.c_uint32), *((n, ctypes.c_size_t) for n in names))

    counters = Counters(size=ctypes.sizeof(Counters))
    try:
        kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        done = kernel.K32GetProcessMemoryInfo(
            ctypes.c_void_p(kernel.GetCurrentProcess()), ctypes.byref(counters), counters.size
        )
    except (OSError, AttributeError):
        return None
    return counters.working_set / MIB if done else None


class ProcessorUse:
    """How many cores all threads kept busy between two questions."""

    def __init__(self) -> None:
        self._wall_s, self._used_s = time.perf_counter(), time.process_time()

    def cores(self) -> float:
        """Since the last time it was asked: 1.0 is one core all the time."""
        wall_s, used_s = time.perf_counter(), time.process_time()
        share = (used_s - self._used_s) / max(wall_s - self._wall_s, 1e-6)
        self._wall_s, self._used_s = wall_s, used_s
        return share
