"""What the window can be told to do: the rows of its menus. Panels add their own by ``Panel.commands``."""

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QMenu

from app.characters import list_characters
from app.errors import UserError
from app.filters import PRESETS
from app.profiles import list_profiles
from app.ui.dock_places import fill_places
from app.ui.menus import Command, native, offer
from app.ui.style.theme import THEMES

if TYPE_CHECKING:
    from app.ui.window import MainWindow

THEME_TEXT: Final = dict(zip(THEMES, ("Like the system", "Dark", "Light"), strict=True))
FILTER_TEXT: Final = {name: name.capitalize() for name in PRESETS}


def window_commands(window: "MainWindow") -> list[Command]:
    """Everything but what panels bring."""
    return [
        *_files(window),
        *_sources(window),
        *_tracking(window),
        *_character(window),
        *_output(window),
        *_view(window),
        *_help(window),
    ]


def _files(w: "MainWindow") -> list[Command]:
    ask = w.dialogs
    return [
        Command("File", "Open video or picture …", ask.ask_for_file, "Ctrl+O", "Read a video file, or one picture"),
        Command(
            "File",
            "Open folder of pictures …",
            ask.ask_for_folder,
            "Ctrl+Shift+O",
            "Read pictures in order of name",
        ),
        Command(
            "File",
            "Process files …",
            ask.show_processing,
            "Ctrl+Shift+P",
            "Many videos at once: each into a CSV, a video beside the character, or both",
        ),
        Command("File", "Import settings …", ask.import_settings, tip="Take over all settings from a file", group=1),
        Command("File", "Export settings …", ask.export_settings, tip="All settings as one JSON file", group=1),
        Command("File", "Quit", w.close, "Ctrl+Q", group=2),
    ]


def _sources(w: "MainWindow") -> list[Command]:
    return [
        Command("Source", "Start or stop", w.toggle_run, "Space", "Run the source that is chosen, or end it"),
        Command("Source", "Camera", fill=w.list_cameras, group=1),
        Command("Source", "Demo", partial(w.start, "demo"), "Ctrl+D", "The built-in clip, over and over", group=1),
    ]


def _tracking(w: "MainWindow") -> list[Command]:
    def use_neutral(profile: str) -> None:
        try:
            w.session.use_neutral(profile)
        except UserError as error:
            w.messages.show_error(error)

    def neutrals(menu: QMenu) -> None:
        words = {"auto": "Learn while I move (auto)"} | {name: name for name in list_profiles()}
        offer(menu, words, w.session.neutral, use_neutral)

    def filters(menu: QMenu) -> None:
        offer(menu, FILTER_TEXT, w.session.settings.filter, w.session.set_filter)

    relax = "Learn your face at rest: relax, look at the camera, 3, 2, 1"
    return [
        Command("Tracking", "Relax your face", w.start_countdown, "C", relax, enabled=w.on_air),
        Command("Tracking", "Neutral", fill=neutrals),
        Command("Tracking", "Smoothing", fill=filters, group=1),
        Command(
            "Tracking",
            "Both sides move alike",
            lambda: w.session.set_asymmetry(not w.session.settings.asymmetry),
            tip="For a symmetric character: the mean of left and right",
            checked=lambda: not w.session.settings.asymmetry,
            group=1,
        ),
    ]


def _character(w: "MainWindow") -> list[Command]:
    def characters(menu: QMenu) -> None:
        offer(menu, {entry.name: entry.label for entry in list_characters()}, w.rig.shown, w.rig.set_character)

    return [
        Command("Character", "Characters", fill=characters),
        Command(
            "Character", "Reset view", w.rig.reset_view, "Home", "The face from the front, as at the start", group=2
        ),
    ]


def _output(w: "MainWindow") -> list[Command]:
    return [
        Command(
            "Output",
            "Record",
            w.shell.recorder.toggle,
            "R",
            "Begin or end a recording, one row a frame",
            checked=lambda: w.shell.recorder.recording is not None,
        ),
        Command("Output", "Record to file …", w.outputs.record_as),
        Command("Output", "Folder for recordings …", w.outputs.ask_for_folder),
        Command(
            "Output",
            "Stream",
            w.outputs.toggle_streams,
            "O",
            "Send every frame over OSC, or stop",
            checked=lambda: bool(w.shell.streams.on),
            group=1,
        ),
    ]


def _view(w: "MainWindow") -> list[Command]:
    panels = [
        Command(
            "View",
            w.panels[spec.name].title,
            partial(w.docks.toggle, spec.name),
            spec.key,
            f"Show or hide it; {native(spec.key)} goes to it, and hides it while the keyboard is there",
            checked=partial(w.docks.is_visible, spec.name),
            by_key=partial(w.docks.go_to, spec.name),
        )
        for spec in w.specs
    ]
    return [
        *panels,
        Command("View", "Next panel", w.docks.focus_next, "F6", "The keyboard goes to the next panel", group=1),
        Command("View", "Previous panel", partial(w.docks.focus_next, -1), "Shift+F6", group=1),
        Command("View", "Move panel", fill=partial(fill_places, docks=w.docks), group=1),
        Command("View", "Reset layout", w.docks.reset, tip="Every panel back to its place", group=1),
        Command("View", "Only the face", w.docks.toggle_all, "F9", "Hide all panels, or show them again", group=1),
        Command("View", "Full screen", w.toggle_full_screen, "F11", checked=lambda: w.isFullScreen(), group=1),
        Command("View", "Theme", fill=lambda menu: offer(menu, THEME_TEXT, w.theme_name, w.set_theme), group=2),
        Command("View", "Dismiss message", w.escape, "Esc", group=4),
    ]


def _help(w: "MainWindow") -> list[Command]:
    ask = w.dialogs
    return [
        Command("Help", "Welcome …", ask.show_welcome, tip="Camera, calibration, and where to send, in three steps"),
        Command("Help", "Keyboard …", ask.show_keys, "F1"),
        Command("Help", "Doctor …", ask.show_doctor, tip="What was found on this machine, and what to do", group=1),
        Command("Help", "About Mien …", ask.show_about, group=1),
    ]
