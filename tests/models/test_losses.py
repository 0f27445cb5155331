"""The losses of eq. 7 to 12 against numbers worked out by hand, and who learns from them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.bisenet import BiSeNet, FeatureExtractor, Features  # noqa: E402
from models.fused_features import WINDOWS, fuse  # noqa: E402
from models.generator import Generator  # noqa: E402
from models.losses import (  # noqa: E402
    NOT_IRISES,
    Parameters,
    Weights,
    adversarial_loss,
    base_vector,
    channel_loss,
    content_loss,
    flip_loss,
    identity_loss,
    landmark_loss,
    loopback_loss,
    parameter_loss,
    smooth_loss,
    supervised_loss,
)
from models.regressor import Regressor, fitting  # noqa: E402
from models.runtime.alignment import align, fit_head  # noqa: E402
from models.training.rig_landmarks import RigLandmarks  # noqa: E402
from models.training.self_supervision import SelfSupervision  # noqa: E402
from rig.face import Face  # noqa: E402
from rig.parameters import CHANNEL_INDEX, MIRROR  # noqa: E402


def features(value: float) -> Features:
    parts = {k: torch.full((2, 3, 4, 4), value) for k in WINDOWS}
    return Features(**parts, masks=torch.zeros(2, 19, 8, 8))


def parameters(pose: float = 0.5, au: float = 0.02, identity: float = 0.5) -> Parameters:
    return Parameters(
        torch.full((2, 2), pose),
        torch.full((2, 23), au),
        torch.full((2, 208), identity),
        torch.full((2, 36), 1 / 36),
    )


# ------------------------------------------------------------ the paper's


def test_content_is_the_mean_difference_of_each_of_five_components() -> None:
    assert float(content_loss(features(1.0), features(0.75))) == pytest.approx(5 * 0.25)
    drawn = replace(features(0.0), mouth=torch.ones(2, 3, 4, 4).requires_grad_())
    real = replace(features(0.0), mouth=torch.zeros(2, 3, 4, 4).requires_grad_())
    loss = content_loss(drawn, real)
    assert float(loss.detach()) == pytest.approx(1.0)
    loss.backward()
    assert drawn.mouth.grad is not None
    assert real.mouth.grad is None, "the real picture is not to be changed"
    assert float(content_loss(replace(features(0.0), f_gb=torch.ones(2, 3, 4, 4)), features(0.0))) == 0, "f_gb is not T"


def test_identity_is_one_minus_the_cosine() -> None:
    a, b = torch.tensor([[1.0, 0.0], [2.0, 0.0]]), torch.tensor([[3.0, 0.0], [1.0, 1.0]])
    assert float(identity_loss(a, b)) == pytest.approx((0 + 1 - 2**-0.5) / 2)


def test_parameters_are_drawn_to_their_bases() -> None:
    assert float(parameter_loss(parameters())) == 0
    assert float(parameter_loss(parameters(pose=0.6))) == pytest.approx(2 * 0.01)
    assert float(parameter_loss(parameters(identity=0.4))) == pytest.approx(0.1 * 208 * 0.01)
    assert float(parameter_loss(parameters(au=0.52))) == pytest.approx(0.01 * 23 * 0.25)
    assert float(parameter_loss(parameters(au=0.52), beta=0.5)) == pytest.approx(0.5 * 23 * 0.25)


def test_loopback_compares_both_pictures_with_what_they_were_drawn_from() -> None:
    zeros = torch.zeros(2, 269)
    drawn, read = zeros.clone().requires_grad_(), (zeros + 0.25).requires_grad_()
    loss = loopback_loss(drawn, read, zeros, zeros + 0.5, expression=0.5)
    assert float(loss.detach()) == pytest.approx(0.25 + 0.5 * 0.5)
    loss.backward()
    assert drawn.grad is None, "what was drawn is the truth"
    assert read.grad is not None


def test_adversarial_compares_mouths_with_the_base_faces() -> None:
    assert float(adversarial_loss(torch.full((2, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.2))) == pytest.approx(0.3)


def test_the_vectors_of_eq_11_have_one_half_replaced_by_its_base() -> None:
    y = parameters(pose=0.7, au=0.4, identity=0.3)
    emotionless, on_base = y.emotionless(), y.of_base_face()
    assert emotionless.shape == on_base.shape == y.vector().shape == (2, 269)
    assert emotionless[:, :2].unique().tolist() == pytest.approx([0.5])
    assert emotionless[:, 2:25].unique().tolist() == pytest.approx([0.02])
    assert emotionless[:, 25:233].unique().tolist() == pytest.approx([0.3])
    assert on_base[:, :2].unique().tolist() == pytest.approx([0.7])
    assert on_base[:, 2:25].unique().tolist() == pytest.approx([0.4])
    assert on_base[:, 25:233].unique().tolist() == pytest.approx([0.5])
    torch.testing.assert_close(base_vector(2), parameters().emotionless())


def test_parameters_fold_sides_and_stay_in_range_with_gradients_at_the_ends() -> None:
    au = torch.zeros(1, 40)
    au[0, CHANNEL_INDEX["AU12-left"]], au[0, CHANNEL_INDEX["AU12-right"]] = 1.0, 0.5
    au[0, CHANNEL_INDEX["AU26"]] = 1.5
    au.requires_grad_()
    y = Parameters.of(au, torch.full((1, 2), 0.5), torch.full((1, 208), -0.2), torch.zeros(1, 36))
    assert float(y.au.detach().max()) == 1.0
    assert float(y.au.detach()[0, 8]) == pytest.approx(0.75), "AU12 is the mean of its sides"
    assert float(y.identity.min()) == 0
    y.au.sum().backward()
    assert au.grad is not None
    assert float(au.grad[0, CHANNEL_INDEX["AU26"]]) == 1, "a parameter that overshot can return"


# ------------------------------------------------------------ ours


def test_channels_beyond_the_range_cost_nothing_and_present_ones_more() -> None:
    true = torch.zeros(1, 40)
    true[0, 0] = 1.0
    read = true.clone()
    read[0, 0], read[0, 1] = 1.4, -0.3
    assert float(channel_loss(read, true)) == 0
    missed, imagined = true.clone(), true.clone()
    missed[0, 0], imagined[0, 1] = 0.5, 0.5
    assert float(channel_loss(missed, true)) == pytest.approx((0.8 + 1.1) * (0.5 - 0.02) / 40)
    assert float(channel_loss(imagined, true)) == pytest.approx(0.8 * (0.5 - 0.02) / 40)


def test_supervision_leaves_out_what_is_not_known() -> None:
    true = SimpleNamespace(
        au=torch.zeros(2, 40),
        pose=torch.full((2, 2), 0.5),
        gaze_deg=torch.zeros(2, 4),
        identity=torch.full((2, 208), torch.nan),
        brow_style=torch.tensor([-1, -1]),
    )
    read = SimpleNamespace(
        au=torch.zeros(2, 40),
        pose=torch.full((2, 2), 0.6),
        gaze_deg=torch.full((2, 4), 10.0),
        identity=torch.zeros(2, 208),
        brow_logits=torch.zeros(2, 36),
    )
    terms = supervised_loss(read, true)
    assert set(terms) == {"au", "pose", "gaze"}
    assert float(terms["pose"]) == pytest.approx(2 * 0.1)
    assert float(terms["gaze"]) == pytest.approx(0.3 * (0.5 - 0.05))
    true.au[:, CHANNEL_INDEX["AU43-left"]] = 1.0  # a shut eye looks nowhere
    assert float(supervised_loss(read, true)["gaze"]) == pytest.approx(0.5 * 0.3 * (0.5 - 0.05))
    true.identity[0], true.brow_style[0] = 0.5, 3
    terms = supervised_loss(read, true)
    assert float(terms["id"]) == pytest.approx(2 * 0.25)
    assert float(terms["brow"]) == pytest.approx(0.02 * np.log(36), rel=1e-5)


def test_smoothness_asks_for_the_middle_and_the_mirror_for_swapped_sides() -> None:
    a = torch.zeros(1, 40)
    assert float(smooth_loss(a, a + 0.2, a + 0.4)) == pytest.approx(0, abs=1e-6)
    assert float(smooth_loss(a, a + 0.5, a)) == pytest.approx((0.25 + 0.0025) ** 0.5 - 0.05)
    a[0, CHANNEL_INDEX["AU2-left"]] = 0.8
    assert float(flip_loss(a, a[:, list(MIRROR)])) == 0
    assert float(flip_loss(a, a)) == pytest.approx(2 * 0.8 / 40)


# ------------------------------------------------------------ landmarks through the rig


def test_the_rigs_landmarks_move_as_the_aligned_ones_do() -> None:
    rig, face = RigLandmarks(), Face()
    rng = np.random.default_rng(3)
    identity = (0.5 + 0.1 * rng.standard_normal(208)).clip(0, 1).astype(np.float32)
    au = np.zeros(40, np.float32)
    au[[CHANNEL_INDEX["AU26"], CHANNEL_INDEX["AU2-left"]]] = 0.7
    person = face.person(identity)
    gaze = np.zeros(2, np.float32)
    posed, rest = (face.landmarks(face.pose(a, gaze, gaze, person)) for a in (au, np.zeros_like(au)))
    fit = fit_head(rest)
    expected = align(posed, fit) - align(rest, fit)
    found = rig(torch.from_numpy(au)[None], torch.from_numpy(identity)[None], torch.zeros(1, 4))
    assert float(found.norm(dim=-1).max()) > 0.005
    np.testing.assert_allclose(found[0].numpy(), expected, atol=3e-5)


def test_landmarks_teach_the_expression_that_moved_them() -> None:
    rig = RigLandmarks()
    identity, gaze = torch.full((1, 208), 0.5), torch.zeros(1, 4)
    true = torch.zeros(1, 40)
    true[0, CHANNEL_INDEX["AU26"]] = 0.8
    motion = rig(true, identity, gaze)
    assert float(landmark_loss(true, identity, gaze, motion, rig)) == pytest.approx(0, abs=1e-9)
    irises = motion.clone()
    irises[:, NOT_IRISES:] += 1
    assert float(landmark_loss(true, identity, gaze, irises, rig)) == pytest.approx(0, abs=1e-9)
    damped = landmark_loss(true, identity, gaze, 0.5 * motion, rig, lambda x: 0.5 * x)
    assert float(damped) == pytest.approx(0, abs=1e-9)
    read = torch.full((1, 40), 0.1, requires_grad=True)
    landmark_loss(read, identity, gaze, motion, rig).backward()
    assert read.grad is not None
    assert int(read.grad[0].argmin()) == CHANNEL_INDEX["AU26"], "more of the dropped jaw helps most"


# ------------------------------------------------------------ the paper's step


class Recognises(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(3, 8)

    def embed(self, picture: torch.Tensor) -> torch.Tensor:
        return self.fc(picture.mean((2, 3)))


@pytest.fixture(scope="module")
def small() -> tuple[SelfSupervision, Regressor, torch.Tensor]:
    torch.manual_seed(0)
    extractor = FeatureExtractor(BiSeNet(width=0.0625, side=128).eval())
    step = SelfSupervision(extractor, Generator(128, width=16, code=16), Recognises(), Weights())
    regressor = Regressor(fitting(extractor, width=8, hidden=16, code=8)).eval()
    return step, regressor, torch.rand(2, 3, 128, 128)


def read(step: SelfSupervision, regressor: Regressor, picture: torch.Tensor):  # type: ignore[no-untyped-def]
    with torch.no_grad():
        fused = fuse(step.extractor(picture))
    return regressor(fused, *regressor.nothing_known(len(picture)))


def test_every_term_is_there_weighted_and_only_the_regressor_learns(small) -> None:  # type: ignore[no-untyped-def]
    step, regressor, picture = small
    terms = step(regressor, read(step, regressor, picture), picture)
    assert set(terms) == {"content", "identity", "parameter", "adversarial", "loopback"}
    for value in terms.values():
        assert float(value.detach()) > 0
        regressor.zero_grad()
        value.backward(retain_graph=True)
        moved = {name.split(".")[0] for name, p in regressor.named_parameters() if p.grad is not None and p.grad.any()}
        assert moved, "each term teaches R"
        assert all(p.grad is None for p in step.parameters()), "nothing else learns"
    with torch.no_grad():
        seen = step.extractor(step.generator(base_vector()))
    torch.testing.assert_close(step.base_mouth, seen.mouth)


def test_terms_of_no_weight_are_left_out(small, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    step, regressor, picture = small
    reading = read(step, regressor, picture)
    every = step(regressor, reading, picture)
    weights = replace(Weights(), identity=0.0, adversarial=0.0, loopback=0.0, content=2.0)
    monkeypatch.setattr(step, "weights", weights)
    some = step(regressor, reading, picture)
    assert set(some) == {"content", "parameter"}
    assert float(some["content"].detach()) == pytest.approx(2 * float(every["content"].detach()), rel=1e-5)
