"""Draw docs/figures/simulators.png: five pictures of each simulator of `gendemod.data`.

    python examples/simulators.py

Needs gendemod[images]; takes a second.
"""

import argparse
from pathlib import Path

from gendemod import data
from gendemod._figure import figure
from gendemod.pictures import write_picture

SIZE = 64
PICTURES = range(5)
ROWS = {
    "paper's bells": data.bells,
    "vignetting": data.vignetting,
    "linear shading": data.linear_shading,
    "quadratic shading": data.quadratic_shading,
    "MRI bias field": data.mri_bias_field,
    "terahertz sweep": data.terahertz_sweep,
}


def main() -> None:
    """Draw the figure."""
    parser = argparse.ArgumentParser(description="Draw five pictures of each simulator.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).parents[1] / "docs" / "figures" / "simulators.png",
        help="picture to write (docs/figures/simulators.png)",
    )
    options = parser.parse_args()
    rows = [
        (name, simulator(len(PICTURES), SIZE, seed=0).reshape(-1, SIZE, SIZE))
        for name, simulator in ROWS.items()
    ]
    write_picture(options.output, figure("picture", [str(i) for i in PICTURES], rows))


if __name__ == "__main__":
    main()
