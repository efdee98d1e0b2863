"""``unmet_learned_mentions``: mentions found by trained components, merged with those of the rules.

A small spaCy pipeline (NER for medications and procedures, a span categoriser for criteria and functional findings) reads
the prose of the letter with the rules' mentions as features (:mod:`unmet.components.prose_view`). How rules and model
are merged is decided by label, by measurement (``configs/letters.cfg``, section ``unmet.merge``):

- ``rules``: the rules' mentions alone;
- ``model``: the model's mentions alone;
- ``both``: the model's, and the rules' where the model has none;
- ``first``: the rules', and the model's where the rules have none;
- ``supported``: as ``both``, but of the rules' only what the model suggests too, if with a lower score.

Dimension and polarity of a finding are decided by trained classifiers, whoever found it; so is the type of a criterion where
the rules have none at its words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import NumpyOps

from unmet.components.function_findings import finding_attributes
from unmet.components.letter_layout import letter_text
from unmet.components.mentions import PROSE, Mention, mention, prose_sentences
from unmet.components.phrase_finder import PhraseFinder
from unmet.components.prose_view import ProseTokens, ProseView, prose_tokens, prose_view
from unmet.components.sentences import Sentence
from unmet.learning.phrase_model import DECIDED, PhraseModel, PhraseView
from unmet.learning.weights import read_weights, write_weights

_FILE = "phrases.npz"
_FOLDER = "spans"
GROUP = "phrases"
RULE_GROUP = "rules"
# From this score on the span categoriser suggests a span.
_SUGGESTED = 0.3
# How far the words around a phrase tell what it means; farther ones add nothing (in folds as good as the whole sentence).
_REACH = 60  # characters
_RATIONALES = frozenset(["rationale"])
# Where something was found: character offsets and the score of the span categoriser (NER gives none: 1).
Place = tuple[int, int, float]
_LABELS = ("MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION")


def view_for_model(doc: Doc, vocab: Any, kinds: frozenset[str] = PROSE) -> ProseView:
    """Return the prose of ``doc``'s sections of ``kinds``, with the rules' phrases as the group that the suggester reads."""
    view = prose_view(doc, vocab, kinds)
    ruled = _ruled(doc, view.tokens)
    view.doc.spans[RULE_GROUP] = [spacy.tokens.Span(view.doc, start, end, label=label) for start, end, label in ruled]
    return view


def _ruled(doc: Doc, tokens: ProseTokens) -> list[tuple[int, int, str]]:
    """Return the rules' phrases as spans of ``tokens`` with their labels; without those whose bounds are none of tokens."""
    phrases = [one for one in doc._.mentions or [] if one["label"] in DECIDED]
    return [(*own, one["label"]) for one in phrases if (own := tokens.tokens(one["start"], one["end"])) is not None]


def phrase_view(text: str, sentence: Sentence, start: int, end: int, rules: str) -> PhraseView:
    """Return the phrase ``text[start:end]`` of ``sentence`` as the classifiers see it."""
    before, after = text[max(sentence["start"], start - _REACH) : start], text[end : min(sentence["end"], end + _REACH)]
    return PhraseView(text[start:end], before, after, sentence["voice"], rules)


def rule_reading(mentions: list[Mention], label: str, start: int, end: int) -> str:
    """Return what the rules decided of the mention of ``label`` that shares most with ``[start, end)``; "" for none."""
    shared = [(min(end, one["end"]) - max(start, one["start"]), one) for one in mentions if one["label"] == label]
    best = max((pair for pair in shared if pair[0] > 0), key=lambda pair: pair[0], default=None)
    return "|".join(str(best[1]["attributes"].get(name)) for name in DECIDED[label]) if best else ""


def _use_numpy(spans: Language) -> None:
    """Multiply matrices by numpy's BLAS: twice as fast here as the one that thinc brings (``benchmarks/budget.py``)."""
    ops = NumpyOps(use_blis=False)
    for _, component in spans.pipeline:
        for node in cast("Any", component).model.walk():
            node.ops = ops


def _apart(found: list[Place]) -> list[Place]:
    """Return the best of places that overlap each other."""
    kept: list[Place] = []
    for place in sorted(found, key=lambda one: (-one[2], one[0])):
        if all(place[1] <= other[0] or other[1] <= place[0] for other in kept):
            kept.append(place)
    return kept


def _shares_half(one: tuple[int, int], place: Place) -> bool:
    """Tell whether two stretches share at least half of the shorter."""
    shared = min(one[1], place[1]) - max(one[0], place[0])
    return shared > 0 and 2 * shared >= min(one[1] - one[0], place[1] - place[0])


def _joined(first: list[Mention], second: list[Mention]) -> list[Mention]:
    """Return ``first``, and of ``second`` what shares no character with it, in reading order."""
    added = [one for one in second if not any(one["start"] < other["end"] and other["start"] < one["end"] for other in first)]
    return sorted([*first, *added], key=lambda one: one["start"])


