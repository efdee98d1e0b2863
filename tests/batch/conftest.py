"""Letters that a reading process does not survive: the process is real, and so is its end."""

from __future__ import annotations

from pathlib import Path

import pytest

# Python imports this at its start, in the reading processes too.
_TRAPS = """
import os, re, time
import unmet.reading as reading

whole = reading.letter_from_bytes

def letter_from_bytes(data, name):
    if b"[abort]" in data:
        os.abort()
    if b"[hang in C]" in data:
        re.match("(a|a)*b", "a" * 60)
    if b"[sleep]" in data:
        time.sleep(60)
    if b"[print]" in data:
        print("the words of a letter", flush=True)
        os.write(2, b"the words of a letter")
    if b"[once]" in data:
        try:
            os.mkdir(os.environ["UNMET_TEST_ONCE"])
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), 9)
    return whole(data, name)

reading.letter_from_bytes = letter_from_bytes
"""


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading processes crash or hang over letters that hold certain words."""
    folder = tmp_path / "traps"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_TRAPS)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    monkeypatch.setenv("UNMET_TEST_ONCE", str(tmp_path / "once"))
