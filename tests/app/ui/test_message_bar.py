"""Messages: one for each cause, the worst on top, details on demand."""

import time
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from app.ui.message_bar import INFO_MS, READ_S, MessageBar
from app.ui.style import theme


@pytest.fixture
def bar(qtbot: Any) -> MessageBar:
    made = MessageBar(theme.DARK)
    qtbot.addWidget(made)
    made.resize(600, 40)
    return made


def test_hidden_until_something_is_said(bar: MessageBar) -> None:
    assert bar.isHidden()
    assert bar.text == ""
    bar.show_message("error", "camera 0 is gone:\nplug it in")
    assert not bar.isHidden()
    assert bar.text == "Camera 0 is gone: plug it in"
    bar.dismiss()
    assert bar.isHidden()


def test_news_does_not_hide_an_error_and_is_not_lost(bar: MessageBar) -> None:
    bar.show_message("error", "camera 0 is gone")
    bar.show_message("info", "saved 3 rows")
    assert bar.text == "Camera 0 is gone"
    bar.dismiss()
    assert bar.text == "Saved 3 rows"


def test_news_is_seen_before_what_was_there_to_be_read(bar: MessageBar, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    bar.show_message("warning", "camera 0 is gone")
    bar.show_message("error", "no such file")
    monkeypatch.setattr("app.ui.message_bar.time.monotonic", lambda: now + READ_S + 1)
    bar.show_message("info", "saved 3 rows")
    assert bar.text == "Saved 3 rows"
    bar.show_message("error", "the disk is full")
    assert bar.text == "The disk is full"
    bar.dismiss()
    monkeypatch.setattr("app.ui.message_bar.time.monotonic", lambda: now + READ_S + INFO_MS / 1e3 + 2)
    bar._let_news_go()
    assert [message.text for message in bar.messages] == ["No such file", "Camera 0 is gone"]


def test_news_does_not_hide_details_that_are_read(bar: MessageBar, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    bar.show_message("error", "no such file", "errno 2")
    bar._details.setChecked(True)
    monkeypatch.setattr("app.ui.message_bar.time.monotonic", lambda: now + READ_S + 1)
    bar.show_message("info", "saved 3 rows")
    assert bar.text == "No such file"


def test_an_error_comes_before_a_warning_and_the_newest_first(bar: MessageBar) -> None:
    for kind, text in (("warning", "one"), ("error", "two"), ("warning", "three"), ("error", "four")):
        bar.show_message(kind, text)
    seen = []
    while bar.text:
        seen.append(bar.text)
        bar.dismiss()
    assert seen == ["Four", "Two", "Three", "One"]


def test_one_message_for_one_cause(bar: MessageBar) -> None:
    for frame in range(30):
        bar.show_message("warning", f"frame {frame} is broken")
    assert len(bar.messages) == 1
    assert bar.messages[0].times == 30
    assert bar.text == "Frame 29 is broken"
    bar.show_message("warning", "another line of the same", cause="disk")
    bar.show_message("error", "and a third", cause="disk")
    assert [message.cause for message in bar.messages] == ["disk", "Frame # is broken"]
    bar.withdraw("disk")
    assert bar.text == "Frame 29 is broken"


def test_news_goes_by_itself_and_errors_stay(bar: MessageBar, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.ui.message_bar.INFO_MS", 60)
    bar.show_message("warning", "stays")
    bar.show_message("info", "goes")
    qtbot.waitUntil(lambda: len(bar.messages) == 1, timeout=10_000)
    assert bar.text == "Stays"


def test_details_are_shown_on_demand_and_can_be_copied(bar: MessageBar, qtbot: Any) -> None:
    bar.show_message("error", "plain")
    assert bar._details.isHidden()
    bar.show_message("error", "with more", detail="line one\nline two")
    assert bar._detail.isHidden()
    bar._details.click()
    assert not bar._detail.isHidden()
    assert bar._detail.toPlainText() == "line one\nline two"
    bar._copy.click()
    assert QGuiApplication.clipboard().text() == "With more\n\nline one\nline two\n"
    bar.dismiss()
    assert bar._detail.isHidden()  # the next has none, and begins closed
    assert bar.text == "Plain"


def test_a_storm_is_bounded(bar: MessageBar) -> None:
    bar.show_message("error", "the first")
    for i in range(200):
        bar.show_message("warning", "cause " + "abcdefghij"[i % 10] * (1 + i // 10))
    assert len(bar.messages) == 20
    assert bar.text == "The first"  # what matters most is kept


def test_a_line_begins_with_a_capital_and_a_file_keeps_its_name(bar: MessageBar) -> None:
    for line, shown in (
        ("no camera found", "No camera found"),
        ("take.json is no settings file", "take.json is no settings file"),
        ("lp_d10 ends early", "lp_d10 ends early"),
        ("settings of a/b.json", "Settings of a/b.json"),
    ):
        bar.show_message("error", line)
        assert bar.text == shown
