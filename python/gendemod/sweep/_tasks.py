"""The tasks by name."""

from __future__ import annotations

from ._demodulation import DEMODULATION
from ._landscapes import AUDIT, CONCENTRATION
from ._task import Task
from ._wdc import JOINT_WDC, WDC

TASKS: dict[str, Task] = {
    "demodulation": DEMODULATION,
    "wdc": WDC,
    "joint-wdc": JOINT_WDC,
    "concentration": CONCENTRATION,
    "audit": AUDIT,
}
