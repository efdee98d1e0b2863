"""Trains the learned parts of the pipeline from annotated letters, in the order in which a letter passes them.

1. the voice classifier, on what the rules say of every sentence;
2. the spaCy pipeline of NER and span categoriser (``configs/letters.cfg``), on prose with the rules' marks and voices of
   classifiers that did not see the letter;
3. the classifiers of what a phrase means, and of assertions;
4. the relation model, on what the rules say of the rationales of the letters and of those written for the project.

The same letters, configuration and seed give the same weights on the same machine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from unmet.components.assertion_classifier import judged_mentions, mention_views
from unmet.components.learned_mentions import phrase_view, rule_reading
from unmet.components.mentions import prose_sentences
from unmet.components.voice_classifier import judged_sentences, sentence_views
from unmet.learning import assertion_model, phrase_model
from unmet.learning.fit import fit_classifier
from unmet.learning.fit_relations import fit_relations
from unmet.learning.fit_voice import VoiceExample, fit_voice
from unmet.loading import load_rules
from unmet.training.errors import TrainingError
from unmet.training.prose_corpus import prose_example, write_prose
from unmet.training.rationales import as_letter
from unmet.training.relation_examples import letter_examples, rationale_example

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spacy.language import Language
    from spacy.tokens import Doc

    from unmet.corpus.attach import AnnotatedLetter
    from unmet.learning.fit_relations import RelationExample
    from unmet.learning.hashed import Hashes
    from unmet.training.rationales import Rationale

_ASSERTION = {"strength": 0.3, "written_weight": 1.0}
_PHRASE = {"strength": 1.0, "written_weight": 1.0}


class TrainingLetter(NamedTuple):
    """An annotated letter; ``written`` for one written for the project."""

    annotated: AnnotatedLetter
    written: bool


def train(
    config: Path,
    letters: Sequence[TrainingLetter],
    development: Sequence[TrainingLetter],
    rationales: Sequence[Rationale],
    say: Callable[[str], None],
) -> Language:
    """Return the trained pipeline; ``development`` letters only show the progress of the spaCy pipeline.

    ``rationales`` are those that were written for the project without a letter.

    ``say`` is told which step begins. Raises :class:`TrainingError` where ``letters`` hold too little to train on.
    """
    if len(letters) < 2:
        raise TrainingError("training needs at least two annotated letters")
    nlp = load_rules()
    say(f"voices of {len(letters)} letters")
    held_out = train_voice(nlp, letters)
    say("rules on every letter")
    shown = [*letters, *development]
    docs = [with_rules(nlp, one.annotated.letter.text, held_out.get(index)) for index, one in enumerate(shown)]
    say("relations")
    examples = relation_examples(nlp, letters, docs, rationales)
    say("NER and span categoriser")
    settings, spans = _train_spans(config, nlp, shown, docs, len(letters))
    learned: Any = nlp.add_pipe("unmet_learned_mentions", after="unmet_criteria", config=settings)
    learned.spans = spans
    say("phrases and assertions")
    learned.phrases = _train_phrases(letters, docs)
    classifier: Any = nlp.add_pipe("unmet_assertion_classifier", after="unmet_assertion")
    classifier.model = _train_assertions(letters, docs)
    relations: Any = nlp.add_pipe("unmet_relation_classifier", after="unmet_relations")
    relations.model = fit_relations(examples)
    return nlp


def train_voice(nlp: Language, letters: Sequence[TrainingLetter]) -> dict[int, list[str]]:
    """Fit the voice classifier and add it; return each letter's voices as classifiers that did not see it gave them."""
    examples = []
    judged = []
    with nlp.select_pipes(enable=["unmet_layout", "unmet_sentences"]):
        for annotated, written in letters:
            doc = nlp(annotated.letter.text)
            gold = {annotated.to_text(one.start, one.end): one.voice for one in annotated.row.sentences}
            sentences = judged_sentences(doc)
            views = sentence_views(doc, sentences)
            voices = [gold.get((one["start"], one["end"]), one["voice"]) for one in sentences]
            examples.append(VoiceExample(views, voices, written))
            judged.append(len(sentences))
    fitted = fit_voice(examples)
    nlp.remove_pipe("unmet_voice")
    component: Any = nlp.add_pipe("unmet_voice_classifier", after="unmet_sentences")
    component.model = fitted.model
    return dict(enumerate(fitted.held_out))


