"""Workers: a training in several processes on a Ray cluster, through Ray Train (`embviz[ray]`).

Each worker does what a process under torchrun does: the first reads the text and writes the run, the others help. Who
asked sits outside of them, and hears of the first through a desk, an actor of Ray's. The text and the run's folder
have to be where the first worker is: on this machine, or on a disk that the machines of the cluster share.
"""

from __future__ import annotations

import _thread
import os
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embviz import making
from embviz.errors import EmbvizError
from embviz.progress import Report, silent
from embviz.runs import Run, open_run

if TYPE_CHECKING:
    from embviz.text import Corpus
    from embviz.text.pairs import Pairs
    from embviz.train.attention import AttentionTrainer

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray would tell its makers
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # the same command goes on, and starts no training by itself
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
}
_OFTEN = 0.2  # seconds between two words of the first worker, and two looks at what it said
_STORE = 100 * 2**20  # bytes that Ray shares between processes: here a trainer and the name of a text


def make_run(
    trainer: AttentionTrainer, corpus: Corpus | Pairs, out: Path | str, count: int, report: Report = silent
) -> Run:
    """What `making.make_run` does, in so many processes on a Ray cluster; RAY_ADDRESS names it, else one is started
    here and ended with the training.

    Raises:
        EmbvizError: Ray is not installed, or cannot be reached; a worker has ended before its time; or see
            `making.make_run`.
    """
    if count < 1:
        raise EmbvizError(f"workers is {count} and must be at least 1.")
    if "RANK" in os.environ:
        raise EmbvizError("Ray starts the processes itself: give --workers without torchrun.")
    with _scratch() as scratch, _cluster(count, scratch) as ray:
        desk = ray.remote(num_cpus=0)(Desk).remote()
        task = Task(trainer, corpus, Path(out), Path.cwd(), desk)
        there = ray.cluster_resources().get("CPU", 0)
        report("workers", 0.0, f"{count} wanted; the cluster has {there:.0f} processors")
        _follow(_trainer(ray, task, count, scratch), ray, desk, report)
    return open_run(out)


class Desk:
    """An actor: where the first worker says how far it is and is told to stop, and any says what went wrong."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[str, float, str]] = {}
        self.begun = self.stopped = self.done = False
        self.error: BaseException | None = None

    def tell(self, stage: str, done: float, note: str) -> bool:
        """Say how far one is; gives whether to stop."""
        self.begun = True
        self.said[stage] = (stage, done, note)
        return self.stopped

    def news(self) -> list[tuple[str, float, str]]:
        """The last word of each stage since one asked before."""
        said, self.said = list(self.said.values()), {}
        return said

    def stop(self) -> bool:
        """Have the training stopped; gives whether there is anyone to stop it."""
        self.stopped = True
        return self.begun

    def end(self) -> None:
        """Say that the first has ended, well or not."""
        self.done = True

    def ended(self) -> bool:
        """Whether the first has ended."""
        return self.done

    def fail(self, error: BaseException) -> None:
        """Say why one ends before its time; the first who does is the cause."""
        self.error = self.error or error

    def failed(self) -> BaseException | None:
        """Why one ended before its time."""
        return self.error


@dataclass(frozen=True)
class Task:
    """What the workers have to do; `place` is the folder that relative paths start from, `desk` a handle of one."""

    trainer: AttentionTrainer
    corpus: Corpus | Pairs
    out: Path
    place: Path
    desk: Any


def work(task: Task) -> None:
    """What each worker does."""
    import ray

    from embviz.train.processes import number

    try:
        if number():
            task.trainer.help()
        else:
            _enter(task.place)
            making.make_run(task.trainer, task.corpus, task.out, _told(task.desk))
    except (EmbvizError, OSError, MemoryError, KeyboardInterrupt) as error:
        ray.get(task.desk.fail.remote(error))
        raise
    finally:
        if not number():
            ray.get(task.desk.end.remote())


def _enter(place: Path) -> None:
    try:
        os.chdir(place)
    except OSError:
        raise EmbvizError(
            f"'{place}' is not on {socket.gethostname()}, where the first of the workers is. Give the command in a "
            "folder that the machines of the cluster share, with the text and --out on the same disk."
        ) from None


def _told(desk: Any) -> Report:
    """The listener of the first worker: the desk."""
    import ray

    last: dict[str, Any] = {"time": 0.0, "stage": ""}

    def report(stage: str, done: float, note: str = "") -> None:
        now = time.monotonic()
        if stage == last["stage"] and now - last["time"] < _OFTEN:
            return
        last.update(time=now, stage=stage)
        if ray.get(desk.tell.remote(stage, done, note)):
            raise KeyboardInterrupt

    return report


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for all that Ray writes; its path is short, as those of sockets have to be."""
    return tempfile.TemporaryDirectory(prefix="embviz-ray-", dir="/tmp", ignore_cleanup_errors=True)


