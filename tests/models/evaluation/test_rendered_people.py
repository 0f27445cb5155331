"""Test people: whole, seeded, at rest where they say so, and compared with the right picture of themselves."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import rendered_people
from models.evaluation.rendered_people import RenderedPeople, rest_of, see
from models.renderer.sample import FERA_ORIENTATIONS
from models.runtime.alignment import align, fit_head
from models.runtime.landmarks import LandmarkResult

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def people() -> RenderedPeople:
    return rendered_people.render_people(1, fera=True, size=48)


def test_pictures_at_rest_are_at_rest_and_the_others_in_feras_views(people: RenderedPeople) -> None:
    assert people.picture.shape == (len(people), 48, 48, 3)
    assert people.picture.std() > 10
    assert (people.person == 0).all()
    assert set(people.session) == {0, 1}
    assert (people.au[people.resting] == 0).all()
    assert people.au[~people.resting].max() > 0.2
    shown = {(float(yaw), float(pitch)) for yaw, pitch in people.euler_deg[~people.resting, :2]}
    assert shown == set(FERA_ORIENTATIONS)
    assert np.abs(people.euler_deg[people.resting, 0]).max() < 40


def test_they_are_kept_and_read_back(people: RenderedPeople, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered_people, "render_people", lambda n, fera: people)
    first = rendered_people.kept_people(tmp_path, 1, fera=True)
    monkeypatch.setattr(rendered_people, "render_people", None)  # nobody is rendered twice
    again = rendered_people.kept_people(tmp_path, 1, fera=True)
    for kept in (first, again):
        np.testing.assert_array_equal(kept.picture, people.picture)
        np.testing.assert_array_equal(kept.au, people.au)


class Knowing:
    """An engine that reports the truth, or nothing in every other picture, or something far off in the last."""

    name, device = "knowing", "cpu"

    def __init__(self, people: RenderedPeople) -> None:
        self.people = people
        self.at = {picture.tobytes(): n for n, picture in enumerate(people.picture)}

    def detect(self, image: np.ndarray, time_s: float) -> LandmarkResult | None:
        n = self.at[image.tobytes()]
        if n % 2:
            return None
        off = 24 if n == len(self.people) - 2 else 0
        return LandmarkResult(self.people.landmarks[n] + np.float32(off), 1.0)

    def reset(self) -> None: ...
    def close(self) -> None: ...


def test_only_faces_that_were_found_have_landmarks(people: RenderedPeople) -> None:
    views = see(people, Knowing(people))
    found = np.isfinite(views.landmarks).all(axis=(1, 2))
    expected = np.arange(len(people)) % 2 == 0
    expected[-2] = False  # what was found there is not the face
    np.testing.assert_array_equal(found, expected)
    truth = people.landmarks[:1]
    np.testing.assert_allclose(views.landmarks[:1], align(truth, fit_head(truth)), atol=1e-6)
    assert views.picture[0].std() > 5
    assert not views.picture[1].any()


def test_rest_is_of_the_same_person_and_session_and_never_oneself() -> None:
    person, session = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 1, 0])
    resting, usable = np.array([1, 0, 1, 0, 1, 0, 0], bool), np.array([1, 1, 0, 1, 1, 1, 1], bool)
    chosen = rest_of(person, session, resting, usable)
    #       itself alone; same session; other session only; fallback; itself; other session; nobody
    np.testing.assert_array_equal(chosen, [-1, 0, 0, 0, -1, 4, -1])
