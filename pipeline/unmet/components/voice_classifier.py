"""``unmet_voice_classifier``: whose statement each sentence is, by a trained classifier, in the place of ``unmet_voice``.

It sees the cues of the rules, the words, and what stands around a sentence (:mod:`unmet.learning.voice_model`). What the rules
know for certain goes before it: quotations and lists run on.
"""

from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.sentences import Sentence
from unmet.components.voice import carried, voice_cues
from unmet.learning.voice_model import SentenceView, VoiceModel
from unmet.learning.weights import read_weights, write_weights

_FILE = "voice.npz"


def judged_sentences(doc: Doc) -> list[Sentence]:
    """Return the sentences whose voice is in question: those of rationales and, but in a notice of 2013, of the summary."""
    kinds = {"rationale"} if layout_of(doc).era == "A" else {"rationale", "case_summary"}
    return [one for one in doc._.sentences if one["section_kind"] in kinds]


def sentence_views(doc: Doc, sentences: list[Sentence]) -> list[SentenceView]:
    """Return ``sentences`` as the classifier sees them."""
    text = letter_text(doc)
    views = []
    run = -1
    last: tuple[str, int | None] | None = None
    for one in sentences:
        place = (one["section_kind"], one["request"])
        run += place != last
        last = place
        words = text[one["start"] : one["end"]]
        views.append(SentenceView(words, one["section_kind"], voice_cues(words), run))
    return views


class VoiceClassifier:
    """Gives every sentence its voice; stands in the place of ``unmet_voice``."""

    def __init__(self) -> None:
        self.model: VoiceModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.model is None:
            raise ValueError("the component 'unmet_voice_classifier' has no weights; train it, or load a trained pipeline")
        sentences = doc._.sentences
        for one in sentences:
            # The case summary of 2013 is the utilization review's own text; what is no prose is form text.
            one["voice"] = "utilization_review" if one["section_kind"] == "case_summary" else "boilerplate"
        judged = judged_sentences(doc)
        views = sentence_views(doc, judged)
        for one, (voice, _) in zip(judged, self.model.predict(views), strict=True):
            one["voice"] = voice
        carried(letter_text(doc), judged, [view.run for view in views], [view.cues for view in views])
        doc._.sentences = sentences
        return doc

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the weights: arrays of numbers and labels, nothing of the letters."""
        if self.model is not None:
            write_weights(Path(path) / _FILE, self.model.arrays())

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> "VoiceClassifier":
        """Read the weights; no code is loaded."""
        self.model = VoiceModel.from_arrays(read_weights(Path(path) / _FILE))
        return self


@Language.factory("unmet_voice_classifier", requires=["doc._.sentences"], assigns=["doc._.sentences"])
def create_voice_classifier(nlp: Language, name: str) -> VoiceClassifier:
    """Make the component, without weights."""
    return VoiceClassifier()
