"""The stage window and what it offers; no scene is needed for that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QMenu

from app.ui.preferences import Preferences
from app.ui.stage.rig_picture import cover
from app.ui.stage.rig_view import RigView
from app.ui.stage.stage_settings import CHROMA, StageSettings
from app.ui.stage.stage_view import SIZES, StageView
from app.ui.style.theme import DARK, LIGHT

WAIT_MS = 60_000


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def rig(qtbot: Any) -> RigView:
    made = RigView(DARK)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def stage(qtbot: Any, rig: RigView, preferences: Preferences) -> Iterator[StageView]:
    made = StageView(rig, StageSettings(preferences, rig), preferences)
    yield made
    made.close()
    made.deleteLater()


def test_opening_asks_for_a_picture_and_esc_gives_it_back(stage: StageView, rig: RigView, qtbot: Any) -> None:
    told: list[bool] = []
    stage.opened.connect(told.append)
    stage.set_open(True)
    assert rig._outlets["stage"] == (stage.width(), stage.height())
    stage.resize(500, 400)
    qtbot.waitUntil(lambda: rig._outlets["stage"] == (500, 400))
    qtbot.keyClick(stage, Qt.Key.Key_Escape)
    assert not stage.isVisible()
    assert "stage" not in rig._outlets
    assert told == [True, False]


def test_it_is_frameless_and_comes_back_where_it_was(
    stage: StageView, rig: RigView, preferences: Preferences, qtbot: Any
) -> None:
    assert stage.windowFlags() & Qt.WindowType.FramelessWindowHint
    stage.set_open(True)
    stage.move(40, 30)
    stage.resize(300, 320)
    qtbot.waitUntil(lambda: stage.geometry().getRect() == (40, 30, 300, 320))
    stage.set_on_top(True)
    assert stage.isVisible()
    assert stage.on_top
    stage.set_mirrored(True)
    stage.close()
    again = StageView(rig, StageSettings(preferences, rig), preferences)
    assert again.on_top
    assert again.mirrored
    assert again.size().toTuple() == (300, 320)
    again.deleteLater()


def test_a_broken_place_is_forgotten(rig: RigView, preferences: Preferences) -> None:
    preferences.set_value("stage/place", ["x", 1, True])
    stage = StageView(rig, StageSettings(preferences, rig), preferences)
    assert stage.width() > 300
    off = stage.geometry().center() - rig.screen().availableGeometry().center()
    assert off.manhattanLength() <= 2, "it stands in the middle of the screen"
    stage.deleteLater()


def test_arrows_move_and_resize(stage: StageView, qtbot: Any) -> None:
    stage.set_open(True)
    stage.move(100, 100)
    qtbot.waitUntil(lambda: stage.pos() == QPoint(100, 100))
    qtbot.keyClick(stage, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: stage.pos() == QPoint(110, 100))
    width = stage.width()
    qtbot.keyClick(stage, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert stage.width() == width - 10


def test_edges_resize_and_the_middle_moves(stage: StageView) -> None:
    stage.resize(400, 300)
    assert stage._edges(QPointF(200, 150)) == Qt.Edge(0)
    assert stage._edges(QPointF(2, 150)) == Qt.Edge.LeftEdge
    assert stage._edges(QPointF(398, 298)) == Qt.Edge.RightEdge | Qt.Edge.BottomEdge


def test_the_menu_changes_framing_light_background_and_size(
    stage: StageView, rig: RigView, preferences: Preferences, qtbot: Any
) -> None:
    menu = stage.menu()
    entries = {action.text().partition("\t")[0]: action for action in menu.actions()}
    for title, key, text, value in (
        ("Framing", "view", "Profile, left side", "profile-left"),
        ("Light", "light", "Rim", "rim"),
        ("Background", "background", "Green (chroma key)", "green"),
    ):
        inner = entries[title].menu()
        inner.aboutToShow.emit()
        next(action for action in inner.actions() if action.text() == text).trigger()
        assert preferences.value(f"stage/{key}", "") == value
    assert rig.camera.view == "profile-left"
    assert rig.backdrop == CHROMA["green"]
    inner = entries["Size"].menu()
    next(action for action in inner.actions() if action.text() == "1280 × 720").trigger()
    assert stage.size() == SIZES["1280 × 720"]
    entries["Always on top"].trigger()
    assert stage.on_top
    with qtbot.waitSignal(stage.opened, timeout=WAIT_MS):  # the panel's box follows
        entries["Mirror"].trigger()
    assert stage.mirrored


def test_settings_persist_and_broken_ones_fall_back(rig: RigView, preferences: Preferences) -> None:
    settings = StageSettings(preferences, rig)
    settings.set("light", "rim")
    settings.set_colour("#123456")
    other = StageSettings(preferences, rig)
    assert other.values == {"view": "head", "light": "rim", "background": "colour"}
    assert rig.backdrop == "#123456"
    preferences.set_value("stage/light", "disco")
    preferences.set_value("stage/colour", "reddish")
    assert settings.values["light"] == other.values["light"] == "portrait"
    assert settings.colour.startswith("#")
    settings.set("background", "theme")
    rig.set_theme(LIGHT)
    assert rig.backdrop == LIGHT.stage


def test_a_framing_chosen_again_undoes_what_was_turned(rig: RigView, preferences: Preferences) -> None:
    settings = StageSettings(preferences, rig)
    rig.turn(100, 0)
    settings.set("view", "head")
    assert rig.camera.yaw_deg == 0


def test_it_shows_the_views_own_picture(stage: StageView, rig: RigView) -> None:
    image = QImage(100, 100, QImage.Format.Format_RGB888)
    image.fill(0xFF0000)
    for x in range(50):
        for y in range(100):
            image.setPixelColor(x, y, 0x0000FF)
    rig._image = image
    stage.resize(200, 200)
    shot = stage.grab().toImage()
    assert shot.pixelColor(20, 100).blue() > 200
    assert shot.pixelColor(180, 100).red() > 200
    stage.set_mirrored(True)
    assert stage.grab().toImage().pixelColor(20, 100).red() > 200


def test_a_narrow_area_keeps_the_ears_of_a_wide_picture(qtbot: Any) -> None:
    image = QImage(200, 100, QImage.Format.Format_RGB888)
    image.fill(0x00FF00)
    for x in range(65, 135):  # as wide as a head with its ears is, for its height
        for y in range(100):
            image.setPixelColor(x, y, 0xFF0000)
    area = QImage(40, 100, QImage.Format.Format_RGB888)
    area.fill(0)
    painter = QPainter(area)
    cover(painter, image, QSizeF(area.size()))
    painter.end()
    middle = [area.pixelColor(x, 50) for x in (0, 20, 39)]
    assert [c.green() > 200 for c in middle] == [True, False, True]
    assert middle[1].red() > 200
    assert area.pixelColor(20, 2).red() == 0, "free above"


@pytest.mark.parametrize(
    ("key", "held"),
    [(Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)],
)
def test_keys_open_the_menu(stage: StageView, qtbot: Any, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
    stage.set_open(True)
    qtbot.keyClick(stage, key, held)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    chosen = menu.activeAction()
    assert chosen is not None
    assert chosen.text() == "Framing"
    menu.close()


def test_plus_and_minus_zoom(stage: StageView, rig: RigView, qtbot: Any) -> None:
    stage.set_open(True)
    qtbot.keyClick(stage, "+")
    assert rig.camera.zoom > 1
    qtbot.keyClick(stage, "-")
    assert rig.camera.zoom == pytest.approx(1)
