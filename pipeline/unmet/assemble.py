"""Doc to :class:`~unmet.record.Determination`: assembly only, offsets mapped back to the source, nothing inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from unmet import record
from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.medications import drug_named
from unmet.components.remarks import remarks_of
from unmet.layout.guideline_line import parse_guideline_line

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from unmet.components.mentions import Mention
    from unmet.components.sentences import Sentence
    from unmet.ingest import LetterText
    from unmet.layout.model import Layout, Offsets, RequestParts, Section

_REGIMEN = ("strength", "form", "route", "frequency", "quantity", "duration", "refills")


class _Assembler:
    def __init__(self, letter: LetterText, doc: Doc) -> None:
        self.letter = letter
        self.doc = doc
        self.text = letter_text(doc)
        self.layout = layout_of(doc)

    def span(self, offsets: Offsets) -> record.Span:
        start, end, words, page = self._place(*offsets)
        return record.Span(start=start, end=end, text=words, page=page)

    def _place(self, start: int, end: int) -> tuple[int, int, str, int | None]:
        """Return where a stretch of the text stands in the source: start, end, words and page."""
        letter = self.letter
        start, end = letter.to_source(start, end)
        return start, end, letter.source_text[start:end], letter.page(start) if letter.page_starts else None

    def _section(self, section: Section) -> record.SectionSpan:
        start, end, words, page = self._place(section.start, section.end)
        return record.SectionSpan(start=start, end=end, text=words, page=page, kind=section.kind)

    def _sentence(self, one: Sentence) -> record.SentenceSpan:
        start, end, words, page = self._place(one["start"], one["end"])
        return record.SentenceSpan(start=start, end=end, text=words, page=page, voice=one["voice"], section=one["section_kind"])

    def determination(self, model: record.Model, *, with_text: bool) -> record.Determination:
        layout = self.layout
        source = self.letter.source
        requests = [self._request(parts) for parts in layout.requests]
        mentions, medications = self._mentions()
        return record.Determination(
            schema_version=record.SCHEMA_VERSION,
            model=model,
            text=self.letter.source_text if with_text else None,
            source=record.SourceInfo(
                # A file name that is no Unicode is shown with escapes; JSON is Unicode.
                path=source.path.encode("utf-8", "backslashreplace").decode(),
                sha256=source.sha256,
                media_type=source.media_type,
                pages=source.pages,
                characters=len(self.letter.source_text),
                ocr=source.ocr,
            ),
            layout=record.LayoutInfo(era=layout.era, is_determination=layout.is_determination),
            case=record.Case(**msgspec.structs.asdict(layout.header), outcome=_outcome(layout)),
            reviewer=record.ReviewerInfo(
                licensure=list(layout.reviewer.licensure), specialties=list(layout.reviewer.specialties)
            ),
            patient=record.PatientInfo(age=layout.patient.age, sex=layout.patient.sex),
            sections=[self._section(section) for section in layout.sections],
            sentences=[self._sentence(one) for one in self.doc._.sentences or []],
            requests=requests,
            medications=medications,
            mentions=mentions,
            warnings=self._warnings(),
        )

    def _request(self, parts: RequestParts) -> record.Request:
        partial = None
        if parts.original or parts.authorized:
            partial = record.Partial(original=self._words(parts.original), authorized=self._words(parts.authorized))
        own = [one for one in self.doc._.criteria if one["request"] == parts.index]
        return record.Request(
            index=parts.index,
            title=self.span(parts.title),
            item=self.span(parts.item),
            family=self.doc._.families.get(str(parts.index), "other"),
            decision=parts.decision,
            decision_span=self.span(parts.decision_span),
            partial=partial,
            inherits_from=next((one["inherits_from"] for one in own if one["inherits_from"]), None),
            claims_administrator=self._basis(parts.claims_administrator),
            maximus=self._basis(parts.maximus),
            rationale=self.span(parts.rationale) if parts.rationale else None,
            criteria=[self._criterion(one, f"r{parts.index}c{number}") for number, one in enumerate(own, 1)],
        )

    def _words(self, offsets: Offsets | None) -> str | None:
        return self.text[slice(*offsets)] if offsets else None

    def _basis(self, offsets: Offsets | None) -> record.Basis:
        if offsets is None:
            return record.Basis()
        line = parse_guideline_line(self.text[slice(*offsets)])
        citations = [msgspec.convert(msgspec.to_builtins(one), record.Citation) for one in line.citations]
        return record.Basis(text=self.span(offsets), mtus=line.mtus, citations=citations)

    def _criterion(self, one: dict[str, Any], identifier: str) -> record.Criterion:
        return record.Criterion(
            id=identifier,
            type=one["type"],
            statement=self.span(tuple(one["statement"])) if one["statement"] else None,
            guideline=msgspec.convert(one["guideline"], record.Citation) if one.get("guideline") else None,
            catalogue_id=one.get("catalogue_id"),
            ordinal=one["ordinal"],
            logic=one["logic"],
            # A pipeline trained before there were values has no component that reads them.
            values=msgspec.convert(one.get("values", ()), list[record.Value]),
            status=one["status"],
            unmet_basis=one["unmet_basis"],
            decisive=one["decisive"],
            evidence=[self.span(tuple(offsets)) for offsets in one["evidence"]],
            counter_evidence=[self.span(tuple(offsets)) for offsets in one.get("counter_evidence", ())],
            confidence=one["confidence"],
            source=one["source"],
        )

    def _mentions(self) -> tuple[list[record.Mention], list[record.Medication]]:
        mentions: list[record.Mention] = []
        drugs: list[tuple[str, Mention]] = []
        for number, one in enumerate(self.doc._.mentions or [], 1):
            attributes = dict(one["attributes"])
            identifier = f"m{number}"
            mentions.append(
                record.Mention(
                    id=identifier,
                    label=one["label"],
                    span=self.span((one["start"], one["end"])),
                    section=one["section_kind"],
                    voice=one["voice"],
                    assertion=one["assertion"],
                    attributes=attributes,
                    source=one["source"],
                    rule=one["rule"],
                    confidence=one["confidence"],
                )
            )
            if one["label"] == "MEDICATION" and not attributes.get("class"):
                drugs.append((identifier, one))
        return mentions, self._medications(drugs)

    def _medications(self, drugs: list[tuple[str, Mention]]) -> list[record.Medication]:
        """Return one entry per drug and regimen, in the order of their first mentions.

        A name without a regimen is the same drug again: it joins the drug's last regimen before it, else the next one.
        """
        keys = [(self._drug(one), _regimen_key(one)) for _, one in drugs]
        last: dict[tuple[str, ...], tuple[str, ...]] = {}
        following = {drug: regimen for drug, regimen in reversed(keys) if any(regimen)}
        medications: dict[Any, record.Medication] = {}
        for (identifier, one), (drug, regimen) in zip(drugs, keys, strict=True):
            own = regimen if any(regimen) else last.get(drug) or following.get(drug, regimen)
            if any(own):
                last[drug] = own
            self._count_medication(medications, (drug, own), one, identifier)
        return list(medications.values())

    def _drug(self, one: Mention) -> tuple[str, ...]:
        return tuple(one["attributes"].get("ingredients") or [self._name(one).lower()])

    def _name(self, one: Mention) -> str:
        return " ".join(self.text[one["start"] : one["end"]].split())

    def _count_medication(self, medications: dict[Any, record.Medication], key: Any, one: Mention, identifier: str) -> None:
        attributes = one["attributes"]
        entry = medications.get(key)
        if entry is None:
            entry = medications[key] = record.Medication(
                name=self._name(one),
                ingredient=list(attributes.get("ingredients", ())),
                drug_class=attributes.get("drug_class"),
                rxcui=drug.rxcui if (drug := drug_named(self._name(one))) else None,
                assertion=one["assertion"],
                mentions=[],
            )
        for field in _REGIMEN:
            if getattr(entry, field) is None:
                setattr(entry, field, attributes.get(field))
        entry.prn = entry.prn or bool(attributes.get("prn"))
        entry.mentions.append(identifier)

    def _warnings(self) -> list[record.LetterWarning]:
        layout = self.layout
        if not layout.is_determination:
            return [record.LetterWarning(code="layout.not_a_determination", message=f"not a determination: {layout.reason}")]
        found = []
        if not layout.header_found:
            found.append(record.LetterWarning(code="layout.header_missing", message="the letter has no header table"))
        elif layout.header.case_number is None:
            found.append(record.LetterWarning(code="layout.case_number_missing", message="the header has no legible case number"))
        if layout.era == "unknown":
            found.append(record.LetterWarning(code="layout.unknown_era", message="the letter is in no known layout"))
        if not any(section.kind == "case_summary" for section in layout.sections):
            found.append(record.LetterWarning(code="layout.summary_missing", message="the letter has no clinical case summary"))
        found += [
            record.LetterWarning(
                code="layout.title_missing",
                message=f"request {request.index} has no legible title; its decision stands in for it",
                span=self.span(request.title),
            )
            for request in layout.requests
            if request.title == request.decision_span
        ]
        found += [
            record.LetterWarning(
                code="layout.rationale_missing",
                message=f"request {request.index} has no rationale",
                span=self.span(request.title),
            )
            for request in layout.requests
            if request.rationale is None
        ]
        found += [
            record.LetterWarning(code=one["code"], message=one["message"], span=self.span((one["start"], one["end"])))
            for one in remarks_of(self.doc)
        ]
        return found


def _regimen_key(one: Mention) -> tuple[str, ...]:
    """Return a regimen such that "50mg" and "50 MG" are the same."""
    return tuple("".join(str(one["attributes"].get(field) or "").lower().split()) for field in _REGIMEN)


def _outcome(layout: Layout) -> Any:
    decisions = {request.decision for request in layout.requests}
    if not decisions:
        return None
    return "partial" if len(decisions) > 1 else decisions.pop()


def assemble(letter: LetterText, doc: Doc, model: record.Model, *, with_text: bool = False) -> record.Determination:
    """Return the record of ``letter``, whose ``text`` the pipeline has processed to ``doc``."""
    return _Assembler(letter, doc).determination(model, with_text=with_text)
