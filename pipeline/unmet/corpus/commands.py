"""``unmet corpus``: parses and prints, the modules beside it do the work. Heavy imports wait for their command."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unmet.corpus.doccano import DoccanoServer
    from unmet.corpus.doccano_format import Example

app = typer.Typer(help="Annotation files and the doccano server where they are corrected.", no_args_is_help=True)
doccano = typer.Typer(help="Push letters to a doccano server, pull what annotators made of them.", no_args_is_help=True)
app.add_typer(doccano, name="doccano")

_FAILED = 1

_Project = Annotated[str, typer.Option("--project", help="Name of the project on the server.")]
_Server = Annotated[str, typer.Option("--server", envvar="UNMET_DOCCANO_URL", help="Address of the doccano server.")]
_LOCAL = "http://127.0.0.1:8000"


@app.command()
def agreement(
    first: Annotated[Path, typer.Argument(help="One reading (.jsonl).")],
    second: Annotated[Path, typer.Argument(help="Another reading of some of its letters (.jsonl).")],
) -> None:
    """Compare two readings of the same letters: F1 and Cohen's kappa per label and per field."""
    from unmet.corpus.agreement import agreement as measure
    from unmet.corpus.agreement import render
    from unmet.corpus.rows import CorpusError, read_rows

    with _failing():
        one, other = list(read_rows(first)), list(read_rows(second))
        if not {row.letter for row in one} & {row.letter for row in other}:
            raise CorpusError(f"{first} and {second} have no letter in common; give two readings of the same letters")
        typer.echo(render(measure(one, other)))


@app.command()
def select(
    letters: Annotated[list[Path], typer.Argument(help="Folders of letters, annotated and not.")],
    annotated: Annotated[Path, typer.Option(help="Rows of the letters that are annotated already.")] = Path(
        "annotations/real.jsonl"
    ),
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many to pick.")] = 10,
) -> None:
    """Pick the letters worth annotating next: those the pipeline is least sure of, most unlike the annotated ones."""
    from unmet.corpus.rows import read_rows
    from unmet.corpus.select import select as pick
    from unmet.errors import UnreadableLetterError
    from unmet.reading import read

    with _failing():
        done = {row.letter for row in read_rows(annotated)}
        known, candidates = [], []
        for name, path in _by_id(letters).items():
            try:
                determination = read(path)
            except UnreadableLetterError as error:
                typer.echo(f"unmet: {error}", err=True)
                continue
            if name in done:
                known.append(determination)
            elif determination.layout.is_determination:
                candidates.append((name, determination))
        if not candidates:
            typer.echo("every letter here that can be read is annotated already", err=True)
            return
        typer.echo("doubt  novelty  letter")
        for one in pick(candidates, known, count):
            typer.echo(f"{one.doubt:5.2f}  {one.novelty:7.2f}  {one.letter}")


@doccano.command()
def push(
    letters: Annotated[list[Path], typer.Argument(help="Letters, or folders of them.")],
    project: _Project,
    server: _Server = _LOCAL,
    rows: Annotated[Path | None, typer.Option(help="Send these annotations (.jsonl) instead of the pipeline's.")] = None,
) -> None:
    """Send letters to a project, annotated by the current pipeline or as --rows says.

    The project is created, with its label set, if it is not there. A letter that it holds already is refused. User and
    password come from UNMET_DOCCANO_USER and UNMET_DOCCANO_PASSWORD, or are asked for.
    """
    with _failing():
        examples = list(_from_rows(letters, rows) if rows else _from_pipeline(letters))
        if not examples:
            from unmet.corpus.rows import CorpusError

            raise CorpusError(f"{rows}: has no row for any of these letters")
        with _logged_in(server) as connection:
            connection.push(project.strip(), examples)
        spans = sum(len(example.entities) for example in examples)
        relations = sum(len(example.relations) for example in examples)
        typer.echo(f"pushed to {project.strip()!r}: {len(examples)} letters, {spans} spans, {relations} relations", err=True)


