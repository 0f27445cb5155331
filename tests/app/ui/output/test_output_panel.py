"""The output panel in the window: one glance, cards that change streams, recording, takes on the face and in charts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.face_frame import FaceFrame
from app.outputs.take import read_take
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.meters.meters_panel import MetersPanel
from app.ui.output.output_panel import OutputPanel
from app.ui.style import asking
from app.ui.style.figures import clock, size_text
from app.ui.style.menu import Menu
from app.ui.window import MainWindow
from rig.parameters import CHANNEL_INDEX

WAIT_MS = 60_000
SMILE = CHANNEL_INDEX["AU12-left"]
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(make_window: MakeWindow, qtbot: Any) -> MainWindow:
    made = make_window()
    made.docks.show("output")
    qtbot.waitUntil(lambda: made.docks.is_visible("output"), timeout=WAIT_MS)
    return made


@pytest.fixture
def output(window: MainWindow) -> OutputPanel:
    panel = window.panels["output"]
    assert isinstance(panel, OutputPanel)
    return panel


def start(window: MainWindow, qtbot: Any, source: Path) -> None:
    window.start(str(source))
    qtbot.waitUntil(lambda: window.video.has_picture, timeout=WAIT_MS)


def click(qtbot: Any, widget: Any) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_one_glance_says_what_is_sent_and_recorded(
    window: MainWindow, output: OutputPanel, qtbot: Any, clip: Path, udp_ear: Any
) -> None:
    assert not output.sending.lit
    assert not output.recording.lit
    assert "No source" in output.recording.text_shown
    window.shell.streams.change(window.shell.streams.streams[0], port=udp_ear.port)
    card = output.streams_page.cards[0]
    card.on.click()
    assert "Ready to send" in output.sending.text_shown
    start(window, qtbot, clip)
    qtbot.waitUntil(lambda: output.sending.lit, timeout=WAIT_MS)
    assert "Sending" in output.sending.text_shown
    assert udp_ear.receive().startswith(b"#bundle")
    qtbot.waitUntil(lambda: card.rate.text().endswith("/ s") and card.count.whole() != "0 sent", timeout=WAIT_MS)
    click(qtbot, output.recording)  # to its page
    assert output.pages.value == "recording"
    click(qtbot, output.recording_page.record)
    qtbot.waitUntil(lambda: output.recording.lit, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: output.recording_page.numbers["frames"].text() not in ("–", "0"), timeout=WAIT_MS)
    assert output.recording_page.record.text().startswith("Stop")
    assert output.recording_page.record.property("recording") == "true"
    card.on.click()
    qtbot.waitUntil(lambda: not output.sending.lit, timeout=WAIT_MS)
    assert window.shell.recorder.recording is not None, "streams and recording do not depend on each other"
    click(qtbot, output.recording_page.record)
    assert not output.recording.lit


def test_a_stream_is_added_changed_and_removed_by_its_card(window: MainWindow, output: OutputPanel, qtbot: Any) -> None:
    page, streams = output.streams_page, window.shell.streams
    click(qtbot, page.add)
    assert len(page.cards) == len(streams.streams) == 2
    card = page.cards[1]
    qtbot.waitUntil(card.form.isVisible, timeout=WAIT_MS)
    card.host.clear()
    qtbot.keyClicks(card.host, "studio.local")
    qtbot.keyClick(card.host, Qt.Key.Key_Return)
    card.port.setValue(9123)
    qtbot.keyClick(card.port, Qt.Key.Key_Return)
    card.limit.setValue(30)
    qtbot.keyClick(card.limit, Qt.Key.Key_Return)
    card.part.chosen.emit("arkit")
    settings = streams.streams[1].settings
    assert (settings.target, settings.rate, settings.part) == ("studio.local:9123", 30, "arkit")
    assert card.title.whole() == "studio.local:9123"
    assert card.line.whole().endswith("ARKit shapes  ·  30 fps"), "short enough for a panel of 320 pixels"
    qtbot.keyClicks(card.name, "Stage")
    qtbot.keyClick(card.name, Qt.Key.Key_Return)
    assert card.title.whole() == "Stage"
    assert card.line.whole().startswith("studio.local:9123")
    card.host.setText("two words")
    qtbot.keyClick(card.host, Qt.Key.Key_Return)
    assert card.host.property("bad") == "true"
    assert streams.streams[1].settings.host == "studio.local"
    assert window.messages.text
    click(qtbot, card.remove)
    assert len(page.cards) == len(streams.streams) == 1


def test_a_new_stream_comes_into_sight_below_one_that_is_unfolded(
    window: MainWindow, output: OutputPanel, qtbot: Any
) -> None:
    page = output.streams_page
    window.resize(1280, 800)
    click(qtbot, page.cards[0].fold)
    qtbot.waitUntil(page.cards[0].form.isVisible, timeout=WAIT_MS)
    click(qtbot, page.add)
    new = page.cards[1]
    room = page.viewport().rect()

    assert room.contains(new.title.mapTo(page.viewport(), QPoint(0, 0)))
    assert room.contains(new.remove.mapTo(page.viewport(), new.remove.rect().center()))


def test_arrows_step_through_usual_rates_and_any_other_can_be_typed(
    window: MainWindow, output: OutputPanel, qtbot: Any
) -> None:
    card = output.streams_page.cards[0]
    card.fold.setChecked(True)
    seen = [card.limit.text()]
    for _ in range(7):
        qtbot.keyClick(card.limit, Qt.Key.Key_Up)
        seen.append(card.limit.text())
    rates = [10, 12, 15, 20, 24, 25, 30]
    assert seen == ["Every frame", *(f"{rate} fps" for rate in rates)]
    qtbot.keyClicks(card.limit, "7")
    qtbot.keyClick(card.limit, Qt.Key.Key_Return)
    assert card.stream.settings.rate == 7
    qtbot.keyClick(card.limit, Qt.Key.Key_Up)
    assert card.limit.value() == 10
    qtbot.keyClick(card.limit, Qt.Key.Key_Down)
    assert card.limit.text() == "Every frame"
    qtbot.keyClick(card.limit, Qt.Key.Key_Down)
    assert card.limit.text() == "Every frame"


def test_names_of_takes_are_tried_while_they_are_typed(window: MainWindow, output: OutputPanel, qtbot: Any) -> None:
    output.show_page("recording")
    page = output.recording_page
    page.name.clear()
    qtbot.keyClicks(page.name, "Smile_{tak")
    assert page.name.property("bad") == "true"
    qtbot.keyClicks(page.name, "e}")
    assert page.name.property("bad") == "false"
    assert window.shell.recorder.pattern == "Smile_{take}"
    qtbot.waitUntil(lambda: page.file.whole() == "Next: Smile_001.csv", timeout=WAIT_MS)
    qtbot.keyClicks(page.name, "{")
    qtbot.keyClick(page.name, Qt.Key.Key_Return)
    assert page.name.text() == "Smile_{take}"


@pytest.fixture
def recorded(window: MainWindow, output: OutputPanel, qtbot: Any, clip: Path) -> Path:
    """A take of the running clip, in the list."""
    start(window, qtbot, clip)
    recorder = window.shell.recorder
    recorder.toggle()
    qtbot.waitUntil(lambda: (p := recorder.progress()) is not None and p.rows >= 12, timeout=WAIT_MS)
    with qtbot.waitSignal(recorder.saved, timeout=WAIT_MS) as saved:
        recorder.toggle()
    output.show_page("takes")
    qtbot.waitUntil(lambda: output.takes_page.list.count() == 1, timeout=WAIT_MS)
    return Path(saved.args[0])


def test_a_take_is_played_on_the_face_while_the_source_goes_on(
    window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[FaceFrame] = []
    monkeypatch.setattr(window.rig, "show_face", shown.append)
    page, player = output.takes_page, window.shell.player
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: player.active and not player.playing, timeout=WAIT_MS)  # to its end
    take = read_take(recorded)
    begun = next(i for i, face in enumerate(shown) if face.image_size == (0, 0))
    replayed = shown[begun:]
    assert all(face.image_size == (0, 0) for face in replayed), "no live face among them"
    assert replayed[-1].index == take.frame[-1]
    assert replayed[-1].au[SMILE] == take.au[-1, SMILE]
    assert "take" in page.note.text()
    assert window.session.running
    page.list.rename_asked.emit(page.list.chosen, "another name")
    qtbot.waitUntil(lambda: page.list.item(0).text() == "another name", timeout=WAIT_MS)
    assert page.list.played == "another name.csv", "the list still says which one is on the screen"
    meters = window.panels["meters"]
    assert isinstance(meters, MetersPanel)
    page.place.setValue(0)
    assert shown[-1].index == take.frame[0]
    middle = QPoint(round(0.5 * page.place.width()), page.place.height() // 2)
    qtbot.mouseClick(page.place, Qt.MouseButton.LeftButton, pos=middle)
    assert page.place.value() == pytest.approx(page.place.maximum() / 2, rel=0.1), "a click goes where it is"
    assert take.frame[0] < shown[-1].index < take.frame[-1]
    click(qtbot, page.live)
    qtbot.waitUntil(lambda: shown[-1].image_size != (0, 0), timeout=WAIT_MS)
    assert not player.active


def test_another_source_goes_back_to_live(
    window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path, clip: Path
) -> None:
    output.takes_page.play_take(output.takes_page.takes.takes[0])
    qtbot.waitUntil(lambda: window.shell.player.active, timeout=WAIT_MS)
    window.start(str(clip))
    assert not window.shell.player.active


def test_a_take_is_shown_in_the_charts(window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path) -> None:
    charts = window.panels["charts"]
    assert isinstance(charts, ChartsPanel)
    output.takes_page.charts.trigger()
    qtbot.waitUntil(lambda: charts._paused is not None, timeout=WAIT_MS)
    assert window.docks.is_visible("charts")
    take = read_take(recorded)
    assert charts._paused is not None
    assert len(charts._paused.time_s) == len(take)
    charts.pause.click()
    assert charts._paused is None


def test_the_menu_bar_shows_a_take_in_the_charts_though_none_is_listed_yet(
    window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path
) -> None:
    charts, page = window.panels["charts"], output.takes_page
    assert isinstance(charts, ChartsPanel)
    output.show_page("streams")
    page.takes.takes = []
    page.takes.changed.emit()
    assert page.list.chosen is None  # as after a start
    window.menus.actions["Show a take in the charts"].trigger()
    qtbot.waitUntil(lambda: charts._paused is not None, timeout=WAIT_MS)
    assert charts._paused is not None
    assert len(charts._paused.time_s) == len(read_take(recorded))
    assert page.isVisible()


def test_a_key_opens_what_can_be_done_with_a_take(
    window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path, opened: list[Path]
) -> None:
    takes = output.takes_page.list
    takes.setFocus()
    qtbot.keyClick(takes, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, Menu)
    chosen = menu.activeAction()
    assert chosen is output.takes_page.charts
    qtbot.keyClick(menu, Qt.Key.Key_O)
    assert opened == [recorded.parent]
    assert takes.hasFocus()


def test_without_takes_the_keyboard_is_on_their_page_all_the_same(window: MainWindow, output: OutputPanel) -> None:
    window.rig.setFocus()
    window.menus.actions["Takes"].trigger()
    assert output.takes_page.empty.isVisible()
    assert output.pages.button("takes").hasFocus()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that the desktop was asked to open."""
    asked: list[Path] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(Path(url.toLocalFile())) or True)
    return asked


