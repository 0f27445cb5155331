"""Stands in for ``mien process --events``: says what that says, and what it should never say, without any network.

The name of each source tells what becomes of it; "hold" is worked on until the file GO lies beside it, or stdin ends.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any


def say(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def end_with_stdin() -> None:
    """As the real one does."""
    while os.read(0, 1024):
        pass
    print("mien: stdin ended", file=sys.stderr, flush=True)
    os._exit(130)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.005)


def process(i: int, source: Path, into: Path) -> bool:
    """Whether it went well."""
    word = source.stem
    result = into / f"{word}.csv"
    part = into / f".{word}.part.csv"
    part.write_text("frame, timestamp\n")
    say("begin", file=i, source=str(source), frames=100, writing=[str(part)])
    if "garbage" in word:
        print("a library that prints\n{broken\n[1]\n" + json.dumps({"event": "done", "file": 99}), flush=True)
        say("progress", file=i, stage=None, share="x", frames=-1, fps=[])
    if "crash" in word:
        print("Traceback (most recent call last):\nmien: the network fell over", file=sys.stderr, flush=True)
        os._exit(3)
    if "killed" in word:
        os.abort()
    say("progress", file=i, stage="calibrate", share=0.1, frames=40, fps=120.0, tracked=0)
    if "bad" in word:
        part.unlink()
        say("failed", file=i, error=f"{source} cannot be read as a video", outputs=[])
        return False
    if "silent" in word:
        os._exit(0)
    if "unsaid" in word:
        return True
    say("progress", file=i, stage="track", share=0.5, frames=50, fps=38.2, tracked=49)
    if "hold" in word:
        wait_for(source.parent / "GO")
    part.replace(result)
    warnings = ["3 frames could not be read"] if "worn" in word else []
    say("done", file=i, outputs=[str(result)], frames=100, tracked=98, fps=38.0, warnings=warnings)
    return True


def main(words: list[str]) -> int:
    sources = [Path(word) for word in words[words.index("--") + 1 :]]
    into = Path(words[words.index("--into") + 1])
    into.mkdir(parents=True, exist_ok=True)
    (into / "words.json").write_text(json.dumps(words))
    if any("stubborn" in source.stem for source in sources):
        say("progress", file=0, stage="load", share=None, frames=0, fps=0.0)
        while True:
            time.sleep(0.05)
    if any("refused" in source.stem for source in sources):
        print("mien: there is no profile Anna", file=sys.stderr)
        return 2
    threading.Thread(target=end_with_stdin, daemon=True).start()
    if any("sluggish" in source.stem for source in sources):
        wait_for(sources[0].parent / "GO")
    well = [process(i, source, into) for i, source in enumerate(sources)]
    say("end", done=sum(well), failed=len(well) - sum(well))
    return 0 if all(well) else 2


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