def with_rules(nlp: Language, text: str, voices: list[str] | None) -> Doc:
    """Read a letter with the rules; its voices are ``voices`` where given, else the classifier's."""
    doc = nlp.make_doc(text)
    for name, component in nlp.pipeline:
        if name not in ("unmet_relations", "unmet_spans"):
            doc = component(doc)
        if name == "unmet_voice_classifier" and voices is not None:
            sentences = doc._.sentences
            for sentence, voice in zip(judged_sentences(doc), voices, strict=True):
                sentence["voice"] = voice
            doc._.sentences = sentences
    return doc


def relation_examples(
    nlp: Language, letters: Sequence[TrainingLetter], docs: Sequence[Doc], rationales: Sequence[Rationale]
) -> list[RelationExample]:
    """Return what the relation model is fitted on: the requests of ``letters``, read to ``docs``, and ``rationales``."""
    relations: Any = nlp.get_pipe("unmet_relations")
    examples: list[RelationExample] = []
    for (annotated, written), doc in zip(letters, docs[: len(letters)], strict=True):
        examples += letter_examples(annotated, relations(doc), written=written)
    for number, one in enumerate(rationales):
        letter = as_letter(one)
        example = rationale_example(one, letter, relations(with_rules(nlp, letter.text, None)), f"rationale {number}")
        if example is not None:
            examples.append(example)
    return examples


def _train_spans(
    path: Path, nlp: Language, letters: Sequence[TrainingLetter], docs: Sequence[Doc], trained_on: int
) -> tuple[dict[str, Any], Language]:
    """Train the spaCy pipeline of the configuration; return the settings of section ``unmet`` and the pipeline."""
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train as train_loop
    from spacy.util import load_config, load_model_from_path

    prose = [prose_example(letter.annotated, doc) for letter, doc in zip(letters, docs, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        files = {"train": Path(folder, "train.spacy"), "dev": Path(folder, "dev.spacy")}
        write_prose(prose[:trained_on], files["train"])
        write_prose(prose[trained_on:] or prose[:trained_on], files["dev"])
        config = load_config(path, overrides={f"paths.{name}": str(file) for name, file in files.items()}, interpolate=False)
        settings = dict(config.pop("unmet"))
        # The loop keeps the best of its evaluations, with averaged weights, on disk alone.
        train_loop(init_nlp(config, use_gpu=-1), Path(folder), use_gpu=-1)
        spans = load_model_from_path(Path(folder, "model-best"))
    return settings, spans


def _train_phrases(letters: Sequence[TrainingLetter], docs: Sequence[Doc]) -> phrase_model.PhraseModel:
    items: dict[str, list[tuple[Hashes, str, bool]]] = {name: [] for decided in phrase_model.DECIDED.values() for name in decided}
    for (annotated, written), doc in zip(letters, docs[: len(letters)], strict=True):
        text = annotated.letter.text
        sentences = list(prose_sentences(doc))
        for one in annotated.row.mentions:
            if one.label not in phrase_model.DECIDED:
                continue
            start, end = annotated.to_text(one.start, one.end)
            sentence = next((s for s in sentences if s["start"] <= start < s["end"]), None)
            if sentence is None:
                continue
            rules = rule_reading(doc._.mentions or [], one.label, start, end)
            own = phrase_model.features(phrase_view(text, sentence, start, end, rules))
            for name in phrase_model.DECIDED[one.label]:
                items[name].append((own, str(one.attributes[name]), written))
    return phrase_model.PhraseModel({name: _fitted(name, own, **_PHRASE) for name, own in items.items()})


def _train_assertions(letters: Sequence[TrainingLetter], docs: Sequence[Doc]) -> Any:
    items: list[tuple[Hashes, str, bool]] = []
    for (annotated, written), doc in zip(letters, docs[: len(letters)], strict=True):
        gold = {(str(one.label), *annotated.to_text(one.start, one.end)): one.assertion for one in annotated.row.mentions}
        judged = judged_mentions(doc)
        for one, view in zip(judged, mention_views(doc, judged), strict=True):
            assertion = gold.get((one["label"], one["start"], one["end"]))
            if assertion:
                items.append((assertion_model.features(view), assertion, written))
    return _fitted("assertion", items, **_ASSERTION)


def _fitted(name: str, items: list[tuple[Hashes, str, bool]], *, strength: float, written_weight: float) -> Any:
    if len({label for _, label, _ in items}) < 2:
        raise TrainingError(f"the letters hold fewer than two values of {name}; training needs more letters")
    return fit_classifier(
        [own for own, _, _ in items],
        [label for _, label, _ in items],
        written=[written for _, _, written in items],
        strength=strength,
        written_weight=written_weight,
    )
