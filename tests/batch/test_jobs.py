"""Frames: what is written is read, and a stream that ends in the middle of one has ended."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from unmet.batch.jobs import read_frame, write_frame


@given(st.lists(st.binary(max_size=300)), st.integers(min_value=0, max_value=20))
def test_frames_come_back_and_a_cut_stream_ends(payloads: list[bytes], cut: int) -> None:
    stream = io.BytesIO()
    for payload in payloads:
        write_frame(stream, payload)
    whole = stream.getvalue()
    stream = io.BytesIO(whole[: len(whole) - cut])
    found = []
    while (frame := read_frame(stream)) is not None:
        found.append(frame)
    assert found == payloads[: len(found)]
    if not cut:
        assert found == payloads
