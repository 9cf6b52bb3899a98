"""Restore pictures from files: the command ``gendemod solve``."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ._arrays import must
from ._arrays import seed as checked_seed
from ._arrays import threads as checked_threads
from ._judge import (
    check_new_reference,
    checked_reference,
    note,
    trust_entry,
    warn,
    write_reference,
)
from ._output import output_folder, versions, write_json
from ._progress import Progress
from ._restoration import Effort, Generators, Job, Sharing, solve_jobs
from ._restore_inputs import read_generators, read_mask
from ._restored_files import save_restored
from .pictures import Picture, list_pictures, pillow, read_picture
from .solvers import AlternatingDescent, LevenbergMarquardt
from .trust import Reference

__all__ = ["SOLVERS", "Settings", "restore"]

SOLVERS = {"alternating": AlternatingDescent, "levenberg-marquardt": LevenbergMarquardt}

# Pictures of one call of the solver: what Ctrl-C or the time limit can cost at most. It is the
# same for any number of threads, since the random starts depend on the place in a batch.
_SLICE = 16


@dataclass(frozen=True)
class Settings:
    """What ``gendemod solve`` is asked to do; the options of the command line."""

    input: Path
    g1: Path
    g2: Path | None
    output: Path
    known_x: Path | None = None
    solver: str = "levenberg-marquardt"
    restarts: int | Literal["auto"] = "auto"
    seed: int = 0
    threads: int | None = None
    device: str = "cpu"
    time_limit: float | None = None
    max_iterations: int | None = None
    shared_distortion: bool = False
    frames: bool = False
    mask: Path | None = None
    reference: Path | None = None
    write_reference: Path | None = None

    def __post_init__(self) -> None:
        special = {
            "shared_distortion": self.shared_distortion,
            "frames": self.frames,
            "known_x": self.known_x,
        }
        if self.reference or self.write_reference:
            for name in (name for name, given in special.items() if given):
                reason = "a reference is of channels with an unknown distortion each"
                raise ValueError(must(name, "not go with a reference", reason, "both"))


def restore(settings: Settings) -> int:
    """Restore the pictures that `settings` names, and write the results and a report.

    Generators, mask and pictures are all read before the first one is solved.

    Returns
    -------
    int
        0 if every picture converged; 2 if one of them could not be used, which is said on stderr
        while the others are still restored; 1 otherwise.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        If nothing can be restored; nothing is written then. If the run ends early; the report
        then says what was not solved, and why.
    """
    started = time.monotonic()
    pillow()
    generators = read_generators(settings.g1, settings.g2, settings.known_x)
    mask = None if settings.mask is None else read_mask(settings.mask, generators)
    paths = list_pictures(settings.input)
    _check_outputs(paths, settings)
    jobs, refused = _read_jobs(paths, mask, generators)
    _check_sharing(jobs, settings)
    for message in refused.values():
        print(f"gendemod: error: {message}", file=sys.stderr)
    if not jobs:
        return 2
    effort = _effort(settings)
    if settings.write_reference is not None:
        check_new_reference(settings.write_reference, settings.output, jobs, list(refused))
    reference = checked_reference(settings.reference, generators, effort, jobs)
    warnings = {job.path: warn(job) for job in jobs}
    folder = output_folder(settings.output)
    done: dict[Path, dict[str, Any]] = {}
    end = "the time was up"
    try:
        _solve_all(jobs, generators, effort, settings, folder, done)
    except BaseException as error:
        end = str(error) or type(error).__name__
        raise
    finally:
        entries = [_entry(path, done, refused, warnings, reference, end) for path in paths]
        _write_report(folder, settings, entries, time.monotonic() - started)
    _print_summary(entries, folder, time.monotonic() - started)
    if settings.write_reference is not None:
        write_reference(settings.write_reference, entries, generators, effort)
    if refused:
        return 2
    return 0 if all(entry["status"] == "converged" for entry in entries) else 1


def _check_sharing(jobs: list[Job], settings: Settings) -> None:
    shared = settings.frames or settings.shared_distortion
    if shared and settings.known_x is not None:
        requirement = "not be given with --frames or --shared-distortion"
        reason = "a known x needs no sharing"
        raise ValueError(must("known-x", requirement, reason, settings.known_x))
    for name, only in (("solver", "levenberg-marquardt"), ("device", "cpu")):
        if shared and getattr(settings, name) != only:
            requirement = f"be {only} with --frames or --shared-distortion"
            reason = "the rows of a shared x are solved all at once there"
            raise ValueError(must(name, requirement, reason, getattr(settings, name)))
    shapes = {job.shape for job in jobs}
    if settings.frames and len(shapes) > 1:
        raise ValueError(
            "`input` must hold pictures of one shape, grey or colour, with --frames because they "
            f"have their distortions in common; got {', '.join(map(str, sorted(shapes)))}"
        )


def _check_outputs(paths: list[Path], settings: Settings) -> None:
    if paths[0].parent.resolve() == settings.output.resolve():
        raise ValueError(
            "`output` must be another folder than that of the pictures because results would be "
            f"taken for pictures the next time; got {settings.output}"
        )
    stems: dict[str, Path] = {}
    for path in paths:
        if path.stem in stems:
            raise ValueError(
                "`input` must hold pictures of different names because the results are named "
                f"after them; got {stems[path.stem].name} and {path.name}"
            )
        stems[path.stem] = path


def _read_jobs(
    paths: list[Path], mask: Picture | None, generators: Generators
) -> tuple[list[Job], dict[Path, str]]:
    """Return the pictures that can be restored, and what is wrong with each of the others."""
    jobs = []
    refused = {}
    for path in paths:
        try:
            picture = read_picture(path, finite=mask is None)
            jobs.append(Job.checked(path, picture, mask, generators))
        except (ValueError, OSError) as error:
            refused[path] = str(error)
    return jobs, refused


def _solve_all(
    jobs: list[Job],
    generators: Generators,
    effort: Effort,
    settings: Settings,
    folder: Path,
    done: dict[Path, dict[str, Any]],
) -> None:
    """Restore `jobs` slice by slice, write their files, and put their entries into `done`."""
    sharing = Sharing(channels=settings.shared_distortion, frames=settings.frames)
    together = len(jobs) if settings.frames else _SLICE
    with Progress(len(jobs), "pictures", enabled=sys.stderr.isatty()) as bar:
        for first in range(0, len(jobs), together):
            begun = time.monotonic()
            if effort.seconds_left() == 0:
                return
            some = jobs[first : first + together]
            restored = solve_jobs(some, generators, effort, sharing)
            seconds = (time.monotonic() - begun) / len(some)
            for job, one in zip(some, restored, strict=True):
                done[job.path] = {**save_restored(folder, job, one), "seconds": seconds}
            bar.update(len(done))


def _effort(settings: Settings) -> Effort:
    limit, solver = settings.time_limit, SOLVERS[settings.solver]
    most = settings.max_iterations
    return Effort(
        solver=solver() if most is None else solver(max_iterations=most),
        restarts=settings.restarts,
        seed=checked_seed(settings.seed),
        threads=checked_threads(settings.threads) or None,
        device=settings.device,
        deadline=None if limit is None else time.monotonic() + limit,
    )


def _entry(
    path: Path,
    done: dict[Path, dict[str, Any]],
    refused: dict[Path, str],
    warnings: dict[Path, list[str]],
    reference: Reference | None,
    end: str,
) -> dict[str, Any]:
    """Return what the report says of the picture at `path`; `end` is what ended the run."""
    if path in refused:
        return {"file": path.name, "status": "refused", "message": refused[path]}
    said = {"warnings": warnings[path]}
    if path not in done:
        message = f"the run ended before this picture was solved: {end}"
        return {"file": path.name, "status": "not solved", "message": message, **said}
    solved = done[path]
    trust = {} if reference is None else {"trust": trust_entry(solved["channels"], reference)}
    return {"file": path.name, **solved, **said, **trust}


def _write_report(
    folder: Path, settings: Settings, entries: list[dict[str, Any]], seconds: float
) -> None:
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(settings).items()
    }
    report = {"versions": versions(), "settings": plain, "seconds": seconds, "pictures": entries}
    write_json(folder / "report.json", report)


def _print_summary(entries: list[dict[str, Any]], folder: Path, seconds: float) -> None:
    for entry in entries:
        residual = entry.get("relative_residual")
        shown = "" if residual is None else f"  relative residual {residual:.3g}"
        print(f"{entry['file']}: {entry['status']}{shown}{note(entry)}")
    converged = sum(entry["status"] == "converged" for entry in entries)
    print(f"{converged} of {len(entries)} pictures converged; {seconds:.1f} s; wrote {folder}")
