"""``unmet_citations``: guideline references in running text, resolved to body, chapter and pages."""

import re
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.knowledge import load_yaml
from unmet.layout.guideline_line import body_of, canonical_chapter
from unmet.layout.pattern import form

_PAGES = form(
    r",? ?\(?(?:pages?|pgs?\.?|pp\.?|p\.) ?(\d+(?: ?[-\u2013] ?\d+)?(?:(?: ?, ?| and ?|, and ?)\d+(?: ?[-\u2013] ?\d+)?)*)\)?",
    re.I,
)


@cache
def _citation() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = load_yaml("guidelines.yaml")
    bodies = "|".join(pattern for entry in data["bodies"] for pattern in entry["patterns"] if entry["body"] not in ("FDA", "CMS"))
    names = {name for chapter in data["chapters"] for name in [chapter["name"], *chapter.get("also", ())]}
    chapters = "|".join(re.escape(name).replace(r"\ ", " ") for name in sorted(names, key=len, reverse=True))
    place = (
        rf"(?:,? ?\(?(?:{bodies}|{chapters})(?:\)|\b)|,? ?(?:Chapter|Table|Section) \d+(?:[-.]\d+)*"
        r"| ?Medical Treatment| ?Treatment| ?Practice"
        r"| ?Chronic Pain| ?Guidelines?"
        r"| ?section| ?chapter|,? \(?2nd ed(?:ition|\.)?\)?|,? \d{4}|/| ?in| ?\((?:ODG|ACOEM|MTUS)\))"
    )
    pages = r"(?:,? ?\(?(?:pages?|pgs?\.?|pp\.?) ?\d+(?:(?: ?[-\u2013,] ?| and ?|, and ?)\d+)*\)?)"
    lead = rf"(?:{pages} of (?:the )?)?"
    pattern = form(rf"(?<!\w){lead}(?:California |CA[- ]?|20\d\d )?(?:{bodies}|{chapters})(?!\w){place}*{pages}?", re.I)
    return pattern, form(chapters, re.I)


class Citations:
    """Finds citations in summaries and rationales."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        pattern, chapters = _citation()
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] == "request_title":
                continue
            for match in pattern.finditer(text, sentence["start"], sentence["end"]):
                words = " ".join(match[0].split()).rstrip(" ,/(")
                words = re.sub(r" in$", "", words)
                end = match.start() + len(match[0].rstrip(" \n\t,/("))
                attributes: dict[str, object] = {"body": body_of(words)}
                chapter = chapters.search(words)
                if chapter:
                    attributes["chapter"] = canonical_chapter(chapter[0])
                number = re.search(r"Chapter (\d+)", words, re.I)
                if number:
                    attributes["acoem_chapter"] = int(number[1])
                pages = [page for listed in _PAGES.finditer(words) for page in re.split(r",| and ", listed[1])]
                if pages:
                    attributes["pages"] = [page.strip(" ,") for page in pages if page.strip(" ,")]
                found.append(mention("CITATION", sentence, match.start(), end, rule="guidelines.citation", attributes=attributes))
        add_mentions(doc, without_overlaps(found))
        return doc


@Language.factory("unmet_citations", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_citations(nlp: Language, name: str) -> Citations:
    """Make the component."""
    return Citations()
