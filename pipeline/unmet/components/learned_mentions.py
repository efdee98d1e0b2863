"""``unmet_learned_mentions``: mentions found by trained components, merged with those of the rules.

A small spaCy pipeline (NER for medications and procedures, a span categoriser for criteria and functional findings) reads
the prose of the letter with the rules' mentions as features (:mod:`unmet.components.prose_view`). How rules and model
are merged is decided by label, by measurement (``configs/letters.cfg``, section ``unmet.merge``):

- ``rules``: the rules' mentions alone;
- ``model``: the model's mentions alone;
- ``both``: the model's, and the rules' where the model has none;
- ``first``: the rules', and the model's where the rules have none.

What a criterion or a finding means (type; dimension and polarity) is decided by trained classifiers, whoever found it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.function_findings import finding_attributes
from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, mention, prose_sentences
from unmet.components.prose_view import PHRASES, ProseView, prose_view
from unmet.components.sentences import Sentence
from unmet.learning.phrase_model import DECIDED, PhraseModel, PhraseView

_FILE = "phrases.npz"
_FOLDER = "spans"
GROUP = "phrases"
RULE_GROUP = "rules"
_LABELS = ("MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION")


def view_for_model(doc: Doc, vocab: Any) -> ProseView:
    """Return the prose of ``doc`` with the rules' phrases as the span group that the suggester reads."""
    view = prose_view(doc, vocab)
    view.doc.spans[RULE_GROUP] = [
        span
        for one in doc._.mentions or []
        if one["label"] in PHRASES and (span := _span(view, one["start"], one["end"], one["label"])) is not None
    ]
    return view


def _span(view: ProseView, start: int, end: int, label: str) -> Any:
    first = int(np.searchsorted(view.starts, start, side="right")) - 1
    last = int(np.searchsorted(view.ends, end, side="left"))
    if first < 0 or last >= len(view.ends) or view.starts[first] != start or view.ends[last] != end:
        return None
    return spacy.tokens.Span(view.doc, first, last + 1, label=label)


def phrase_view(text: str, sentence: Sentence, start: int, end: int, rules: str) -> PhraseView:
    """Return the phrase ``text[start:end]`` of ``sentence`` as the classifiers see it."""
    return PhraseView(text[start:end], text[sentence["start"] : start], text[end : sentence["end"]], sentence["voice"], rules)


def rule_reading(mentions: list[Mention], label: str, start: int, end: int) -> str:
    """Return what the rules decided of the mention of ``label`` that shares most with ``[start, end)``; "" for none."""
    shared = [(min(end, one["end"]) - max(start, one["start"]), one) for one in mentions if one["label"] == label]
    best = max((pair for pair in shared if pair[0] > 0), key=lambda pair: pair[0], default=None)
    return "|".join(str(best[1]["attributes"].get(name)) for name in DECIDED[label]) if best else ""


def _joined(first: list[Mention], second: list[Mention]) -> list[Mention]:
    """Return ``first``, and of ``second`` what shares no character with it, in reading order."""
    added = [one for one in second if not any(one["start"] < other["end"] and other["start"] < one["end"] for other in first)]
    return sorted([*first, *added], key=lambda one: one["start"])


def _with_sentences(doc: Doc, places: list[tuple[int, int, float]]) -> Iterator[tuple[tuple[int, int, float], Sentence]]:
    """Yield each place (start, end, score; in reading order) with the sentence that it begins in."""
    sentences = list(prose_sentences(doc))
    at = 0
    for place in places:
        while at < len(sentences) - 1 and sentences[at]["end"] <= place[0]:
            at += 1
        yield place, sentences[at]


