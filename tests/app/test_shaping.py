"""Gain, dead zone and limit: the curve, the sides, the file, and what a wrong file is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.errors import UserError
from app.shaping import RANGES, SETTINGS, Shaping, channels_named, from_json, load_shaping, save_shaping, to_json
from rig.parameters import CHANNEL_INDEX, CHANNELS, N_CHANNELS

SMILE = (CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"])
JAW = CHANNEL_INDEX["AU26"]


def shaped(value: float, **numbers: float) -> float:
    """What one channel makes of a value."""
    shaping = Shaping()
    for setting, number in numbers.items():
        shaping = shaping.with_value(setting, (JAW,), number)  # type: ignore[arg-type]
    au = np.zeros(N_CHANNELS, np.float32)
    au[JAW] = value
    return float(shaping.apply(au)[JAW])


def curve(**numbers: float) -> np.ndarray:
    return np.array([shaped(x, **numbers) for x in np.linspace(0, 1, 201)])


def test_by_default_nothing_is_touched() -> None:
    au = np.random.default_rng(0).uniform(0, 1, N_CHANNELS).astype(np.float32)
    np.testing.assert_array_equal(Shaping().apply(au), au)
    assert Shaping().is_default


def test_gain_dead_zone_and_limit_do_what_they_are_called() -> None:
    assert shaped(0.3, gain=2.0) == pytest.approx(0.6)
    assert shaped(0.7, gain=2.0) == pytest.approx(1.0)
    assert shaped(0.2, dead_zone=0.2) == 0
    assert shaped(0.6, dead_zone=0.2) == pytest.approx(0.5)
    assert shaped(1.0, dead_zone=0.2) == pytest.approx(1.0), "a full expression stays a full one"
    assert shaped(0.9, limit=0.5) == pytest.approx(0.5)
    assert shaped(0.6, gain=1.5, dead_zone=0.2, limit=0.7) == pytest.approx(0.7)
    assert shaped(0.9, gain=0.0) == shaped(0.9, limit=0.0) == 0


@pytest.mark.parametrize("gain", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("dead_zone", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("limit", [0.4, 1.0])
def test_the_curve_has_no_step_and_never_falls(gain: float, dead_zone: float, limit: float) -> None:
    y = curve(gain=gain, dead_zone=dead_zone, limit=limit)
    step = np.diff(y)
    assert (step >= 0).all()
    assert step.max() <= 1.0001 * gain / (1 - dead_zone) / 200, "steeper than the slope anywhere would be a jump"
    assert y.min() >= 0
    assert y.max() <= limit + 1e-6
    just_above = shaped(dead_zone + 1e-4, gain=gain, dead_zone=dead_zone, limit=limit)
    assert 0 <= just_above < 0.006


def test_only_the_channels_named_are_touched_and_many_frames_go_at_once() -> None:
    au = np.random.default_rng(1).uniform(0, 1, (7, N_CHANNELS)).astype(np.float32)
    shaping = Shaping().with_value("gain", SMILE, 0.5)
    got = shaping.apply(au)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[:, SMILE], au[:, SMILE] / 2, rtol=1e-6)
    rest = [i for i in range(N_CHANNELS) if i not in SMILE]
    np.testing.assert_array_equal(got[:, rest], au[:, rest])
    for row, whole in zip(au, got, strict=True):
        np.testing.assert_array_equal(shaping.apply(row), whole)


def test_values_are_kept_within_their_range_and_taken_back() -> None:
    shaping = Shaping().with_value("gain", SMILE, 99).with_value("limit", (JAW,), -3)
    assert shaping.get("gain", SMILE[0]) == RANGES["gain"][1]
    assert shaping.get("limit", JAW) == 0
    assert [shaping.changed(i) for i in (*SMILE, JAW, 0)] == [True, True, True, False]
    assert shaping.without((*SMILE, JAW)) == Shaping()
    with pytest.raises(ValueError, match="gain must be 40 numbers"):
        Shaping(gain=(1.0,) * 39)
    with pytest.raises(ValueError, match="limit must be"):
        Shaping(limit=(float("nan"),) * N_CHANNELS)


def test_a_file_keeps_every_number(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    values = {name: tuple(draw.uniform(*RANGES[name], N_CHANNELS).round(2).tolist()) for name in SETTINGS}
    shaping = Shaping(**values)
    path = tmp_path / "ada.json"
    save_shaping(path, shaping)
    again = load_shaping(path)
    for name in SETTINGS:
        np.testing.assert_allclose(getattr(again, name), getattr(shaping, name), atol=1e-6)
    assert list(json.loads(path.read_text())["channels"]) == list(CHANNELS)


def test_a_file_has_facs_intensities_and_only_what_differs() -> None:
    shaping = Shaping().with_value("dead_zone", (JAW,), 0.1).with_value("gain", SMILE[:1], 2)
    assert to_json(shaping)["channels"] == {"AU12-left": {"gain": 2.0}, "AU26": {"dead_zone": 0.5}}


def test_au12_means_both_sides_and_one_side_refines_it() -> None:
    own = {"AU12-left": {"gain": 3}, "AU12": {"gain": 2, "limit": 4}}
    shaping = from_json({"mien-shaping": 1, "channels": own})
    assert [shaping.get("gain", i) for i in SMILE] == [3, 2]
    assert [shaping.get("limit", i) for i in SMILE] == [0.8, 0.8]
    assert channels_named("AU12") == SMILE
    assert channels_named("AU26") == (JAW,)


WRONG = {
    "list": ([], "no channel settings"),
    "other": ({"version": 1}, "no channel settings"),
    "version": ({"mien-shaping": 2}, "version 2"),
    "channels": ({"mien-shaping": 1, "channels": [1]}, '"channels" must be an object'),
    "channel": ({"mien-shaping": 1, "channels": {"AU99": {"gain": 1}}}, "no channel 'AU99'"),
    "number for object": ({"mien-shaping": 1, "channels": {"AU12": 2}}, "AU12: an object"),
    "setting": ({"mien-shaping": 1, "channels": {"AU12": {"loudness": 1}}}, "no setting 'loudness'"),
    "text": ({"mien-shaping": 1, "channels": {"AU12": {"gain": "2"}}}, "gain must be a number of 0 to 5"),
    "true": ({"mien-shaping": 1, "channels": {"AU12": {"gain": True}}}, "gain must be a number"),
    "huge": ({"mien-shaping": 1, "channels": {"AU12": {"gain": 10**400}}}, "gain must be a number"),
    "range": ({"mien-shaping": 1, "channels": {"AU12": {"dead_zone": 4.6}}}, "dead_zone must be a number of 0 to 4.5"),
}


@pytest.mark.parametrize(("content", "why"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(tmp_path: Path, content: object, why: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=why) as caught:
        load_shaping(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_shaping(tmp_path / "none.json")
    damaged = tmp_path / "damaged.json"
    for content in (b"", b"{", b"\xff\xfe\x00", b'{"mien-shaping": NaN}'):
        damaged.write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            load_shaping(damaged)
    with pytest.raises(UserError, match="cannot be written"):
        save_shaping(tmp_path / "no folder" / "x.json", Shaping())
