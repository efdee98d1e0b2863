"""``unmet serve`` in a process of its own, for the tests that need a real server."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


def awaited(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine, from a loop in a thread of its own: tests in a browser leave one running in this."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class Served:
    """``unmet serve`` in a process of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        # Its own streams to files: nobody reads them meanwhile.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "unmet.cli", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
            # Where tests are run in the background, a shell has them ignore Ctrl-C, and their processes too.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        self.said: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"(https?://\S+)/", line):
                self.url = found[1]
                self.port = int(self.url.rsplit(":", 1)[1])
                break
        else:
            raise AssertionError("".join(self.said))
        for _ in range(600):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("does not answer")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; return its status and all it said."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        _, rest = self.process.communicate(timeout=60)
        return self.process.returncode, "".join(self.said) + rest
