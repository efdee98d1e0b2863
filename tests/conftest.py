"""What all tests share: the sample letters of the project, and the real ones where they are to be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("unmet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unmet")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of letters written for the project; every fact in them is invented."""
    return ROOT / "annotations" / "letters"


@pytest.fixture(scope="session")
def real_letters() -> Path:
    """The folder with ``real/*.pdf`` and ``examples/*.txt``: public letters that are not redistributed."""
    given = os.environ.get("UNMET_LETTERS")
    folder = Path(given) if given else ROOT.parent / "shared" / "letters"
    if not any((folder / "real").glob("*.pdf")):
        pytest.skip(f"no real letters at {folder} (name their folder in UNMET_LETTERS)")
    return folder