@contextmanager
def _cluster(count: int, scratch: str) -> Iterator[Any]:
    """Ray, connected to the cluster that RAY_ADDRESS names, or to one of this machine that ends with the block."""
    os.environ |= _QUIET
    address = os.environ.get("RAY_ADDRESS", "local")
    here: dict[str, Any] = {}
    if address == "local":
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}  # Ray listens to the network
        here = {"num_cpus": count, "object_store_memory": _STORE, "include_dashboard": False, "_temp_dir": scratch}
    ray = _ray()
    try:
        try:
            with _unreached():
                ray.init(address, log_to_driver=False, logging_level="ERROR", **here)
        except (OSError, RuntimeError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise EmbvizError(f"Ray could not be reached at '{address}', which RAY_ADDRESS names: {first}") from error
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _unreached() -> Iterator[None]:
    """Ctrl-C reaches a command and all that it has started: it waits for the end of the block, and what is started
    there never hears of it.
    """
    before, ending = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]), signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, ending)  # which Ray takes for itself
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ray() -> Any:
    try:
        import ray
        import ray.train.torch
    except ImportError as error:
        raise EmbvizError(
            f"--workers trains through Ray Train, which is not installed here ({error.name or 'ray'} is missing). Get "
            "it with: pip install 'embviz[ray]'."
        ) from None
    return ray


def _trainer(ray: Any, task: Task, count: int, scratch: str) -> Any:
    """Ray's trainer: with a GPU for each worker where the cluster has them and the task may use them."""
    from ray.train.torch import TorchConfig, TorchTrainer

    from embviz.train.processes import BACKENDS, PATIENCE

    class OurTrainer(TorchTrainer):
        def _register_sigint_handler(self, controller: Any) -> None:
            """None: Ray's own ends the workers at once, and they would save nothing."""

    gpus = task.trainer.device in ("auto", "cuda") and ray.cluster_resources().get("GPU", 0) >= count
    return OurTrainer(
        work,
        train_loop_config=task,
        scaling_config=ray.train.ScalingConfig(num_workers=count, use_gpu=gpus),
        torch_config=TorchConfig(BACKENDS[gpus], timeout_s=int(PATIENCE.total_seconds())),
        run_config=ray.train.RunConfig(name="embviz", storage_path=scratch),
    )


def _follow(trainer: Any, ray: Any, desk: Any, report: Report) -> None:
    """Train, and tell what the first worker says; Ctrl-C stops it at a checkpoint."""
    failed: Exception | None = None
    with _heard(ray, desk, report):
        try:
            trainer.fit()
        except KeyboardInterrupt:
            started = ray.get(desk.stop.remote())
            while started and not ray.get(desk.ended.remote()):
                time.sleep(_OFTEN)
            raise
        except Exception as error:
            failed = error
    try:
        cause = ray.get(desk.failed.remote())
    except ray.exceptions.RayError as lost:  # the desk's machine, or the whole cluster
        cause, failed = None, failed or lost
    if cause is not None:
        raise cause
    if failed is not None:
        _explain(failed)


@contextmanager
def _heard(ray: Any, desk: Any, report: Report) -> Iterator[None]:
    """Tell what is said at the desk while the block runs."""
    ended = threading.Event()

    def listen() -> None:
        try:
            while not ended.wait(_OFTEN):
                for news in ray.get(desk.news.remote()):
                    report(*news)
        except KeyboardInterrupt:  # from the listener, to the thread that waits for Ray
            _thread.interrupt_main()
        except ray.exceptions.RayError:
            pass  # told when the training has ended for that

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()  # Ray must not be shut down under it


def _explain(error: Exception) -> None:
    """An end that no worker gave a reason for: a mistake of embviz's own is raised as it is.

    Raises:
        EmbvizError: the training was ended from outside.
    """
    failures = getattr(error, "worker_failures", {}).values()
    if any(type(each).__name__ == "UserExceptionWithTraceback" for each in failures):
        raise error
    raise EmbvizError(
        f"Ray ended the training ({str(error).splitlines()[-1].strip()}). Give the same command again: it goes on from "
        "its last checkpoint."
    ) from error
