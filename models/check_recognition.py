"""How well the recognition network tells people apart: ``python -m models.check_recognition CHECKPOINT ...``.

On rendered people that were never trained on (``--faces``), and on real clips (``--real``, what ``models.real_faces``
wrote): is a pair of one person's pictures nearer (cosine) than a pair of two people's? The area under that curve is
the chance of it. Pairs of one clip share light, place and clothes, which makes them easy: so it is also measured with
all but the face painted grey. Prints Markdown.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.faces import HELD_OUT_EVERY
from models.lightcnn import EMBEDDING, GREY, LightCNN29v2, load_recognition
from models.metrics import roc_auc
from models.renderer.labels import LABEL, PARTS
from models.runtime.alignment import mirror_landmarks

F = NDArray[np.float32]
PAINT = 110
"""Grey level for what is not face."""
APART = 20
"""Frames of one clip that are nearer than this are no pair: they are nearly the same picture."""


@dataclass(frozen=True)
class Gallery:
    """N grey aligned views, and who they show."""

    grey: NDArray[np.uint8]
    """(N, 128, 128)"""
    face_bits: NDArray[np.uint8]
    """(N, 2048) which pixels are the face's own (no hair, no ears, no neck), eight to a byte."""
    person: NDArray[np.int64]
    """(N,)"""
    session: NDArray[np.int64]
    """(N,)"""
    frame: NDArray[np.int64]
    """(N,) number in its clip; -1 where there is no clip."""
    who: NDArray[np.int64]
    """(P,) the people, in order."""
    rest: F
    """(P, 478, 3) their true face at rest (head frame, metres), made symmetric; NaN where not known."""

    @property
    def held_out(self) -> NDArray[np.bool_]:
        return self.person % HELD_OUT_EVERY == 0

    def face(self, row: int) -> NDArray[np.bool_]:
        """(128, 128)"""
        return np.unpackbits(self.face_bits[row]).astype(bool).reshape(128, 128)

    def rest_index(self, people: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where in ``rest`` each of these people is."""
        return np.searchsorted(self.who, people)

    def rows(self, index: NDArray[np.intp]) -> "Gallery":
        names = ("grey", "face_bits", "person", "session", "frame")
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def painted(self) -> NDArray[np.uint8]:
        """(N, 128, 128) with all but the face in one grey."""
        return np.stack([np.where(self.face(k), g, PAINT) for k, g in enumerate(self.grey)]).astype(np.uint8)


def read_gallery(folder: Path, shards: int | None = None) -> Gallery:
    """What ``models.render_dataset`` or ``models.real_faces`` wrote, as far as recognition needs it.

    Raises:
        FileNotFoundError: The folder holds no data.
    """
    paths = sorted(p for p in folder.glob("*.npz") if not p.name.endswith(".part.npz"))[:shards]
    if not paths:
        raise FileNotFoundError(f"{folder}: no *.npz there; make them with python -m models.render_dataset")
    own = np.isin(np.arange(256), [LABEL[name] for name in (*PARTS["face"], "glasses")])
    parts: dict[str, list[NDArray]] = {k: [] for k in ("grey", "bits", "person", "session", "frame", "true", "resting")}
    for path in paths:
        with np.load(path) as file:
            parts["grey"].append((file["picture"] @ np.array(GREY, np.float32)).round().astype(np.uint8))
            parts["bits"].append(np.packbits(own[file["labels"]].reshape(len(file["labels"]), -1), axis=1))
            parts["person"].append(file["person"])
            parts["session"].append(file["session"])
            parts["frame"].append(file["frame"] if "frame" in file else np.full(len(file["person"]), -1))
            parts["true"].append(file["true"][file["resting"]])
            parts["resting"].append(file["person"][file["resting"]])
    joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    who = np.unique(joined["person"])
    rest = np.stack([_at_rest(joined["true"][joined["resting"] == p]) for p in who])
    return Gallery(joined["grey"], joined["bits"], joined["person"], joined["session"], joined["frame"], who, rest)


def _at_rest(faces: F) -> F:
    """(N, 478, 3) of one person -> their mean, made symmetric; NaN of none."""
    if not len(faces):
        return np.full((478, 3), np.nan, np.float32)
    mean = faces.mean(0)
    return (0.5 * (mean + mean[mirror_landmarks()] * np.array([-1, 1, 1]))).astype(np.float32)


@torch.no_grad()
def embed_all(model: LightCNN29v2, grey: NDArray[np.uint8], device: torch.device, batch: int = 64) -> F:
    """(N, 128, 128) -> (N, 256) of length 1; a picture and its mirror image are added up."""
    was = model.training
    model.eval()
    out = np.empty((len(grey), EMBEDDING), np.float32)
    for first in range(0, len(grey), batch):
        x = torch.from_numpy(grey[first : first + batch])[:, None].to(device, torch.float32) / 255
        with torch.autocast(device.type, torch.bfloat16):
            both = model(torch.cat([x, x.flip(-1)]).contiguous(memory_format=torch.channels_last))
        one = functional.normalize(both.float(), dim=1).reshape(2, -1, EMBEDDING).sum(0)
        out[first : first + batch] = functional.normalize(one, dim=1).cpu().numpy()
    model.train(was)
    return out


def pair_auc(embedding: F, person: NDArray, allowed: NDArray[np.bool_]) -> float:
    """Over the pairs that ``allowed`` (N, N) keeps of those of one person, and all pairs of two people."""
    above = np.triu(np.ones((len(person), len(person)), bool), 1)
    score = embedding @ embedding.T
    same = person[:, None] == person
    counted = above & (allowed | ~same)
    return roc_auc(same[counted], score[counted])


def cross_session_auc(embedding: F, person: NDArray, session: NDArray) -> float:
    """Of one person only pairs from different sessions: other light, place and camera."""
    return pair_auc(embedding, person, session[:, None] != session)


def real_report(model: LightCNN29v2, real: Gallery, device: torch.device) -> list[str]:
    """Markdown rows for real people: pairs of one clip (well apart), pairs across files, both also painted."""
    across = real.session[:, None] != real.session
    apart = ~across & (np.abs(real.frame[:, None] - real.frame) >= APART)
    lines = []
    for name, grey in (("as it is", real.grey), ("all but the face painted grey", real.painted())):
        embedding = embed_all(model, grey, device)
        for what, allowed in (("one clip, frames apart", apart), ("two files", across)):
            same = np.triu(allowed & (real.person[:, None] == real.person), 1).sum()
            lines.append(f"| real, {what}, {name} | {same} | {pair_auc(embedding, real.person, allowed):.3f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--faces", type=Path, help="folder of models.render_dataset: its held-out people")
    parser.add_argument("--real", type=Path, help="folder of models.real_faces")
    parser.add_argument("--shards", type=int, help="read only so many files of --faces")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(args.device)
    try:
        model = load_recognition(args.checkpoint, args.device)
        print("| pairs | of one person | AUC |\n| --- | --- | --- |")
        if args.faces:
            data = read_gallery(args.faces, args.shards)
            data = data.rows(np.flatnonzero(data.held_out)[:4000])
            across = data.session[:, None] != data.session
            n = np.triu(across & (data.person[:, None] == data.person), 1).sum()
            for name, grey in (("as it is", data.grey), ("all but the face painted grey", data.painted())):
                auc = cross_session_auc(embed_all(model, grey, device), data.person, data.session)
                people = len(set(data.person))
                print(f"| {people} rendered people never trained on, two sessions, {name} | {n} | {auc:.3f} |")
        if args.real:
            print("\n".join(real_report(model, read_gallery(args.real), device)))
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