def test_the_menu_bar_opens_the_folder_of_takes_or_says_why_not(
    window: MainWindow, output: OutputPanel, tmp_path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, recorder = window.menus.actions["Open the folder of takes"], window.shell.recorder
    entry.trigger()
    assert opened == [tmp_path]
    assert not window.messages.text
    recorder.folder = tmp_path / "new"
    entry.trigger()
    assert opened == [tmp_path]
    assert window.messages.text.startswith("There are no takes yet")
    assert str(recorder.folder) in window.messages.text
    recorder.folder.mkdir()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    entry.trigger()
    assert window.messages.text.startswith("This desktop opens no folders")


def test_a_take_is_renamed_in_place_and_deleted_after_a_question(
    window: MainWindow,
    output: OutputPanel,
    qtbot: Any,
    recorded: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    page = output.takes_page
    page.list.rename_asked.emit(page.list.chosen, "first smile")
    qtbot.waitUntil(lambda: page.list.item(0).text() == "first smile", timeout=WAIT_MS)
    renamed = recorded.with_name("first smile.csv")
    assert renamed.exists()
    answers = [False, True]
    monkeypatch.setattr(asking, "sure", lambda *args, **kwargs: answers.pop(0))
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    assert renamed.exists()
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.list.count() == 0 and not renamed.exists(), timeout=WAIT_MS)
    assert page.empty.isVisible()


def test_every_control_has_a_name_and_a_tip(output: OutputPanel) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider

    output.streams_page.cards[0].fold.setChecked(True)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    controls = [w for kind in kinds for w in output.findChildren(kind) if w.isVisibleTo(output)]
    for control in controls:
        if control.objectName().startswith("qt_"):
            continue  # a part of a control
        named = control.accessibleName() or (isinstance(control, QAbstractButton) and control.text())
        assert named, control
    assert len(controls) > 8


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 kB"), (999_900, "999.9 kB"), (999_999, "1.0 MB"), (45_900_000_000, "45.9 GB"), (3 * 10**15, "3000.0 TB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_lengths() -> None:
    assert [clock(s) for s in (0, 59.9, 60, 3661)] == ["0:00", "0:59", "1:00", "1:01:01"]


def test_a_key_plays_the_take_that_is_selected(
    window: MainWindow, output: OutputPanel, qtbot: Any, recorded: Path
) -> None:
    player = window.shell.player
    output.show_page("streams")
    window.menus.actions["Play or pause a take"].trigger()
    assert output.takes_page.isVisible()
    qtbot.waitUntil(lambda: player.active, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not player.playing, timeout=WAIT_MS)  # to its end
    window.menus.actions["Play or pause a take"].trigger()
    assert player.playing  # again


def test_tab_goes_down_the_cards_to_the_button_below_them(output: OutputPanel) -> None:
    page = output.streams_page
    for _ in range(3):
        wanted = [part for card in page.cards for part in (card.on, card.fold)]
        came_to, widget = [], page.empty.nextInFocusChain()
        while widget is not page.add:
            came_to.append(widget)
            widget = widget.nextInFocusChain()
        assert [part for part in came_to if part in wanted] == wanted
        page.add.click()


def test_streams_are_set_up_on_their_page(window: MainWindow, output: OutputPanel) -> None:
    output.show_page("takes")
    menu = window.toolbar.stream.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == "Set up streams …").trigger()
    assert output.streams_page.isVisible()
