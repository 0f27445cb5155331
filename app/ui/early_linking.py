"""Links the libraries that other threads import without Python's lock (the GIL).

An import keeps the lock while the system links, for some of VTK's libraries 100 ms, and the GUI thread waits for it.
Here the same library is linked before, by a call that goes without; Python then finds it loaded.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import ModuleType


@cache
def link_early() -> None:
    """From now on, for all threads but the one that calls this: it would wait for its own libraries anyway."""
    own, create = threading.get_ident(), ExtensionFileLoader.create_module

    def linked_first(self: ExtensionFileLoader, spec: ModuleSpec) -> ModuleType:
        if threading.get_ident() != own:
            link(self.path)
        return create(self, spec)

    # Not by a finder of our own: VTK brings one that comes before all others, and a loader derived from this one.
    ExtensionFileLoader.create_module = linked_first  # type: ignore[method-assign]


def link(path: str) -> None:
    """Load a library and what it needs; whatever goes wrong is left for the import to say."""
    with suppress(OSError, AttributeError, ValueError):
        _linker()(path)


@cache
def _linker() -> Callable[[str], object]:
    # The system's own function, called as a foreign one, which is without the lock: ctypes.CDLL(path) would keep it.
    if sys.platform == "win32":
        load = ctypes.WinDLL("kernel32").LoadLibraryExW
        load.argtypes, load.restype = (ctypes.c_wchar_p, ctypes.c_void_p, ctypes.c_uint32), ctypes.c_void_p
        near_and_usual = 0x100 | 0x1000  # LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | _DEFAULT_DIRS, as Python's own
        return lambda path: load(path, None, near_and_usual)
    open_library = ctypes.CDLL(None).dlopen
    open_library.argtypes, open_library.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    return lambda path: open_library(os.fsencode(path), sys.getdlopenflags())
