"""One small renderer for all tests of pairs and generator: building it takes seconds."""

import pytest


@pytest.fixture(scope="session")
def pairs_renderer():  # type: ignore[no-untyped-def]
    """Pictures of 128; views of 64 are then rendered at twice their side, as training's are."""
    torch = pytest.importorskip("torch", reason="torch comes with the train extra")
    from models.renderer.render import Renderer

    torch.set_num_threads(1)
    return Renderer(size=128)
