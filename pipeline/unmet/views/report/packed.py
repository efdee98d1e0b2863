"""The requests of a store in a few bytes each, so that the page can count again for any filter.

A byte stream, gzipped, in base64. Per letter: period, number of specialties and each of them, number of requests (two bytes, the
low one first); then per request: family, state (0 upheld for a reason of its own, 1 upheld with another, 2 overturned), number
of guidelines and each, number of reasons and each as 4 x type + basis. All are places in the lists of the page. ``report.js``
reads it.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unmet.views.report.figures import Figures

BASES: Final = ("undocumented", "contradicted", "exceeded", "not_recommended")
_BYTE = 256


def pack(figures: Figures, names: Mapping[str, Sequence[str]]) -> str | None:
    """Return the stream; ``names`` are the lists by which period, specialty, family, guideline and type are counted.

    None where a list is too long for a byte: the page then has no filters.
    """
    if any(len(listed) >= _BYTE for listed in names.values()) or len(names["type"]) * len(BASES) > _BYTE:
        return None
    place = {kind: {name: number for number, name in enumerate(listed)} for kind, listed in names.items()}
    specialties: dict[int, list[int]] = defaultdict(list)
    for letter, name in figures.rows("SELECT letter, grp FROM report_specialties ORDER BY letter, grp"):
        specialties[letter].append(place["specialty"][name])
    guidelines: dict[int, list[int]] = defaultdict(list)
    for request, name in figures.rows("SELECT request, grp FROM report_guidelines ORDER BY request, grp"):
        guidelines[request].append(place["guideline"][name])
    reasons: dict[int, list[int]] = defaultdict(list)
    for request, kind, basis in figures.rows("SELECT request, type, basis FROM report_reasons ORDER BY ALL"):
        reasons[request].append(place["type"][kind] * len(BASES) + BASES.index(basis))
    stream = bytearray()
    before = None
    query = f"""
        SELECT letter, request, family, CASE WHEN own THEN 0 WHEN inherited THEN 1 ELSE 2 END, {figures.period},
               CAST(count(*) OVER (PARTITION BY letter) AS INTEGER)
        FROM report_requests JOIN report_months USING (letter) ORDER BY request"""
    for letter, request, family, state, period, size in figures.rows(query):
        if letter != before:
            before = letter
            stream += bytes((place["period"][period], len(specialties[letter]), *specialties[letter]))
            stream += size.to_bytes(2, "little")
        stream += bytes((place["family"][family], state, len(guidelines[request]), *guidelines[request]))
        stream += bytes((len(reasons[request]), *reasons[request]))
    return b64encode(gzip.compress(bytes(stream), 9, mtime=0)).decode()
