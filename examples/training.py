"""What the training scripts share: a checkpoint to go on from, files of weights, and a log."""

import hashlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gendemod
from gendemod._files import replacing

Say = Callable[[str], None]


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds all that training goes on from: its parts, and the random numbers."""

    path: Path
    settings: dict[str, Any]
    parts: dict[str, Any]

    def save(self, epoch: int) -> None:
        """Write the state after `epoch`."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        about = {"settings": self.settings, "epoch": epoch, "random": torch.get_rng_state()}
        with replacing(self.path) as beside:
            torch.save({**about, "parts": state}, beside)

    def resume(self, say: Say) -> int:
        """Take the state from the file, if it is there, and return its epoch."""
        if not self.path.exists():
            return 0
        state = self._read()
        if state["settings"] != self.settings:
            raise ValueError(
                f"`checkpoint` must come from the same settings because training goes on from it; "
                f"got {state['settings']} instead of {self.settings} in {self.path}; remove it to "
                "start anew"
            )
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        torch.set_rng_state(state["random"])
        say(f"  goes on after epoch {state['epoch']}")
        return int(state["epoch"])

    def _read(self) -> dict[str, Any]:
        """Return what the file holds; nothing that it says is run."""
        try:
            return torch.load(self.path, weights_only=True)
        except Exception as error:
            # PyTorch raises half a dozen kinds of exception for a broken file.
            raise ValueError(
                f"`checkpoint` must be a whole file of `Checkpoint.save` because training goes on "
                f"from it; got {self.path}, broken or of another kind; remove it to start anew"
            ) from error


def write_weights(target: Path, weights: list[np.ndarray], say: Say) -> None:
    """Write an archive that `ReLUNetwork.load` reads, and say its checksum."""
    with replacing(target) as beside:
        np.savez(beside, **{f"W{i}": weight for i, weight in enumerate(weights, start=1)})
    written = target.read_bytes()
    say(f"  {target.name}: {len(written)} bytes, SHA-256 {hashlib.sha256(written).hexdigest()}")


class Log:
    """Lines that are printed at once and written to a file in the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun = time.monotonic()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)

    def versions(self, threads: int) -> None:
        """Say what computes."""
        self(
            f"Python {platform.python_version()}, NumPy {np.__version__}, "
            f"PyTorch {torch.__version__}, gendemod {gendemod.__version__}, threads: {threads}"
        )

    def write(self, path: Path) -> None:
        """Say how long it took, and write all lines."""
        self(f"{time.monotonic() - self.begun:.0f} s in all")
        with replacing(path) as beside:
            beside.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
