"""The generator's figures and sheets, on stand-ins whose answers are known."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import evaluate_generator as script  # noqa: E402
from models.evaluate_generator import at_rest, likeness, responses, strongest, triples  # noqa: E402
from models.generator import Architecture, Generator  # noqa: E402
from models.render_pairs import Pairs, draw_faces, faces_of, render_pairs  # noqa: E402
from models.renderer.render import Renderer  # noqa: E402
from rig.parameters import AUS  # noqa: E402


class Recorded(torch.nn.Module):
    """Answers with the renderer's own pictures, changes from the first one made ``strength`` times as strong."""

    def __init__(self, renderer: Renderer, strength: float = 1.0, off: float = 0.0):
        super().__init__()
        self.renderer, self.strength, self.off = renderer, strength, off
        self.architecture = Architecture(size=64)
        self.anchor = torch.nn.Parameter(torch.zeros(1))

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        picture = render_pairs(self.renderer, faces_of(y.numpy()), 64).picture
        x = torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 255
        return (x[:1] + self.strength * (x - x[:1]) + self.off).clamp(0, 1)


def test_likeness_of_a_known_error(pairs_renderer: Renderer) -> None:
    pairs = render_pairs(pairs_renderer, draw_faces(3, np.random.default_rng(0)), 64)
    found = likeness(Recorded(pairs_renderer, off=0.02), pairs)  # type: ignore[arg-type]
    assert found.l1 == pytest.approx(5.1, abs=0.4)
    assert found.psnr_db == pytest.approx(34, abs=0.5)
    assert 0.95 < found.ssim < 1
    assert found.parts_l1["brows"] == pytest.approx(5.1, abs=1.0)


def test_actions_followed_half_and_not_at_all(pairs_renderer: Renderer) -> None:
    rest = at_rest(1, np.random.default_rng(0))
    half, true, made = responses(Recorded(pairs_renderer, 0.5), pairs_renderer, rest)  # type: ignore[arg-type]
    assert list(half) == list(AUS)
    assert true.shape == made.shape == (24, 64, 64, 3)
    assert min(r.alike for r in half.values()) > 0.97
    assert np.mean([r.strength for r in half.values()]) == pytest.approx(0.5, abs=0.03)
    deaf, _, _ = responses(Recorded(pairs_renderer, 0.0), pairs_renderer, rest)  # type: ignore[arg-type]
    assert max(abs(r.strength) for r in deaf.values()) < 1e-6


def test_sheets_stack_rendered_generated_and_difference() -> None:
    true = np.full((4, 8, 8, 3), 100, np.uint8)
    made = np.full((4, 8, 8, 3), 110, np.uint8)
    sheet = triples(true, made, columns=2)
    assert sheet.shape == (6 * 8, 2 * 8, 3)
    assert sheet[0, 0, 0] == 100
    assert sheet[8, 0, 0] == 110
    assert sheet[16, 0, 0] == 158


def test_the_strongest_come_first() -> None:
    vector = np.zeros((5, 269), np.float32)
    vector[3, 2:5] = 1
    vector[1, 7] = 1
    pairs = Pairs(vector, np.zeros((5, 2, 2, 3), np.uint8), np.zeros((5, 2, 2), np.uint8))
    assert (strongest(pairs, 2).vector == vector[[3, 1]]).all()


def test_the_whole_script(pairs_renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = render_pairs(pairs_renderer, draw_faces(8, np.random.default_rng(0)), 128)
    np.savez(tmp_path / "pairs0000.npz", vector=pairs.vector, picture=pairs.picture, labels=pairs.labels)
    torch.save(Generator(128, width=32, code=16).checkpoint(), tmp_path / "g.pt")
    monkeypatch.setattr(script, "Renderer", lambda **_: pairs_renderer)
    monkeypatch.setattr(script, "PEOPLE", 1)
    out = tmp_path / "out"
    monkeypatch.setattr(
        "sys.argv", ["x", str(tmp_path / "g.pt"), "--pairs", str(tmp_path), "--out", str(out), "--device", "cpu"]
    )
    script.main()
    text = (out / "report.md").read_text()
    assert "On 8 pairs never seen: L1" in text
    assert all(f"| {au} |" in text for au in AUS)
    for name in ("pairs", "strong", "actions", "brows"):
        assert (out / f"{name}.png").exists()
