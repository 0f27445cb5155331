"""The table from channels to VRM presets, and what VRM 1.0 lets emotions override."""

import numpy as np
import pytest

from rig.gltf.vrm import EMOTIONS, MOUTH, PRESETS, Expression
from rig.imported_expressions import EMOTION_FLOOR, apply_overrides, preset_weights
from rig.parameters import AU_BASE, CHANNEL_INDEX, N_CHANNELS

ALL = frozenset(PRESETS) - {"neutral", "relaxed", "blink"}
AHEAD = np.zeros(2, np.float32)


def au(**values: float) -> np.ndarray:
    out = np.zeros(N_CHANNELS, np.float32)
    for name, value in values.items():
        name = name.replace("_", "-")
        for full in [name] if name in CHANNEL_INDEX else [f"{name}-left", f"{name}-right"]:
            out[CHANNEL_INDEX[full]] = value
    return out


def on(available: frozenset[str] = ALL, gaze: tuple[float, float] = (0, 0), **values: float) -> dict[str, float]:
    g = np.array(gaze, np.float32)
    return {n: round(w, 6) for n, w in preset_weights(au(**values), g, g, available).items() if w > 1e-6}


def test_at_rest_nothing_is_on() -> None:
    assert on() == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"AU26": 1.0, "AU25": 1.0}, "aa"),
        ({"AU26": 0.8, "AU25": 1.0, "AU22": 0.9}, "oh"),
        ({"AU18": 1.0}, "ou"),
        ({"AU26": 0.5, "AU25": 1.0, "AU20": 1.0}, "ee"),
        ({"AU25": 1.0, "AU20": 1.0}, "ih"),
    ],
)
def test_each_vowel_has_its_mouth(values: dict[str, float], expected: str) -> None:
    weights = {n: w for n, w in on(**values).items() if n in MOUTH}
    assert max(weights, key=weights.__getitem__) == expected
    assert weights[expected] >= 0.5
    assert sum(weights.values()) <= 1.3


def test_a_dropped_jaw_with_closed_lips_opens_no_mouth() -> None:
    assert on(AU26=1.0) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"AU6": 1.0, "AU12": 1.0}, "happy"),
        ({"AU4": 1.0, "AU7": 1.0}, "angry"),
        ({"AU1": 1.0, "AU4": 1.0, "AU15": 1.0}, "sad"),
        ({"AU1": 1.0, "AU2": 1.0, "AU5": 1.0}, "surprised"),
    ],
)
def test_each_emotion_has_its_face_alone(values: dict[str, float], expected: str) -> None:
    assert on(**values) == {expected: 1.0}


def test_a_smile_without_cheeks_is_a_lesser_smile() -> None:
    assert on(AU12=1.0) == {"happy": pytest.approx((0.7 - EMOTION_FLOOR) / (1 - EMOTION_FLOOR), abs=1e-5)}


def test_traces_of_an_emotion_are_none_so_that_nothing_is_overridden() -> None:
    weights = preset_weights(np.full(N_CHANNELS, AU_BASE, np.float32), AHEAD, AHEAD, ALL)
    assert [weights[n] for n in EMOTIONS if n in weights] == [0.0] * 4
    assert on(AU12=0.08, AU43=1.0) == {"blinkLeft": 1.0, "blinkRight": 1.0}


def test_emotions_share_the_face() -> None:
    weights = on(AU1=0.5, AU2=1.0, AU5=1.0, AU12=1.0, AU6=1.0, AU4=1.0, AU7=1.0)
    assert sum(weights.get(n, 0) for n in EMOTIONS) == pytest.approx(1.0, abs=1e-5)


def test_winks_are_sided_and_need_sided_blinks() -> None:
    assert on(AU43_left=1.0) == {"blinkLeft": 1.0}
    both = (ALL - {"blinkLeft", "blinkRight"}) | {"blink"}
    assert on(frozenset(both), AU43_left=1.0) == {}
    assert on(frozenset(both), AU43=0.7) == {"blink": pytest.approx(0.7)}


def test_relaxed_smiles_for_avatars_that_have_no_happy() -> None:
    assert on((ALL - {"happy"}) | {"relaxed"}, AU6=1.0, AU12=1.0) == {"relaxed": 1.0}


def test_gaze_becomes_looks_of_its_own_side() -> None:
    assert on(gaze=(15.0, 30.0)) == {"lookLeft": 0.5, "lookUp": 1.0}
    assert on(gaze=(-90.0, -6.0)) == {"lookRight": 1.0, "lookDown": pytest.approx(0.2)}


def test_random_faces_stay_in_range() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        weights = preset_weights(
            rng.random(N_CHANNELS).astype(np.float32), rng.normal(0, 30, 2), rng.normal(0, 30, 2), ALL
        )
        assert all(0 <= w <= 1 for w in weights.values())


def expressions(**changes: dict[str, object]) -> dict[str, Expression]:
    return {n: Expression(n, (), **changes.get(n, {})) for n in PRESETS}  # type: ignore[arg-type]


def test_block_silences_and_blend_fades() -> None:
    weights = {"happy": 0.4, "sad": 0.3, "blinkLeft": 1.0, "aa": 0.5, "lookUp": 0.5}
    e = expressions(happy={"override_blink": "blend", "override_mouth": "block"}, sad={"override_blink": "blend"})
    out = apply_overrides(weights, e)
    assert out["blinkLeft"] == pytest.approx(0.3)  # both fade it: 1 - 0.4 - 0.3
    assert out["aa"] == 0
    assert out["lookUp"] == 0.5
    assert apply_overrides({**weights, "happy": 0.0, "sad": 0.0}, e)["aa"] == 0.5


def test_a_switch_counts_only_when_on_and_is_silenced_whole() -> None:
    e = expressions(happy={"binary": True, "override_blink": "blend"}, blinkLeft={"binary": True})
    off = apply_overrides({"happy": 0.4, "blinkLeft": 0.9, "blinkRight": 0.9}, e)
    assert off == {"happy": 0.0, "blinkLeft": 1.0, "blinkRight": 0.9}
    e = expressions(happy={"override_blink": "blend"}, blinkLeft={"binary": True})
    assert apply_overrides({"happy": 0.1, "blinkLeft": 0.9, "blinkRight": 0.9}, e) == {
        "happy": 0.1,
        "blinkLeft": 0.0,
        "blinkRight": pytest.approx(0.81),
    }
