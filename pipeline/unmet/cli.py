"""The command line: parses and prints, the library does the work. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmet.corpus.commands import app as corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from unmet.batch.engine import Engine
    from unmet.batch.worker import Settings

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
# Stopped by Ctrl-C or a service manager is what shells expect of an interrupt.
_ALL_READ, _SOME_FAILED, _WRONG_USAGE, _STOPPED = 0, 1, 2, 130

_MODEL_HELP = "Pipeline: a folder that 'unmet train' wrote, or 'rules'. Default: the trained one that is installed."


class Format(StrEnum):
    """How ``unmet read`` prints a record."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    html = "html"


class EngineName(StrEnum):
    """Where ``unmet batch`` reads letters."""

    local = "local"
    dask = "dask"


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


def letters_in(paths: list[Path]) -> list[Path]:
    """List the letters that ``paths`` name: files as they are, folders searched through, in sorted order.

    Raises ``ValueError`` for a folder without letters.
    """
    from unmet.batch.sources import LETTER_SUFFIXES, walk

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = list(walk(path))
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

    from unmet.errors import UnreadableLetterError
    from unmet.reading import read as read_letter
    from unmet.views.table import render

    _check(model)
    try:
        paths = letters_in(letters)
    except ValueError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    chosen = format or (Format.table if output is None and sys.stdout.isatty() else Format.jsonl)
    if chosen is Format.html:
        _write_page(paths, model, output)
        return
    failed = False
    with _sink(output) as sink:
        for path in paths:
            try:
                determination = read_letter(path, with_text=with_text, model=model)
            except UnreadableLetterError as error:
                typer.echo(f"unmet: {error}", err=True)
                failed = True
                continue
            if chosen is Format.table:
                sink.write(render(determination, color=output is None and sys.stdout.isatty()).encode())
            elif chosen is Format.json:
                sink.write(msgspec.json.format(determination.to_json(), indent=2) + b"\n")
            else:
                sink.write(determination.to_json() + b"\n")
            sink.flush()
    raise typer.Exit(_SOME_FAILED if failed else _ALL_READ)


def _write_page(paths: list[Path], model: str | None, output: Path | None) -> None:
    """Write the page of one letter; nothing is written where the letter cannot be read."""
    from unmet.errors import UnreadableLetterError
    from unmet.reading import read as read_letter
    from unmet.views.letter_page import render_letter

    if len(paths) != 1:
        raise _fail(f"--format html makes the page of one letter, and {len(paths)} are named; run it once for each")
    try:
        determination = read_letter(paths[0], with_text=True, model=model)
    except UnreadableLetterError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    with _sink(output) as sink:
        sink.write(render_letter(determination).encode())


@app.command()
def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(help="Letters, folders, globs, .zip, .tar.gz, .jsonl with text, addresses, or - for standard input."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Results: .jsonl, .csv, .parquet or .duckdb.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes to read with. Default: one for each core.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier run to the same output.")] = False,
    with_text: Annotated[bool, typer.Option("--with-text", help="Add each letter's text to its record.")] = False,
    model: Annotated[str | None, typer.Option(help=_MODEL_HELP)] = None,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="A letter that takes longer is quarantined.")] = 60,
    max_megabytes: Annotated[float, typer.Option(min=0, max=32, help="A letter that is larger is not read.")] = 32,
    engine: Annotated[EngineName, typer.Option(help="Where letters are read: on this machine, or on a Dask cluster.")] = (
        EngineName.local
    ),
    scheduler: Annotated[str | None, typer.Option(help="Address of the Dask scheduler, such as tcp://10.0.0.1:8786.")] = None,
) -> None:
    """Read many letters to a file of results, in input order; what cannot be read is named and passed over.

    A run that was stopped, in whatever way, is gone on with by --resume; so is one that is finished, with new letters.
    """
    from unmet.batch.ledger import LedgerError, run_folder
    from unmet.batch.progress import RunProgress
    from unmet.batch.run import begin, read_all
    from unmet.batch.sources import count_of
    from unmet.batch.worker import Settings
    from unmet.errors import UnmetError
    from unmet.results.write import check_output, write_results

    if (engine is EngineName.dask) != (scheduler is not None):
        raise _fail("--engine dask and --scheduler ADDRESS go together")
    if scheduler is not None and workers is not None:
        raise _fail("--workers: a cluster has the workers that were started on its nodes")
    _check(model)
    try:
        check_output(output)
    except UnmetError as error:
        raise _fail(str(error)) from None
    settings = Settings(model, with_text, max_seconds)
    max_bytes = int(max_megabytes * (1 << 20))
    # A service manager that stops a run is obeyed as Ctrl-C is: what has been read is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ledger = None
    try:
        progress = RunProgress(count_of(inputs))
        ledger = begin(output, settings, resume=resume)
        with progress, _engine(settings, workers, scheduler, max_bytes) as reads:
            read_all(inputs, ledger, reads, max_bytes=max_bytes, on_outcome=progress.tell)
        write_results(ledger.records(), ledger.files(), output)
        counts = ledger.counts()
        ledger.finish()
    except UnmetError as error:
        # The ledger's own errors say what to do about it.
        kept = ledger is not None and not isinstance(error, LedgerError)
        done = f"; what was read is kept in {run_folder(output)}, go on with --resume" if kept else ""
        raise _fail(f"{error}{done}", _SOME_FAILED) from None
    except KeyboardInterrupt:
        raise _fail("stopped; go on with --resume", _STOPPED) from None
    finally:
        if ledger is not None:
            ledger.close()
    progress.summary(counts, output)
    raise typer.Exit(_SOME_FAILED if counts["failed"] or counts["quarantined"] else _ALL_READ)


