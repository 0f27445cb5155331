"""Libraries that other threads import are loaded by the system's own call first, and imported as ever."""

import importlib.machinery
import subprocess
import sys
from pathlib import Path

import pytest

from app.ui.early_linking import link

ROOT = Path(__file__).parents[3]
SPEC = importlib.machinery.PathFinder.find_spec("pyexpat")
PYEXPAT = SPEC.origin or "" if SPEC is not None else ""
"""Path of a library that hardly anybody imports."""
needs_library = pytest.mark.skipif(not PYEXPAT, reason="this Python has pyexpat built in")

LINKED = """
import sys
from app.ui.early_linking import link
path = sys.argv[1]
assert path not in open("/proc/self/maps").read(), "loaded already"
link(path)
assert path in open("/proc/self/maps").read()
import pyexpat
assert pyexpat.__file__ == path and pyexpat.ParserCreate() is not None
"""

THREADS = """
import sys, threading
from app.ui import early_linking
linked = []
early_linking.link = linked.append
early_linking.link_early()
early_linking.link_early()
def work():
    import pyexpat
thread = threading.Thread(target=work)
if sys.argv[2] == "other thread":
    thread.start(); thread.join()
    assert linked == [sys.argv[1]], linked
else:
    work()
    assert linked == [], linked
assert sys.modules["pyexpat"].ParserCreate() is not None
"""


def run(code: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=ROOT)


@needs_library
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_linked_library_is_there_before_its_import() -> None:
    run(LINKED, PYEXPAT)


@needs_library
@pytest.mark.parametrize("thread", ["other thread", "own thread"])
def test_only_other_threads_link_first_and_once(thread: str) -> None:
    run(THREADS, PYEXPAT, thread)


def test_what_is_no_library_is_left_for_the_import_to_say(tmp_path: Path) -> None:
    path = tmp_path / "broken.so"
    path.write_bytes(b"no library")
    link(str(path))
    link(str(tmp_path / "missing.so"))
