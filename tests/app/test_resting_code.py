"""The code at rest: known soon, of rest alone, following what the landmarks believe; identity held steady."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.calibration import RunningNeutral
from app.likeness import Likeness
from app.resting_code import MAX_SHAPES, RestingCode, code_at_rest, distance, frontal
from models.runtime.alignment import rest_face
from models.runtime.gaze import _LOWER, _UPPER

FRONT = np.zeros(3, np.float32)
RNG = np.random.default_rng(8)
REST = rest_face()
AT_REST, SMILING = np.float32([1, 0, 0, 2]), np.float32([0, 3, 0, 2])


def smiling(face: np.ndarray, amount: float = 1.0) -> np.ndarray:
    """Mouth and cheeks out and up by up to a centimetre."""
    out = face.copy()
    below = out[:, 1] < out[2, 1]
    out[below, 0] *= 1 + 0.4 * amount
    out[below, 1] += amount * 0.009
    return out


def blinking(face: np.ndarray) -> np.ndarray:
    out = face.copy()
    out[np.ravel(_UPPER)] = out[np.ravel(_LOWER)] + [0, 0.0004, 0]
    return out


def code_of(face: np.ndarray) -> np.ndarray:
    """What a network might make of it: somewhere between rest and a smile, and noise."""
    amount = np.clip((face[:, 1] - REST[:, 1])[REST[:, 1] < REST[2, 1]].mean() / 0.009, 0, 1)
    return (AT_REST + amount * (SMILING - AT_REST) + RNG.normal(0, 0.02, 4)).astype(np.float32)


def watch(
    subject: RestingCode,
    faces: Sequence[np.ndarray],
    start_s: float = 0.0,
    neutral: RunningNeutral | np.ndarray = REST,
    euler: np.ndarray = FRONT,
) -> float:
    """Feed faces with jitter at 30 a second; a running neutral learns from them too. Returns the time after."""
    for i, face in enumerate(faces):
        seen, now_s = face + RNG.normal(0, 0.00015, face.shape).astype(np.float32), start_s + i / 30
        if isinstance(neutral, RunningNeutral):
            neutral.update(seen, euler, now_s)
        believed = neutral.face if isinstance(neutral, RunningNeutral) else neutral
        subject.update(code_of(face), seen, believed, euler, now_s)
    return start_s + len(faces) / 30


def test_jitter_is_near_and_one_busy_region_is_far() -> None:
    jitter = REST + RNG.normal(0, 0.0002, REST.shape).astype(np.float32)
    assert distance(jitter, REST) < 0.6
    brows = REST.copy()
    brows[REST[:, 1] > 0.04, 1] += 0.004
    for busy in (brows, smiling(REST), blinking(REST)):
        assert distance(busy, REST) > 1.5
    np.testing.assert_allclose(distance(np.stack([REST, brows]), REST), [0, distance(brows, REST)])


def test_turned_heads_count_little() -> None:
    assert frontal(FRONT) == 1
    assert frontal(np.float32([40, 0, 0])) < 0.1
    assert frontal(np.float32([0, 0, 40])) == 1, "a tilted head is seen as well as any"


def test_zeros_until_the_face_rested_for_a_moment() -> None:
    subject = RestingCode(4)
    watch(subject, [REST] * 2)
    assert not subject.known
    assert not subject.code.any()
    watch(subject, [REST] * 10, 2 / 30)
    assert subject.known
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.05)


def test_a_face_that_is_never_at_rest_has_no_code() -> None:
    subject = RestingCode(4)
    watch(subject, [smiling(REST)] * 90)
    assert not subject.known


def test_a_held_smile_and_blinks_leave_no_trace() -> None:
    subject = RestingCode(4)
    now = watch(subject, ([blinking(REST)] * 3 + [REST] * 20) * 3)
    now = watch(subject, [smiling(REST, i / 15) for i in range(15)], now)
    watch(subject, [smiling(REST)] * 900, now)
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.1)


def test_it_follows_the_landmarks_belief_after_a_smile_in_the_beginning() -> None:
    """The neutral of somebody who smiles first is put right later, and so is the code."""
    subject, running = RestingCode(4), RunningNeutral()
    now = watch(subject, [smiling(REST, 0.5)] * 90, neutral=running)
    now = watch(subject, [smiling(REST, 0.5 - i / 30) for i in range(15)], now, running)
    watch(subject, [REST] * 180, now, running)
    assert subject.known
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.15)


def test_what_was_taken_for_rest_is_taken_back() -> None:
    subject = RestingCode(4)
    now = watch(subject, [smiling(REST)] * 60, neutral=smiling(REST))
    np.testing.assert_allclose(subject.code, SMILING, atol=0.05)
    now = watch(subject, [REST] * 8, now, smiling(REST))
    watch(subject, [REST] * 60, now)  # now the landmarks know better
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.1)


def test_frontal_frames_come_first() -> None:
    subject = RestingCode(4)
    now = watch(subject, [REST] * 30)
    for i in range(90):  # turned, so that landmarks and code are a little off
        subject.update(AT_REST + 1, REST + np.float32(0.0012), REST, np.float32([45, 0, 0]), now + i / 30)
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.1)


def test_the_album_does_not_grow_without_bound_nor_lose_rest() -> None:
    subject = RestingCode(4)
    now = watch(subject, [REST] * 60)
    talk = [smiling(REST, a) * np.float32([1, b, 1]) for a, b in RNG.uniform((0.3, 0.9), (1, 1.1), (400, 2))]
    watch(subject, talk, now)
    assert len(subject._shapes) <= MAX_SHAPES
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.1)


def test_seeks_repeated_times_and_reset() -> None:
    subject = RestingCode(4)
    watch(subject, [REST] * 30, 100.0)
    watch(subject, [REST] * 5, 0.0)
    subject.update(SMILING, REST, REST, FRONT, 4 / 30)
    np.testing.assert_allclose(subject.code, AT_REST, atol=0.1)
    subject.reset()
    assert not subject.known
    assert not subject.code.any()


def test_a_recordings_code_is_that_of_its_frames_at_rest() -> None:
    faces = np.stack([smiling(REST)] * 50 + [REST] * 10 + [blinking(REST)] * 5)
    codes = np.array([SMILING] * 50 + [AT_REST] * 10 + [SMILING] * 5)
    turns = np.zeros((65, 3), np.float32)
    found = code_at_rest(codes, faces, turns, REST)
    assert found is not None
    np.testing.assert_allclose(found, AT_REST, atol=0.02)
    assert code_at_rest(codes[:50], faces[:50], turns[:50], REST) is None
    assert code_at_rest(codes[:0], faces[:0], turns[:0], REST) is None
    turns[50:] = [50, 0, 0]
    found = code_at_rest(codes[50:60], faces[50:60], turns[50:60], REST)
    assert found is not None, "turned frames are better than none"
    np.testing.assert_allclose(found, AT_REST, atol=1e-5)


# ------------------------------------------------------------ identity and brow style


def test_identity_and_brow_style_hold_still_under_noise_and_turned_heads() -> None:
    likeness, truth = Likeness(), RNG.uniform(0.3, 0.7, 208).astype(np.float32)
    shown, styles = [], []
    for i in range(300):
        turned = i % 3 == 0
        identity = truth + RNG.normal(0, 0.05, 208).astype(np.float32) + np.float32(0.2 * turned)
        probabilities = RNG.dirichlet(np.ones(36)).astype(np.float32) + 0.1 * np.eye(36, dtype=np.float32)[11]
        shown.append(likeness.update(identity, probabilities, np.float32([45 * turned, 0, 0]), i / 30))
        styles.append(likeness.brow_style)
    np.testing.assert_allclose(shown[-1], truth, atol=0.05)
    assert np.abs(shown[-1] - shown[-31]).max() < 0.01
    assert set(styles[100:]) == {11}


def test_another_person_is_another_likeness() -> None:
    likeness = Likeness()
    assert (likeness.identity, likeness.brow_style) == (None, 0)
    one, other = np.zeros(208, np.float32), np.ones(208, np.float32)
    style = np.eye(36, dtype=np.float32)
    for i in range(30):
        likeness.update(one, style[3], FRONT, i / 30)
    likeness.reset()
    np.testing.assert_array_equal(likeness.update(other, style[5], FRONT, 2.0), other)
    assert likeness.brow_style == 5
    with pytest.raises(ValueError, match="shape"):
        likeness.update(other[:3], style[5], FRONT, 2.1)
