"""Steps: what a run keeps of its model on the way, after so many steps of the training, to be set beside the last.

Each is a whole run of its own in `steps/` of the run's folder, and is called by its number: `runs/story@400`.
"""

from __future__ import annotations

from pathlib import Path

from embviz.errors import EmbvizError

STEPS = "steps"


def kept_at(steps: int, keep: int) -> frozenset[int]:
    """The steps after which weights are kept, `keep` of them at equal distances, the last step among them."""
    return frozenset(max(1, round(part * steps / keep)) for part in range(1, keep + 1))


def steps_of(run: Path) -> list[int]:
    """The steps that a run's folder keeps, in their order."""
    return sorted(int(path.name) for path in (run / STEPS).glob("*") if path.name.isdecimal() and path.is_dir())


def whole(name: str | None) -> str | None:
    """The name of the run that `run@400` is a step of; of a run, its own."""
    run, _, step = (name or "").rpartition("@")
    return run if run and step.isdecimal() else name


def on_the_way(path: Path) -> Path | None:
    """The folder of `run@400`, if that is what a path names and the run is there.

    Raises:
        EmbvizError: the run keeps no weights of that step.
    """
    name, _, step = path.name.rpartition("@")
    run = path.with_name(name) if name else path
    if not (name and step.isdecimal() and run.is_dir()):
        return None
    there = steps_of(run)
    if not there:
        raise EmbvizError("'{name}' keeps no weights of its way. A training of an attention model does, with --keep.",
                          name=name)  # fmt: skip
    if int(step) not in there:
        raise EmbvizError("'{name}' keeps no weights of step {step}. It keeps those of {steps}.",
                          name=name, step=step, steps=", ".join(map(str, there)))  # fmt: skip
    return run / STEPS / str(int(step))
