"""The process that reads letters for a run: jobs on standard input, outcomes on standard output, until the input ends.

Started as ``python -m unmet.batch.worker`` by :mod:`unmet.batch.worker_process`. A process of its own, and no more than
that: a letter that crashes or hangs takes down this process, not the run, and it runs alike under a cluster's workers.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from unmet.batch.jobs import Job, Outcome, read_frame, write_frame
from unmet.errors import UnmetError, UnreadableLetterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.language import Language

    from unmet.record import Determination


class Settings(msgspec.Struct, frozen=True):
    """How letters are read: the same for every letter of a run."""

    model: str | None
    with_text: bool = False
    max_seconds: float = 60


def read_jobs(jobs: Sequence[Job], settings: Settings, nlp: Language) -> list[Outcome]:
    """Read letters together; whatever goes wrong with one becomes its failed outcome."""
    from unmet.reading import read_files

    outcomes = []
    found = read_files([(job.name, job.data) for job in jobs], with_text=settings.with_text, nlp=nlp)
    for job, one in zip(jobs, found, strict=True):
        if isinstance(one, UnreadableLetterError):
            outcomes.append(Outcome(job.name, job.sha256, "failed", reason=one.reason))
        else:
            outcomes.append(Outcome(job.name, job.sha256, "read", one.to_json(), None, _tally(one)))
    return outcomes


def _tally(determination: Determination) -> dict[str, int]:
    tally = {"requests": len(determination.requests)}
    if not determination.layout.is_determination:
        tally["not a determination"] = 1
    for warning in determination.warnings:
        name = f"warning {warning.code}"
        tally[name] = tally.get(name, 0) + 1
    return tally


def _end_with(parent: int) -> None:
    """End this process soon after the one that started it has gone, also while it loads or reads."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Serve until the other side closes the pipe. The first frame in is the settings, the first out says how loading went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to handle: it closes the pipe
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    outcomes = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break into the frames
    jobs = sys.stdin.buffer
    first = read_frame(jobs)
    if first is None:
        return
    settings = msgspec.msgpack.decode(first, type=Settings)
    try:
        from unmet.reading import loaded

        nlp = loaded(settings.model)
    except UnmetError as error:
        write_frame(outcomes, str(error).encode())
        return
    # What is imported and compiled with the first letter is not that letter's time.
    read_jobs([Job("", b"The request is not medically necessary.", "")], settings, nlp)
    # What is loaded stays: the garbage collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    # From here on letters are in memory: nothing that a library prints of them may reach a log.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    write_frame(outcomes, b"")
    decoder = msgspec.msgpack.Decoder(list[Job])
    while (frame := read_frame(jobs)) is not None:
        # The kernel's own alarm, with its default action: it ends even code that never returns to Python.
        signal.setitimer(signal.ITIMER_REAL, settings.max_seconds)
        read = read_jobs(decoder.decode(frame), settings, nlp)
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(outcomes, msgspec.msgpack.encode(read))


if __name__ == "__main__":
    main()
