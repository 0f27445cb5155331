"""The ordered lists are a contract: files, network heads and streams index by them."""

import hashlib

import numpy as np
import pytest

from rig import parameters as p

ORDER = {
    "CHANNELS": "AU1-left AU1-right AU2-left AU2-right AU4-left AU4-right AU5-left AU5-right AU6-left AU6-right "
    "AU7-left AU7-right AU9-left AU9-right AU10-left AU10-right AU12-left AU12-right AU14-left AU14-right "
    "AU15-left AU15-right AU16-left AU16-right AU20-left AU20-right "
    "AU43-left AU43-right AU17 AU18 AU22 AU24 AU25 AU26 AU28 AU30-left "
    "AU30-right AU29 AU34 AU19",
    "AUS": "AU1 AU2 AU4 AU5 AU6 AU7 AU9 AU10 AU12 AU14 AU15 AU16 AU17 AU18 AU20 AU22 AU24 AU25 AU26 AU28 AU30-left "
    "AU30-right AU43",
}


@pytest.mark.parametrize("name", ORDER)
def test_names_and_order_are_frozen(name: str) -> None:
    assert tuple(ORDER[name].split()) == getattr(p, name)


def test_arkit_order_is_live_links() -> None:
    # 52 names; the digest of them joined stands for the order.
    assert hashlib.sha256(" ".join(p.ARKIT).encode()).hexdigest()[:16] == "17a476af1453b059"
    assert p.ARKIT[0] == "eyeBlinkLeft"
    assert p.ARKIT[7] == "eyeBlinkRight"
    assert p.ARKIT[14:18] == ("jawForward", "jawLeft", "jawRight", "jawOpen")
    assert p.ARKIT[-1] == "tongueOut"


def test_counts() -> None:
    assert len(p.CHANNELS) == len(set(p.CHANNELS)) == p.N_CHANNELS == 40
    assert len(p.AUS) == len(set(p.AUS)) == 23
    assert p.N_IDENTITY == 208
    assert len(p.BROW_STYLES) == len(set(p.BROW_STYLES)) == p.N_BROW_STYLES == 36
    assert len(p.ARKIT) == len(set(p.ARKIT)) == 52


def test_mirror_swaps_sides_and_nothing_else() -> None:
    for i, name in enumerate(p.CHANNELS):
        twin = p.CHANNELS[p.MIRROR[i]]
        assert p.MIRROR[p.MIRROR[i]] == i
        assert twin.split("-")[0] == name.split("-")[0]
        assert (twin == name) == ("-" not in name)


def test_exclusive_pairs_name_channels() -> None:
    assert all(a in p.CHANNEL_INDEX and b in p.CHANNEL_INDEX and a != b for a, b in p.EXCLUSIVE_CHANNELS)


def _by_hand(channels: np.ndarray) -> np.ndarray:
    out = []
    for au in p.AUS:
        sides = [au] if au in p.CHANNEL_INDEX else [f"{au}-left", f"{au}-right"]
        out.append(np.mean([channels[..., p.CHANNEL_INDEX[s]] for s in sides], axis=0))
    return np.stack(out, axis=-1)


def test_fold_sides_is_the_mean_of_the_sides() -> None:
    channels = np.random.default_rng(1).random((3, 5, 40))
    folded = p.fold_sides(channels)
    assert folded.shape == (3, 5, 23)
    np.testing.assert_allclose(folded, _by_hand(channels))


def test_fold_sides_takes_tensors_and_passes_gradients() -> None:
    torch = pytest.importorskip("torch")
    channels = np.random.default_rng(2).random((4, 40))
    x = torch.tensor(channels, requires_grad=True)
    folded = p.fold_sides(x)
    np.testing.assert_allclose(folded.detach().numpy(), _by_hand(channels))
    folded.sum().backward()
    # Every AU's weights sum to 1; the three channels beyond the paper's 23 AUs have none.
    assert float(x.grad.sum()) == pytest.approx(4 * 23)
    beyond = [p.CHANNEL_INDEX[c] for c in ("AU29", "AU34", "AU19")]
    assert float(x.grad[:, beyond].abs().sum()) == 0
