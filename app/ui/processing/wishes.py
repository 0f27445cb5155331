"""What was wished for when Start was pressed; later changes in the window are for the next time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.own_characters import OwnCharacter, Shape, save_own, shape_of
from app.process_command import process_arguments
from app.shaping import save_shaping
from app.tracker_settings import TrackerSettings
from app.ui.processing.choices import ProcessChoices
from rig.characters import Character

if TYPE_CHECKING:
    from app.ui.panel import Shell
    from app.ui.stage.rig_view import RigView

EDITED: Final = "edited"
BASE: Final = "base"


@dataclass(frozen=True)
class Wishes:
    """Plain values: read on the job's thread."""

    folder: Path
    format: str
    """One of ``app.ui.processing.choices.FORMATS``."""
    video: bool
    replace: bool
    settings: TrackerSettings
    character: str
    """Name or file of who is on the stage."""
    head: str
    shape: Shape | None
    """Of the character as it is on the stage, on which built-in head, where it was edited and not saved."""

    def words(self, sources: Sequence[str], temporary: Path) -> list[str]:
        """For ``mien``; files that these name are written into ``temporary``. Raises ``UserError``."""
        shaping, character = None, self.character
        if not self.settings.shaping.is_default:
            shaping = temporary / "shaping.json"
            save_shaping(shaping, self.settings.shaping)
        if self.video and self.shape is not None:
            character = str(save_own(temporary, EDITED, self.head, self.shape))
        return process_arguments(
            sources,
            self.folder,
            self.settings,
            csv_format=None if self.format == "none" else self.format,
            video=self.video,
            overwrite=self.replace,
            characters=[character] if self.video else [],
            shaping_file=shaping,
        )


def wishes(choices: ProcessChoices, shell: "Shell") -> Wishes:
    """As things stand now. On the GUI thread."""
    head, shape = _edited(shell.rig)
    return Wishes(
        choices.folder,
        choices.format,
        choices.video,
        choices.replace,
        replace(shell.session.settings, calibrate=choices.neutral),
        shell.rig.shown or shell.rig.character,
        head,
        shape,
    )


def _edited(rig: "RigView") -> tuple[str, Shape | None]:
    character = rig.loaded.character if rig.loaded is not None else None
    if rig.shape is None or not isinstance(character, Character):
        return "", None
    # A video's base face takes the shape of the face in the film, as the stage's does while it follows.
    as_named = rig.shape.look == character.look if rig.follows else rig.shape.same_as(shape_of(character))
    if as_named and (rig.follows or character.name != BASE):
        return "", None
    return character.head if isinstance(character, OwnCharacter) else character.name, rig.shape
