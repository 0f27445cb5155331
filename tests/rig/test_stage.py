"""One stage after another on the same plotter: what is seen, what is drawn, what is handed to OpenGL when."""

from collections.abc import Iterator

import numpy as np
import pytest
import pyvista as pv

from rig.stage import Stage, bottom_up, texture

SIZE = 48


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(SIZE, SIZE, samples=0)
    made.set_background("black")
    made.add("ball", pv.Sphere(radius=0.04, center=(0, -0.02, -0.05)), lighting=False, color="red")
    yield made
    made.close()


def colour_of(picture: np.ndarray) -> tuple[int, ...]:
    return tuple(int(c) for c in picture[SIZE // 2, SIZE // 2])


def test_one_behind_is_unseen_until_it_enters(stage: Stage) -> None:
    red = stage.render()
    assert colour_of(red) == (255, 0, 0)
    other = Stage(behind=stage)
    other.add("ball", pv.Sphere(radius=0.06, center=(0, -0.02, -0.05)), lighting=False, color="blue")
    assert other.plotter is stage.plotter
    assert (other.full, other.software) == (stage.full, stage.software)
    np.testing.assert_array_equal(stage.render(), red)
    other.enter(stage)
    assert colour_of(other.render()) == (0, 0, 255)
    assert set(other.plotter.renderer.actors.values()) == set(other.actors.values())
    assert stage.actors == {}
    other.add("nose", pv.Sphere(radius=0.02, center=(0, -0.02, 0.03)), lighting=False, color="lime")
    assert colour_of(other.render()) == (0, 255, 0), "what is added to a stage in sight is seen at once"


def test_another_size_draws_nothing_by_itself(stage: Stage) -> None:
    stage.render()
    window = stage.plotter.ren_win
    drawn: list[int] = []
    assert window is not None
    window.AddObserver("RenderEvent", lambda *_: drawn.append(1))
    stage.resize(SIZE, SIZE)
    stage.resize(2 * SIZE, SIZE)
    assert drawn == []
    assert stage.render().shape == (SIZE, 2 * SIZE, 3)
    assert len(drawn) == 1


def test_a_texture_lies_as_its_picture_does(stage: Stage) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:4] = (0, 255, 0)  # the upper half
    plane = pv.Plane(center=(0, -0.02, -0.05), direction=(0, 0, 1), i_size=0.2, j_size=0.2)
    made = texture(bottom_up(picture))
    stage.upload(made)  # before there was a picture OpenGL is not there yet
    stage.render()
    stage.upload(made)
    stage.add("sheet", plane, lighting=False).texture = made
    shown = stage.render()
    assert shown[SIZE // 4, SIZE // 2, 1] > 200
    assert shown[3 * SIZE // 4, SIZE // 2, 1] < 50


def test_no_texture_is_filtered_by_a_loop_without_end() -> None:
    """With 4, VTK's default, llvmpipe draws a quad whose texture coordinates span 100,000 pictures for 44 seconds."""
    made = texture(bottom_up(np.zeros((8, 8, 3), np.uint8)))
    assert made.GetMaximumAnisotropicFiltering() == 1


def test_colours_come_from_their_point_array(stage: Stage) -> None:
    ball = pv.Sphere(radius=0.06, center=(0, -0.02, -0.05))
    ball.point_data["light"] = np.tile(np.array([10, 200, 30], np.uint8), (ball.n_points, 1))
    stage.add("lit", ball, "light", lighting=False)
    assert colour_of(stage.render()) == (10, 200, 30)


def test_who_measures_is_told_when_opengl_works(stage: Stage) -> None:
    told: list[str] = []

    class Clock:
        def __enter__(self) -> None:
            told.append("in")

        def __exit__(self, *_: object) -> None:
            told.append("out")

    stage.drawing = Clock()
    stage.render()
    assert told == ["in", "out"]
    behind = Stage(behind=stage)
    behind.upload(texture(bottom_up(np.zeros((4, 4, 3), np.uint8))))
    assert told == ["in", "out"] * 2