class LearnedMentions:
    """Runs the trained pipeline over the prose and merges what it finds into ``doc._.mentions``."""

    def __init__(self, vocab: Any, merge: dict[str, str], threshold: float) -> None:
        self._vocab = vocab
        self.merge = merge
        self.threshold = threshold
        self.spans: Language | None = None
        self.phrases: PhraseModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.spans is None or self.phrases is None:
            raise ValueError("the component 'unmet_learned_mentions' has no weights; train it, or load a trained pipeline")
        view = view_for_model(doc, self._vocab)
        if not len(view.doc):
            return doc
        found = self._found(view, self.spans)
        ruled: list[Mention] = doc._.mentions or []
        merged = [one for one in ruled if one["label"] not in _LABELS]
        for label in _LABELS:
            rules = [one for one in ruled if one["label"] == label]
            policy = self.merge.get(label, "rules")
            own = [] if policy == "rules" else self._mentions(doc, label, found.get(label, []), rules)
            merged_own = {"rules": rules, "model": own, "both": _joined(own, rules), "first": _joined(rules, own)}[policy]
            if label in DECIDED:
                self._decide(doc, label, merged_own, rules)
            merged += merged_own
        doc._.mentions = sorted(merged, key=lambda one: (one["start"], one["end"], one["label"]))
        return doc

    def _found(self, view: ProseView, spans: Language) -> dict[str, list[tuple[int, int, float]]]:
        """Return what the model finds: character offsets and score, by label."""
        if all(self.merge.get(label, "rules") == "rules" for label in ("MEDICATION", "PROCEDURE")):
            with spans.select_pipes(disable=["ner"]):
                read = spans(view.doc)
        else:
            read = spans(view.doc)
        found: dict[str, list[tuple[int, int, float]]] = {}
        for entity in read.ents:
            found.setdefault(entity.label_, []).append((*view.characters(entity.start, entity.end), 0.8))
        group = read.spans.get(GROUP)
        if group is not None and len(group):
            scores = np.asarray(group.attrs["scores"]).reshape(-1)
            taken: list[tuple[int, int, str]] = []
            for index in np.argsort(-scores, kind="stable"):
                span, score = group[int(index)], float(scores[int(index)])
                if score < self.threshold:
                    break
                if any(span.start < end and start < span.end and label == span.label_ for start, end, label in taken):
                    continue
                taken.append((span.start, span.end, span.label_))
                found.setdefault(span.label_, []).append((*view.characters(span.start, span.end), score))
        return found

    @staticmethod
    def _mentions(doc: Doc, label: str, found: list[tuple[int, int, float]], rules: list[Mention]) -> list[Mention]:
        """Return what the model found as mentions; a drug or procedure that the rules found alike is theirs."""
        known = {(one["start"], one["end"]): one for one in rules} if label not in DECIDED else {}
        made: list[Mention] = []
        for (start, end, score), sentence in _with_sentences(doc, sorted(found)):
            one = known.get((start, end))
            if one is None:
                one = mention(label, sentence, start, end, rule="unmet_letters", confidence=round(score, 2))
                one["source"] = "model"
            made.append(one)
        return made

    def _decide(self, doc: Doc, label: str, mentions: list[Mention], rules: list[Mention]) -> None:
        """Decide what the phrases of ``mentions`` mean, whoever found them."""
        text = letter_text(doc)
        places = [(one["start"], one["end"], 0.0) for one in mentions]
        views = [
            phrase_view(text, sentence, start, end, rule_reading(rules, label, start, end))
            for (start, end, _), sentence in _with_sentences(doc, places)
        ]
        for one, decided in zip(mentions, cast("PhraseModel", self.phrases).attributes(label, views), strict=True):
            one["attributes"] = dict(decided) if label == "CRITERION" else finding_attributes(text, one, decided)

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the trained pipeline and the weights of the classifiers."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self.spans is not None and self.phrases is not None:
            self.spans.to_disk(folder / _FOLDER)
            np.savez_compressed(folder / _FILE, **self.phrases.arrays())

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> "LearnedMentions":
        """Read both back; no code is loaded. The trained pipeline shares the vocabulary of the whole."""
        folder = Path(path)
        self.spans = spacy.util.load_model_from_path(folder / _FOLDER, vocab=self._vocab)
        with np.load(folder / _FILE, allow_pickle=False) as arrays:
            self.phrases = PhraseModel.from_arrays(arrays)
        return self


@Language.factory(
    "unmet_learned_mentions",
    default_config={"merge": {}, "threshold": 0.5},
    requires=["doc._.mentions", "doc._.sentences"],
    assigns=["doc._.mentions"],
)
def create_learned_mentions(nlp: Language, name: str, merge: dict[str, str], threshold: float) -> LearnedMentions:
    """Make the component, without weights; ``merge`` says by label how rules and model are joined."""
    return LearnedMentions(nlp.vocab, merge, threshold)