def _with_sentences(doc: Doc, places: list[Place]) -> Iterator[tuple[Place, Sentence]]:
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
        # The pipeline ``spans`` and what was made of its weights.
        self._found_by: tuple[Language, PhraseFinder] | None = None
        self.phrases: PhraseModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.spans is None or self.phrases is None:
            raise ValueError("the component 'unmet_learned_mentions' has no weights; train it, or load a trained pipeline")
        asked = {label for label in _LABELS if self.merge.get(label, "rules") != "rules"}
        found = self._found(doc, self.spans, asked) if asked else {}
        ruled: list[Mention] = doc._.mentions or []
        merged = [one for one in ruled if one["label"] not in _LABELS]
        for label in _LABELS:
            rules = [one for one in ruled if one["label"] == label]
            kept = self._merged(doc, label, found.get(label, []), rules)
            if label in DECIDED:
                self._decide(doc, label, kept, rules)
            merged += kept
        doc._.mentions = sorted(merged, key=lambda one: (one["start"], one["end"], one["label"]))
        return doc

    def _merged(self, doc: Doc, label: str, found: list[Place], rules: list[Mention]) -> list[Mention]:
        """Return the mentions of ``label``, of the rules and of the model, as the policy says."""
        policy = self.merge.get(label, "rules")
        if policy == "rules":
            return rules
        own = self._mentions(doc, label, _apart([one for one in found if one[2] >= self.threshold]), rules)
        if policy == "model":
            return own
        if policy == "first":
            return _joined(rules, own)
        if policy == "supported":
            rules = [one for one in rules if any(_shares_half((one["start"], one["end"]), place) for place in found)]
        return _joined(own, rules)

    def _found(self, doc: Doc, spans: Language, asked: set[str]) -> dict[str, list[Place]]:
        """Return what the model finds of the labels ``asked`` for: character offsets and score, by label.

        Criteria are stated in rationales alone; nothing else is read for them.
        """
        found: dict[str, list[Place]] = {}
        if asked & {"MEDICATION", "PROCEDURE"}:
            view = view_for_model(doc, self._vocab)
            read = spans.get_pipe("ner")(cast("Any", spans.get_pipe("tok2vec"))(view.doc)) if len(view.doc) else view.doc
            for entity in read.ents:
                found.setdefault(entity.label_, []).append((*view.tokens.characters(entity.start, entity.end), 1.0))
        if asked & {"CRITERION", "FUNCTION"}:
            # What is only likelier than a threshold, not likelier than nothing, supports what the rules found.
            tokens = prose_tokens(doc, _RATIONALES if asked == {"CRITERION"} else PROSE)
            bounds, scores = self._finder(spans).find(tokens, [own[:2] for own in _ruled(doc, tokens)])
            for column, label in enumerate(self._finder(spans).labels):
                for row in np.flatnonzero(scores[:, column] >= _SUGGESTED).tolist():
                    start, end = bounds[row].tolist()
                    found.setdefault(label, []).append((*tokens.characters(start, end), float(scores[row, column])))
        return found

    def _finder(self, spans: Language) -> PhraseFinder:
        if self._found_by is None or self._found_by[0] is not spans:
            self._found_by = spans, PhraseFinder(spans, self._vocab)
        return self._found_by[1]

    @staticmethod
    def _mentions(doc: Doc, label: str, found: list[Place], rules: list[Mention]) -> list[Mention]:
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
        ruled = [rule_reading(rules, label, one["start"], one["end"]) for one in mentions]
        if label == "CRITERION":
            # Where the rules name a type it is theirs.
            for one, reading in zip(mentions, ruled, strict=True):
                one["attributes"] = {"type": reading}
            mentions = [one for one in mentions if not one["attributes"]["type"]]
            ruled = [""] * len(mentions)
        places = [(one["start"], one["end"], 0.0) for one in mentions]
        views = [
            phrase_view(text, sentence, start, end, reading)
            for ((start, end, _), sentence), reading in zip(_with_sentences(doc, places), ruled, strict=True)
        ]
        for one, decided in zip(mentions, cast("PhraseModel", self.phrases).attributes(label, views), strict=True):
            one["attributes"] = finding_attributes(text, one, decided) if label == "FUNCTION" else dict(decided)

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the trained pipeline and the weights of the classifiers."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self.spans is not None and self.phrases is not None:
            self.spans.to_disk(folder / _FOLDER)
            write_weights(folder / _FILE, self.phrases.arrays())

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> "LearnedMentions":
        """Read both back; no code is loaded. The trained pipeline shares the vocabulary of the whole."""
        folder = Path(path)
        self.spans = spacy.util.load_model_from_path(folder / _FOLDER, vocab=self._vocab)
        _use_numpy(self.spans)
        self.phrases = PhraseModel.from_arrays(read_weights(folder / _FILE))
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
