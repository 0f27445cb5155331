"""Features that are made once: right, of the right network, and of the right windows."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from made_up_people import make_world, parser_of  # noqa: E402

from models.bisenet import BiSeNet, FeatureExtractor  # noqa: E402
from models.fused_features import Window  # noqa: E402
from models.training import feature_cache  # noqa: E402
from models.training.feature_cache import CacheError, FeatureCache, cache_features, features_of  # noqa: E402
from models.training.regressor_data import Pictures  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def test_cached_rows_are_the_features_of_their_pictures(world: Path) -> None:
    cache = FeatureCache(world / "rendered", world / "cache" / "rendered")
    rows = np.array([33, 2])
    pictures = Pictures(world / "rendered").rows(rows)
    assert pictures.shape == (2, 3, 128, 128)
    as_bytes = (pictures.permute(0, 2, 3, 1) * 255).round().byte().numpy()
    extractor = parser_of(world)
    np.testing.assert_allclose(cache.rows(rows).numpy(), features_of(extractor, as_bytes), rtol=1e-2, atol=1e-2)
    mirrored = features_of(extractor, np.ascontiguousarray(as_bytes[1:, :, ::-1]))
    found = cache.rows(rows, np.array([False, True]))
    np.testing.assert_allclose(found[1:].numpy(), mirrored, rtol=1e-2, atol=1e-2)
    assert cache.has_mirror.tolist() == [True] * 32 + [False] * 24
    with pytest.raises(CacheError, match="mirrored features of row 33"):
        cache.rows(rows, np.array([True, False]))


def test_other_cameras_see_the_same_people_otherwise(world: Path, tmp_path: Path) -> None:
    cache_features(parser_of(world), world / "rendered", tmp_path, files=1, cameras=2)
    cache = FeatureCache(world / "rendered", tmp_path, 1)
    rows = np.arange(8)
    own, others = cache.rows(rows), cache.rows(rows, by_others=np.arange(8) % 4 > 1)
    differs = (own != others).any(1)
    assert differs.tolist() == (rows % 4 > 1).tolist()
    again = tmp_path / "again"
    cache_features(parser_of(world), world / "rendered", again, files=1, cameras=1)
    np.testing.assert_array_equal(np.load(again / "shard0000.camera0.npy"), np.load(tmp_path / "shard0000.camera0.npy"))


def test_a_cache_of_another_network_or_other_windows_is_refused(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(9)
    other = FeatureExtractor(BiSeNet(width=0.0625, side=128).eval())
    with pytest.raises(CacheError, match="another parsing network"):
        cache_features(other, world / "rendered", world / "cache" / "rendered")
    monkeypatch.setitem(feature_cache.WINDOWS, "eyes", Window(32, 0, 8, 0, 8))
    with pytest.raises(CacheError, match="of other windows"):
        cache_features(parser_of(world), world / "rendered", world / "cache" / "rendered")
    with pytest.raises(CacheError, match=r"shard0000\.npy is missing"):
        FeatureCache(world / "rendered", world / "nowhere")


def test_quick_features_are_nearly_the_same(world: Path) -> None:
    extractor = parser_of(world)
    with np.load(world / "rendered" / "shard0000.npz") as file:
        picture = file["picture"][:4]
    exact, quick = (features_of(extractor, picture, quick=q).astype(np.float32) for q in (False, True))
    assert 0 < np.abs(exact - quick).mean() < 0.05 * np.abs(exact).mean()
