"""The treatment family of a request's item: from what its title names, read by where it stands in the letter."""

import re

from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.medications import drug_named
from unmet.layout.model import Layout, RequestParts

_ANCILLARY = re.compile(
    r"\b(?:associated\s+surgical|post-?\s?op(?:erative)?\b|pre-?\s?op(?:erative)?\b|assistant\s+surgeon|surgical\s+assist|(?:PA|RNFA)\s+assist"
    r"|co-?surgeon|medical\s+clearance|surgical\s+clearance|inpatient\s+stay|hospital\s+stay)",
    re.I,
)
_TOPICAL = re.compile(r"\b(?:cream|gel|ointment|patch(?:es)?|lotion|topical|transdermal|cream\s+base|\d+\s?%)", re.I)
_SWALLOWED = re.compile(r"\b(?:tabs?|tablets?|caps?|capsules?|oral(?:ly)?|by mouth)\b", re.I)
_SURGERIES = frozenset(["spine_surgery", "joint_surgery", "other_surgery"])


def request_family(doc: Doc, request: RequestParts, layout: Layout) -> str:
    """Return the ``treatment_family`` code of a request's item; ``other`` where the title names nothing known.

    Post-operative slings, cold therapy, clearance and assistants of a disputed surgery are ``surgical_ancillary``;
    post-operative physical therapy stays ``physical_therapy`` (ANNOTATION conventions).
    """
    start, end = request.item
    named = [one for one in doc._.mentions or [] if start <= one["start"] and one["end"] <= end]
    if not named:
        start, end = request.title
        named = [one for one in doc._.mentions or [] if start <= one["start"] and one["end"] <= end]
    text = letter_text(doc)
    title = text[slice(*request.title)]
    procedures = [one for one in named if one["label"] == "PROCEDURE"]
    drugs = [one for one in named if one["label"] == "MEDICATION"]
    if drugs and (not procedures or drugs[0]["start"] <= procedures[0]["start"]):
        drug = drug_named(text[drugs[0]["start"] : drugs[0]["end"]])
        family = drug.family if drug else "other_drug"
        if family not in ("topical",) and _TOPICAL.search(text[start:end]) and not _SWALLOWED.search(title):
            return "topical"
        return family
    if procedures:
        family = str(procedures[0]["attributes"].get("family", "other"))
        disputed_surgery = any(
            one["attributes"].get("family") in _SURGERIES
            for one in doc._.mentions or []
            if one["label"] == "PROCEDURE" and one["section_kind"] == "request_title"
        )
        ancillary = _ANCILLARY.search(title)
        if ancillary and family not in ("physical_therapy", *_SURGERIES) and (disputed_surgery or "ssociated" in title):
            return "surgical_ancillary"
        return family
    return "surgical_ancillary" if _ANCILLARY.search(title) else "other"