@contextmanager
def _engine(settings: Settings, workers: int | None, scheduler: str | None, max_bytes: int) -> Iterator[Engine]:
    """Where letters are read; it is ended with the run, however that ends."""
    if scheduler is not None:
        from unmet.batch.cluster import ClusterEngine

        engine: Engine = ClusterEngine(scheduler, settings, max_bytes)
    else:
        from unmet.batch.local import LocalEngine, cores

        engine = LocalEngine(workers or cores(), settings)
    try:
        yield engine
    finally:
        engine.close()


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="Results of 'unmet batch' or 'unmet read': .jsonl, .parquet or .duckdb.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write index.html and tables/*.csv to.")],
) -> None:
    """Show what sank the requests of many letters: one self-contained page, and its tables as CSV."""
    from unmet.errors import UnmetError
    from unmet.views.report.write import write_report

    try:
        written = write_report(results, output)
    except UnmetError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    typer.echo(f"unmet: {written.page}: {written.requests:,} requests of {written.letters:,} letters", err=True)


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
def serve(
    results: Annotated[Path | None, typer.Argument(help="Results to browse: .jsonl, .parquet or .duckdb of unmet batch.")] = None,
    host: Annotated[str, typer.Option(help="Address to serve on. Others than this machine's own ask for a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes one that is free.")] = 8350,
    name: Annotated[list[str] | None, typer.Option(help="A host name to answer to, such as that of a proxy.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate (PEM) to serve https with.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    store: Annotated[Path | None, typer.Option(help="Add the records of dropped letters, with text, to this .jsonl.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes to read with. Default: one for each core.")] = None,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="A letter that takes longer is given up.")] = 60,
    model: Annotated[str | None, typer.Option(help=_MODEL_HELP)] = None,
) -> None:
    """Serve a local web page: drop letters to see what sank each request, search and compare results; with an HTTP API.

    Where other machines can reach it, it asks for a token: UNMET_SERVE_TOKEN, or one that it makes and shows.
    """
    from importlib.util import find_spec

    from unmet.errors import UnmetError

    if missing := [package for package in ("litestar", "uvicorn", "multipart") if find_spec(package) is None]:
        raise _fail(f"needs {' and '.join(missing)}; install with: python -m pip install 'unmet[serve]'")
    if (certificate is None) != (key is None):
        raise _fail("--certificate and --key go together")
    _check(model)
    from unmet.batch.local import cores
    from unmet.serve.server import serve as run
    from unmet.serve.server import token_for
    from unmet.serve.settings import ServeSettings

    def say(line: str) -> None:
        typer.echo(f"unmet: {line}", err=True)

    # A service manager that stops the server is obeyed as Ctrl-C is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    set_token = os.environ.get("UNMET_SERVE_TOKEN")
    try:
        settings = ServeSettings(
            host=host,
            token=token_for(host, set_token),
            show_token=not set_token,
            names=tuple(name or ()),
            secure=certificate is not None,
            workers=workers or cores(),
            model=model,
            max_seconds=max_seconds,
            keep_in=store,
        )
        run(settings, results, port, (certificate, key) if certificate and key else None, say)
    except UnmetError as error:
        raise _fail(str(error), _SOME_FAILED) from None
    except KeyboardInterrupt:
        raise typer.Exit(_ALL_READ) from None


@app.command()
def info() -> None:
    """Show versions, the pipeline's components and where its data is."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.resources import files

    from unmet import __version__
    from unmet.loading import COMPONENTS, shipped_meta
    from unmet.record import SCHEMA_VERSION

    typer.echo(f"unmet {__version__}, record schema {SCHEMA_VERSION}, Python {sys.version.split()[0]}")
    for package in ("spacy", "pypdfium2", "msgspec"):
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
