"""The one-way arrows of the house, read from the sources and tried in a fresh interpreter."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QT = {"PySide6", "PyQt5", "PyQt6", "qtpy", "pyvistaqt", "shiboken6"}


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, in full: ``from a import b`` counts as ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports here are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(folder: str, forbidden: set[str], besides: str = "") -> list[str]:
    """``file: module`` for every import in ``folder`` of a package in ``forbidden``, except under ``besides``."""
    found = []
    for path in sources(folder):
        name = path.relative_to(ROOT).as_posix()
        if besides and name.startswith(besides):
            continue
        found += [f"{name}: {m}" for m in imports(path) if any(m == f or m.startswith(f + ".") for f in forbidden)]
    return found


def test_the_reader_of_imports_sees_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import torch.nn as nn\ndef f():\n    from models.runtime import sessions\n")
    assert list(imports(path)) == ["torch.nn", "models.runtime.sessions"]


def test_rig_imports_neither_app_nor_models() -> None:
    assert sources("rig")
    assert offenders("rig", {"app", "models"}) == []


def test_models_do_not_import_app() -> None:
    assert sources("models")
    assert offenders("models", {"app"}) == []


def test_app_uses_only_the_runtime_of_models() -> None:
    found = [line for line in offenders("app", {"models"}) if ": models.runtime" not in line]
    assert found == []


def test_no_torch_where_a_user_runs() -> None:
    assert offenders("app", {"torch"}) == []
    assert offenders("models/runtime", {"torch"}) == []


def test_qt_only_under_app_ui() -> None:
    assert offenders("app", QT, besides="app/ui/") == []
    assert offenders("models", QT) == []
    assert offenders("rig", QT) == []


BLOCKED = """
import importlib, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("blocked: " + name)
sys.meta_path.insert(0, Block())
for name in {names!r}:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("blocked", [{"torch"}, QT], ids=["without torch", "without Qt"])
def test_headless_modules_load_without(blocked: set[str]) -> None:
    files = [p for p in (*sources("app"), *sources("models/runtime")) if not p.is_relative_to(ROOT / "app" / "ui")]
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in files]
    assert "app.cli" in names
    code = BLOCKED.format(blocked=blocked, names=names)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
