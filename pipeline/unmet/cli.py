"""The command line: parses and prints, the library does the work. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmet.corpus.commands import app as corpus

if TYPE_CHECKING:
    from typing import BinaryIO

    from unmet.errors import UnreadableLetterError

app = typer.Typer(
    name="unmet",
    help="Reads Independent Medical Review determination letters and says which guideline criterion sank each request.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(corpus, name="corpus")

# Exit status: every letter was read; some were not; the command was used wrongly (click's own).
_ALL_READ, _SOME_FAILED, _WRONG_USAGE = 0, 1, 2

# What a folder is searched for; a file named on the command line is read whatever its name.
LETTER_SUFFIXES = frozenset([".pdf", ".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx"])


_MODEL_HELP = "Pipeline: a folder that 'unmet train' wrote, or 'rules'. Default: the trained one that is installed."


class Format(StrEnum):
    """How ``unmet read`` prints a record."""

    table = "table"
    json = "json"
    jsonl = "jsonl"


class EvaluationFormat(StrEnum):
    """How ``unmet evaluate`` prints its figures."""

    table = "table"
    json = "json"


def _fail(message: str, status: int = _WRONG_USAGE) -> typer.Exit:
    typer.echo(f"unmet: {message}", err=True)
    return typer.Exit(status)


def _check(model: str | None) -> None:
    """End the command where there is no such pipeline, before any letter is opened."""
    from unmet.loading import RULES, ModelError, pipeline_folder

    try:
        if model != RULES:
            pipeline_folder(model)
    except ModelError as error:
        raise _fail(str(error)) from None


def _report(error: UnreadableLetterError) -> None:
    typer.echo(f"unmet: {error}", err=True)


def letters_in(paths: list[Path]) -> list[Path]:
    """List the letters that ``paths`` name: files as they are, folders searched through, in sorted order.

    Raises ``ValueError`` for a folder without letters.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in LETTER_SUFFIXES
                and file.is_file()
                and file.name.lower() != "readme.md"
                and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
            if not inside:
                raise ValueError(f"{path}: holds no letters ({', '.join(sorted(LETTER_SUFFIXES))})")
            found += inside
        else:
            found.append(path)
    return found


