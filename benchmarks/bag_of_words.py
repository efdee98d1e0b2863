"""The plain baseline for the criteria: a bag of words per sentence, without anything that the pipeline knows.

    python benchmarks/bag_of_words.py [--split test] [--train train --train development] [--letters FOLDER]...

Of every sentence of a rationale, tf-idf of its words and pairs of words; a logistic regression per outcome (a criterion type
met, or unmet on one basis), fitted on the same letters and written rationales as the relation model. A type is what its
sentences say. Sentences and requests are the pipeline's. The measures are those of ``unmet evaluate``, with intervals.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from unmet.corpus.rows import RowCriterion
from unmet.loading import load_rules
from unmet.training.corpora import training_letters, training_rationales
from unmet.training.evaluate import evaluation_of, read_letters, render_table, rows_of_split
from unmet.training.scoring import same_place

if TYPE_CHECKING:
    from unmet.corpus.rows import Row, RowRequest
    from unmet.layout.model import Offsets

Outcome = tuple[str, str, str | None]  # criterion type, status, basis
# What a sentence must reach to say something; the best of five values on the letters that are trained on, by folds.
_LIKELY = 0.25
# An outcome that fewer sentences show is not learned.
_LEAST = 3


class Labelled(NamedTuple):
    """A sentence and what it finds."""

    words: str
    finds: list[Outcome]


def sentences_of(row: Row, request: RowRequest) -> list[Offsets]:
    """Return the sentences of a request's rationale."""
    own = next((one for one in row.sections if one.kind == "rationale" and one.start >= request.title[1]), None)
    return [(one.start, one.end) for one in row.sentences if own and own.start <= one.start < own.end]


def labelled(row: Row, text: str) -> list[Labelled]:
    """Return the annotated sentences of a letter's rationales."""
    found = []
    for request in row.requests:
        for place in sentences_of(row, request):
            finds = [
                (one.type, one.status, one.unmet_basis)
                for one in request.criteria
                if any(same_place(place, other) for other in one.evidence)
            ]
            found.append(Labelled(text[slice(*place)], finds))
    return found


class BagOfWords:
    """The baseline; fitted when made."""

    def __init__(self, sentences: list[Labelled]) -> None:
        counts = Counter(find for one in sentences for find in one.finds)
        self.outcomes = sorted((find for find, count in counts.items() if count >= _LEAST), key=str)
        self.words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        matrix = self.words.fit_transform([one.words for one in sentences])
        self.models = [
            LogisticRegression(C=10.0, max_iter=300).fit(matrix, [find in one.finds for one in sentences])
            for find in self.outcomes
        ]

    def criteria(self, sentences: list[str], places: list[Offsets], decision: str) -> list[RowCriterion]:
        """Return the criteria of a rationale; a denial is unmet criteria alone, an approval met ones."""
        if not sentences:
            return []
        matrix = self.words.transform(sentences)
        odds = np.column_stack([model.predict_proba(matrix)[:, 1] for model in self.models])
        wanted = "unmet" if decision == "upheld" else "met"
        allowed = [number for number, (_, status, _) in enumerate(self.outcomes) if status == wanted]
        said = {number: odds[:, number] for number in allowed if odds[:, number].max() >= _LIKELY}
        if not said:
            best = max(allowed, key=lambda number: odds[:, number].max())
            said = {best: odds[:, best]}
        found: dict[str, RowCriterion] = {}
        for number, shares in sorted(said.items(), key=lambda pair: -pair[1].max()):
            name, status, basis = self.outcomes[number]
            evidence = [place for place, share in zip(places, shares, strict=True) if share >= min(_LIKELY, shares.max())]
            first = found.setdefault(name, RowCriterion(id=name, type=name, status=status, unmet_basis=basis, evidence=[]))  # type: ignore[arg-type]
            first.evidence += [place for place in evidence if place not in first.evidence]
        return list(found.values())


def main() -> None:
    """Fit, read the split and print the table of its measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", default="development")
    parser.add_argument("--train", action="append", default=[])
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    parser.add_argument("--letters", type=Path, action="append", default=[])
    given = parser.parse_args()
    folders = [*given.letters, *([Path(os.environ["UNMET_LETTERS"])] if "UNMET_LETTERS" in os.environ else [])]
    sentences = [
        one
        for letter in training_letters(given.annotations, folders, given.train or ["train"], given.split).letters
        for one in labelled(letter.annotated.row, letter.annotated.collapsed.text)
    ]
    for rationale in training_rationales(given.annotations):
        for one in rationale.sentences:
            sentences.append(Labelled(one.text, [(find.type, find.status, find.basis) for find in one.finds]))
    baseline = BagOfWords(sentences)
    readings = []
    rows = rows_of_split(given.annotations, "real.jsonl", given.split)
    for reading in read_letters(rows, folders, nlp=load_rules()):
        row = reading.predicted
        requests = []
        for request in row.requests:
            places = sentences_of(row, request)
            words = [reading.text[slice(*place)] for place in places]
            requests.append(msgspec.structs.replace(request, criteria=baseline.criteria(words, places, request.decision)))
        readings.append(reading._replace(predicted=msgspec.structs.replace(row, requests=requests)))
    print(render_table(evaluation_of(readings)))


if __name__ == "__main__":
    main()