@doccano.command()
def pull(
    project: _Project,
    output: Annotated[Path, typer.Option("-o", "--output", help="Corpus file (.jsonl); rows of other letters in it stay.")],
    server: _Server = _LOCAL,
    finished: Annotated[bool, typer.Option("--finished", help="Only letters ticked as finished in doccano.")] = False,
    reader: Annotated[
        list[str] | None, typer.Option(help="Mark the rows as gold, read in full by this reader; may be repeated.")
    ] = None,
) -> None:
    """Fetch the annotations of a project into a corpus file, checked, all or nothing."""
    import msgspec

    from unmet.corpus.rows import CorpusError, read_rows, write_rows

    with _failing():
        kept = {row.letter: row for row in read_rows(output)} if output.exists() else {}
        with _logged_in(server) as connection:
            pulled = connection.pull(project.strip(), finished=finished)
        if reader:
            pulled = [msgspec.structs.replace(row, quality="gold", readers=list(reader)) for row in pulled]
        changed = sum(kept.get(row.letter) != row for row in pulled)
        kept.update((row.letter, row) for row in pulled)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            write_rows(output, kept.values())
        except OSError as error:
            raise CorpusError(f"{output}: cannot be written ({(error.strerror or 'error').lower()})") from None
        typer.echo(f"pulled from {project.strip()!r}: {len(pulled)} letters, {changed} new or changed in {output}", err=True)


@doccano.command()
def labels(
    folder: Annotated[Path, typer.Argument(help="Where span_types.json and relation_types.json go.")],
) -> None:
    """Write the label set in the format of doccano's label import."""
    from unmet.corpus.doccano_format import label_file, relation_types, span_types

    folder.mkdir(parents=True, exist_ok=True)
    for name, types in (("span_types", span_types()), ("relation_types", relation_types())):
        (folder / f"{name}.json").write_bytes(label_file(types))


def _from_rows(letters: list[Path], file: Path) -> Iterator[Example]:
    from unmet.corpus.attach import CollapsedText
    from unmet.corpus.doccano_format import to_example
    from unmet.corpus.rows import read_rows
    from unmet.ingest import read_letter

    rows = {row.letter: row for row in read_rows(file)}
    passed = 0
    for letter, path in _by_id(letters).items():
        if letter in rows:
            yield to_example(rows[letter], CollapsedText.of(read_letter(path).source_text).text)
        else:
            passed += 1
    if passed:
        typer.echo(f"not sent, for want of a row in {file}: {passed} letters", err=True)


def _from_pipeline(letters: list[Path]) -> Iterator[Example]:
    from unmet.corpus.attach import CollapsedText
    from unmet.corpus.doccano_format import to_example
    from unmet.corpus.from_record import row_of
    from unmet.corpus.rows import CorpusError
    from unmet.ingest import read_letter
    from unmet.reading import determine

    for name, path in _by_id(letters).items():
        letter = read_letter(path)
        determination = determine(letter)
        if not determination.layout.is_determination:
            raise CorpusError(f"{path}: is no determination letter; leave it out")
        collapsed = CollapsedText.of(letter.source_text)
        yield to_example(row_of(determination, name, collapsed), collapsed.text)


def _by_id(letters: list[Path]) -> dict[str, Path]:
    """The letters by their id in the corpus, the file's name without its ending."""
    from unmet.cli import letters_in
    from unmet.corpus.rows import CorpusError

    found: dict[str, Path] = {}
    try:
        paths = letters_in(letters)
    except ValueError as error:
        raise CorpusError(str(error)) from None
    for path in paths:
        other = found.setdefault(path.stem, path)
        if other.resolve() != path.resolve():
            raise CorpusError(f"{path}: has the same letter id as {other}; rename one of them")
    return found


@contextmanager
def _logged_in(server: str) -> Iterator[DoccanoServer]:
    """A session with the server; user and password are never kept."""
    from unmet.errors import UnmetError

    try:
        from unmet.corpus.doccano import DoccanoError, DoccanoServer
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("doccano_client", "requests", "requests_toolbelt", "pydantic"):
            raise
        raise UnmetError("doccano-client is missing; install it with: pip install 'unmet[doccano]'") from None

    user = os.environ.get("UNMET_DOCCANO_USER")
    password = os.environ.get("UNMET_DOCCANO_PASSWORD")
    if not (user and password) and not sys.stdin.isatty():
        raise UnmetError("set UNMET_DOCCANO_USER and UNMET_DOCCANO_PASSWORD, or run this in a terminal to be asked")
    connection = DoccanoServer(
        server,
        user or typer.prompt("doccano user", err=True),
        password or typer.prompt("doccano password", hide_input=True, err=True),
    )
    try:
        yield connection
    finally:
        with suppress(DoccanoError):
            connection.logout()


@contextmanager
def _failing() -> Iterator[None]:
    """Print what goes wrong in one line and end with status 1."""
    from unmet.errors import UnmetError

    try:
        yield
    except UnmetError as error:
        typer.echo(f"unmet: {error}", err=True)
        raise typer.Exit(_FAILED) from None