@app.command()
def read(
    letters: Annotated[list[Path], typer.Argument(help="Letters (PDF, DOCX, HTML, Markdown, text) or folders of them.")],
    format: Annotated[Format | None, typer.Option(help="Default: table on a terminal, jsonl in a pipe.")] = None,
    with_text: Annotated[bool, typer.Option("--with-text", help="Add the letter's text to the record.")] = False,
    model: Annotated[str | None, typer.Option(help=_MODEL_HELP)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file instead.")] = None,
) -> None:
    """Read letters and show, for every disputed request, the criteria, their status and the sentences that say so."""
    import msgspec

    from unmet.batch.pool import read_to_json
    from unmet.errors import UnreadableLetterError
    from unmet.record import Determination
    from unmet.views.table import render

    _check(model)
    try:
        paths = letters_in(letters)
    except ValueError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    chosen = format or (Format.table if output is None and sys.stdout.isatty() else Format.jsonl)
    failed = False
    with _sink(output) as sink:
        for path in paths:
            line = read_to_json(str(path), with_text, model)
            if isinstance(line, UnreadableLetterError):
                _report(line)
                failed = True
                continue
            if chosen is Format.table:
                sink.write(render(Determination.from_json(line), color=output is None and sys.stdout.isatty()).encode())
            elif chosen is Format.json:
                sink.write(msgspec.json.format(line, indent=2) + b"\n")
            else:
                sink.write(line + b"\n")
            sink.flush()
    raise typer.Exit(_SOME_FAILED if failed else _ALL_READ)


@app.command()
def batch(
    paths: Annotated[list[Path], typer.Argument(help="Letters or folders of letters.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Results, one record per line (.jsonl).")],
    workers: Annotated[int, typer.Option(min=1, help="Processes to read with.")] = 1,
    with_text: Annotated[bool, typer.Option("--with-text", help="Add each letter's text to its record.")] = False,
    model: Annotated[str | None, typer.Option(help=_MODEL_HELP)] = None,
) -> None:
    """Read many letters to a JSON Lines file, in input order; what cannot be read is named and passed over."""
    import time
    from collections import Counter

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from unmet.reading import read_many

    if output.suffix != ".jsonl":
        raise _fail(f"{output}: only .jsonl can be written; name the results so")
    _check(model)
    try:
        files = letters_in(paths)
    except ValueError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    counts: Counter[str] = Counter()
    console = Console(stderr=True)

    def failed(error: UnreadableLetterError) -> None:
        counts["failed"] += 1
        bar.advance(task)
        _report(error)

    started = time.monotonic()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with _sink(output) as sink, Progress("reading", *columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=len(files), rate="")
        for determination in read_many(files, workers=workers, with_text=with_text, model=model, on_error=failed):
            sink.write(determination.to_json() + b"\n")
            counts["read"] += 1
            counts["requests"] += len(determination.requests)
            counts["not a determination"] += not determination.layout.is_determination
            counts.update(f"warning {warning.code}" for warning in determination.warnings)
            rate = (counts["read"] + counts["failed"]) / max(time.monotonic() - started, 1e-9)
            bar.update(task, advance=1, rate=f"{rate:.1f} letters/s")
    failures = counts["failed"]
    for name in ("read", "failed", "not a determination", "requests"):
        console.print(f"{name}: {counts.pop(name, 0)}", highlight=False)
    for name, count in sorted(counts.items()):
        console.print(f"{name}: {count}", highlight=False)
    raise typer.Exit(_SOME_FAILED if failures else _ALL_READ)


@app.command()
def evaluate(
    split: Annotated[str, typer.Option(help="development, test, train, or all that are annotated.")] = "development",
    annotations: Annotated[Path, typer.Option(help="Folder of the corpus: rows and splits.json.")] = Path("annotations"),
    letters: Annotated[list[Path] | None, typer.Option(help="Folders of the letters; UNMET_LETTERS is searched too.")] = None,
    rows: Annotated[str, typer.Option(help="File of the corpus to score against.")] = "real.jsonl",
    format: Annotated[EvaluationFormat, typer.Option(help="Table for people, or JSON for --against.")] = EvaluationFormat.table,
    errors: Annotated[Path | None, typer.Option(help="Write each miss in its sentence to this web page.")] = None,
    model: Annotated[str | None, typer.Option(help=_MODEL_HELP)] = None,
    against: Annotated[Path | None, typer.Option(help="Compare with these results (JSON) by a paired test.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file instead.")] = None,
) -> None:
    """Score the pipeline on annotated letters: per label and per field, with intervals over letters."""
    from unmet.errors import UnmetError
    from unmet.reading import loaded
    from unmet.training import evaluate as evaluation

    if errors is not None and split == "test":
        raise _fail("--errors: the misses on test letters are not shown, so that no rule is fitted to them")
    try:
        chosen = evaluation.rows_of_split(annotations, rows, split)
        folders = [*(letters or []), annotations / "letters", *_letters_of_environment()]
        readings = list(evaluation.read_letters(chosen, [folder for folder in folders if folder.is_dir()], nlp=loaded(model)))
        result = evaluation.evaluation_of(readings)
        comparison = evaluation.compare(evaluation.read_evaluation(against), result) if against else None
    except UnmetError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    color = output is None and sys.stdout.isatty()
    if format is EvaluationFormat.json:
        shown = evaluation.to_json(comparison or result)
    elif comparison is not None:
        shown = evaluation.render_comparison(comparison, color=color).encode()
    else:
        shown = evaluation.render_table(result, color=color).encode()
    with _sink(output) as sink:
        sink.write(shown if shown.endswith(b"\n") else shown + b"\n")
    if errors is not None:
        from unmet.training.error_list import render_errors

        errors.write_text(render_errors(readings), encoding="utf-8")


def _letters_of_environment() -> list[Path]:
    named = os.environ.get("UNMET_LETTERS")
    return [Path(named)] if named else []


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="Training configuration, such as configs/letters.cfg.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write the trained pipeline to.")],
    annotations: Annotated[Path, typer.Option(help="Folder of the corpus: rows and splits.json.")] = Path("annotations"),
    letters: Annotated[list[Path] | None, typer.Option(help="Folders of the letters; UNMET_LETTERS is searched too.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Train on these splits. Default: train.")] = None,
    develop: Annotated[str, typer.Option(help="Show the progress of training on this split.")] = "development",
) -> None:
    """Train the learned parts of the pipeline on annotated letters, and write the pipeline as a package.

    Letters of the corpus's real.jsonl are trained on by split, those of its project.jsonl and its rationales.jsonl always.
    Where no folder holds real letters, the project's own are trained on alone.
    """
    from unmet.errors import UnmetError
    from unmet.training.corpora import training_letters, training_rationales
    from unmet.training.package import write_package
    from unmet.training.train import train as train_pipeline

    def say(step: str) -> None:
        typer.echo(f"unmet: {step}", err=True)

    if not config.is_file():
        raise _fail(f"{config}: no such configuration")
    try:
        folders = [*(letters or []), *_letters_of_environment()]
        chosen = training_letters(annotations, folders, split or ["train"], develop)
        rationales = training_rationales(annotations)
        write_package(train_pipeline(config, chosen.letters, chosen.development, rationales, say), output)
    except UnmetError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    say(f"{output}: written; use it with --model {output}")


@app.command()
def info() -> None:
    """Show versions, the pipeline's components and where its data is."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.resources import files

    from unmet import __version__
    from unmet.loading import COMPONENTS, shipped_meta
    from unmet.record import SCHEMA_VERSION

    typer.echo(f"unmet {__version__}, record schema {SCHEMA_VERSION}, Python {sys.version.split()[0]}")
    for package in ("spacy", "medspacy", "pypdfium2", "msgspec"):
        try:
            typer.echo(f"{package} {version(package)}")
        except PackageNotFoundError:
            typer.echo(f"{package} is missing; reinstall unmet")
    meta = shipped_meta()
    typer.echo(f"model: {meta['name']} {meta['version']}" if meta else "model: none installed; only the rules can be used")
    typer.echo(f"components: {', '.join(meta['pipeline'] if meta else COMPONENTS)}")
    typer.echo(f"knowledge: {files('unmet.knowledge')}")


class _sink:  # noqa: N801 - used as a function
    """Standard output, or a file that appears under its name only when it is complete."""

    def __init__(self, output: Path | None) -> None:
        self.output = output

    def __enter__(self) -> BinaryIO:
        if self.output is None:
            return sys.stdout.buffer
        if self.output.is_dir():
            raise _fail(f"{self.output}: is a folder; name a file to write to")
        self._part = self.output.with_name(self.output.name + ".part")
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise _fail(f"{self.output}: cannot be written ({(error.strerror or 'error').lower()})", _SOME_FAILED) from None
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.output is None:
            return
        self._file.close()
        if kind is None:
            self._part.replace(self.output)


def main() -> None:
    """Run the command line; a broken pipe (``unmet read ... | head``) ends it quietly."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(_ALL_READ)


if __name__ == "__main__":
    main()
