"""Both themes can be read: WCAG 2.2, level AA (success criteria 1.4.3 and 1.4.11)."""

import pytest

from app.ui.meters.chart_choice import ON_DARK, ON_LIGHT
from app.ui.style.palette import DARK, LIGHT, Theme

SURFACES = ("panel", "raised", "field", "stripe")
"""What anything may be written on."""
EVERYWHERE = (*SURFACES, "window", "stage", "hover", "chosen")
READ = {
    "text": EVERYWHERE,
    "muted": EVERYWHERE,
    **dict.fromkeys(("accent", "left", "right", "both", "bad", "good", "warn"), SURFACES),
}
"""Colours of words and numbers, and what they stand on."""
ON_IT = (*((("on_accent", fill)) for fill in ("accent", "accent_hover", "good", "warn")), ("#ffffff", "record"))
"""Words on filled buttons and lamps."""
SEEN = {"accent": EVERYWHERE, "faint": SURFACES, "record": ("panel",)}
"""What has to be seen to know that there is something: borders of boxes, the focus, handles."""
THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, by WCAG's definition."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("name", READ)
def test_what_is_read_stands_out(theme: Theme, name: str) -> None:
    weak = {on: contrast(getattr(theme, name), getattr(theme, on)) for on in READ[name]}
    assert {on: ratio for on, ratio in weak.items() if ratio < 4.5} == {}


@THEMES
@pytest.mark.parametrize(("words", "fill"), ON_IT)
def test_words_on_filled_controls_stand_out(theme: Theme, words: str, fill: str) -> None:
    colour = words if words.startswith("#") else getattr(theme, words)
    assert contrast(colour, getattr(theme, fill)) >= 4.5


@THEMES
@pytest.mark.parametrize("name", SEEN)
def test_what_has_to_be_seen_stands_out(theme: Theme, name: str) -> None:
    weak = {on: contrast(getattr(theme, name), getattr(theme, on)) for on in SEEN[name]}
    assert {on: ratio for on, ratio in weak.items() if ratio < 3} == {}


@pytest.mark.parametrize(("theme", "curves"), [(DARK, ON_DARK), (LIGHT, ON_LIGHT)], ids=["dark", "light"])
def test_curves_stand_out_from_the_panel(theme: Theme, curves: tuple[str, ...]) -> None:
    assert min(contrast(curve, theme.panel) for curve in curves) >= 3
