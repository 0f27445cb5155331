"""One renderer and a few pictures for all tests of the folder: building it takes seconds."""

import numpy as np
import pytest
import torch

from models.renderer.render import Rendered, Renderer
from models.renderer.sample import Parameters, sample


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    torch.set_num_threads(1)
    return Renderer(size=128)


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return sample(6, np.random.default_rng(4))


@pytest.fixture(scope="session")
def rendered(renderer: Renderer, parameters: Parameters) -> Rendered:
    return renderer(parameters)
