"""Rows of the meters and the catalogue of curves: everything is there once, and each number comes from its place."""

from collections.abc import Callable

import numpy as np
import pytest

from app.face_frame import FaceFrame
from app.ui.meters.channel_names import ACTION_UNITS, REGIONS, channels_of
from app.ui.meters.curves import CURVE_INDEX, CURVES, DEGREES, FACS, groups, values
from app.ui.meters.meter_rows import ARKIT_METERS, AU_METERS, MeterSet
from app.ui.tracking.channel_model import PAIRED, ROWS, ChannelModel
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS


def test_every_channel_has_one_place_in_the_face_and_words() -> None:
    aus = [au for _, region in REGIONS for au in region]
    assert sorted(channel for au in aus for channel in channels_of(au)) == list(range(len(CHANNELS)))
    assert set(aus) == set(ACTION_UNITS)


def test_short_names_are_words_of_the_name_as_facs_has_it() -> None:
    for told in ACTION_UNITS.values():
        words = iter(told.name.lower().split())
        for short in told.short.lower().split():
            assert any(word.startswith(short.rstrip(".")) for word in words), (told.short, told.name)
    assert ACTION_UNITS[29].name == ACTION_UNITS[29].short == "Jaw thrust"


def test_meters_curves_and_the_table_of_channels_have_one_name_for_one_thing() -> None:
    in_table = ChannelModel()
    in_table.set_apart(PAIRED)
    titles = [in_table.title(row) for row, entry in enumerate(ROWS) if entry.au is not None]
    in_meters = [row.title(side) for row in AU_METERS.rows for side in range(len(row.channels))]
    in_charts = [curve.title for group, curves in groups().items() if group.startswith("Action") for curve in curves]
    assert in_meters == in_charts == titles
    for row in AU_METERS.rows:
        for key in row.keys:
            shorter = CURVES[CURVE_INDEX[key]].short_names
            side = {"left": " L", "right": " R"}.get(key.partition("-")[2], "")
            assert shorter == (f"{row.label}{side} {row.name}", f"{row.label}{side} {row.short}")


@pytest.mark.parametrize(("meters", "names"), [(AU_METERS, CHANNELS), (ARKIT_METERS, ARKIT)])
def test_meters_show_every_value_once_under_its_own_name(meters: MeterSet, names: tuple[str, ...]) -> None:
    places = [(channel, key) for row in meters.rows for channel, key in zip(row.channels, row.keys, strict=True)]
    assert sorted(places) == sorted(enumerate(names))
    assert meters.size == len(names)


def test_left_is_the_first_of_two_sides() -> None:
    for row in (*AU_METERS.rows, *ARKIT_METERS.rows):
        if len(row.channels) == 2:
            assert row.keys[0].lower().endswith("left")
            assert row.keys[1].lower().endswith("right")
            assert row.title(0).endswith(", left")


def test_each_number_of_a_face_is_found_under_its_key_in_its_unit(make_face: Callable[..., FaceFrame]) -> None:
    au, arkit = np.zeros(40, np.float32), np.zeros(52, np.float32)
    au[CHANNEL_INDEX["AU12-right"]], arkit[ARKIT.index("jawOpen")] = 0.5, 0.25
    face = make_face(
        au=au,
        arkit=arkit,
        head_euler_deg=np.array([10, -20, 5], np.float32),
        head_position_m=np.array([0.0, 0.3, 0.4], np.float32),
        gaze_left_deg=np.array([1, 2], np.float32),
        gaze_right_deg=np.array([3, 4], np.float32),
    )
    found = {curve.key: value for curve, value in zip(CURVES, values(face).tolist(), strict=True) if value != 0}
    assert found == pytest.approx(
        {
            "AU12-right": 2.5,
            "jawOpen": 0.25,
            "head-yaw": 10,
            "head-pitch": -20,
            "head-roll": 5,
            "head-distance": 50,
            "gaze-left-yaw": 1,
            "gaze-left-pitch": 2,
            "gaze-right-yaw": 3,
            "gaze-right-pitch": 4,
        }
    )


def test_a_frame_without_a_face_has_no_values(make_face: Callable[..., FaceFrame]) -> None:
    assert np.isnan(values(make_face(tracked=False))).all()


def test_groups_hold_every_curve_once() -> None:
    keys = [curve.key for curves in groups().values() for curve in curves]
    assert sorted(keys) == sorted(CURVE_INDEX)


def test_numbers_have_their_sign_and_a_dash_without_a_value() -> None:
    assert DEGREES.format(-3.14) == "−3.1°"
    assert DEGREES.format(3.14) == "+3.1°"
    assert DEGREES.format(-0.04) == "+0.0°"
    assert FACS.format(2.0) == "2.0"
    assert FACS.format(float("nan")) == "–"
