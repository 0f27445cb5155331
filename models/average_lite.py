"""The mean of two trained ``lite`` regressors: ``python -m models.average_lite FIRST SECOND --out FILE``.

Two trainings that begin with the same weights and see different data end near enough to each other for the mean of
their weights to be better than either (Wortsman et al. 2022, "Model soups"). The landmarks' part, which training leaves
as it is, is that of SECOND.
"""

import argparse
from pathlib import Path

import torch

from models.lite import LiteRegressor


def average(first: LiteRegressor, second: LiteRegressor) -> LiteRegressor:
    """A network with the mean of both weights; raises ValueError where they are not of one shape."""
    if first.architecture != second.architecture:
        raise ValueError(f"{first.architecture} and {second.architecture} have no mean")
    theirs, state = first.state_dict(), second.state_dict()
    mean = {
        name: (value + theirs[name]) / 2
        if value.dtype.is_floating_point and not name.startswith("geometry.")
        else value
        for name, value in state.items()
    }
    out = LiteRegressor(second.architecture, second.geometry).eval()
    out.load_state_dict(mean)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("first", type=Path, help="best.pt of a training by models.train_lite")
    parser.add_argument("second", type=Path, help="of another that began with the same weights")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint for export_onnx.py")
    args = parser.parse_args()
    both = []
    for path in (args.first, args.second):
        if not path.is_file():
            raise SystemExit(f"{path}: there is no such checkpoint")
        both.append(LiteRegressor.from_checkpoint(torch.load(path, weights_only=False)))
    try:
        mean = average(*both)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(mean.checkpoint(), args.out)


if __name__ == "__main__":
    main()
