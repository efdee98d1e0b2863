"""Sends examples to a doccano server and fetches them again, through doccano-client (the extra ``doccano``).

The server forgives what it should not: it makes a label of every typing error, drops overlapping spans where overlap
is off, keeps several copies of an example whose import it had to repeat, doubles what is uploaded twice, and reports
bad lines only in the result of its task. So everything is checked before it is sent, read back and compared after,
and removed again if it did not arrive as it was.
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from doccano_client.exceptions import DoccanoAPIError
from doccano_client.models.data_upload import Task
from doccano_client.models.project import Project, ProjectType
from doccano_client.repositories.base import BaseRepository
from doccano_client.repositories.data_download import DataDownloadRepository
from doccano_client.repositories.data_upload import DataUploadRepository
from doccano_client.repositories.example import ExampleRepository
from doccano_client.repositories.label_type import RelationTypeRepository, SpanTypeRepository
from doccano_client.repositories.project import ProjectRepository
from doccano_client.repositories.task_status import TaskStatusRepository
from requests import exceptions
from requests.adapters import HTTPAdapter

from unmet.corpus.doccano_format import Example, from_example, label_file, relation_types, span_types
from unmet.errors import UnmetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unmet.corpus.rows import Row

ANSWER_SECONDS = 60  # for one request
TASK_SECONDS = 900  # for an import or export
# Without these the server drops spans or arrows, or exports one file per user.
_SETTINGS = {"use_relation": True, "allow_overlapping": True, "collaborative_annotation": True, "grapheme_mode": False}
_GUIDELINE = """\
Spans: MEDICATION, PROCEDURE, FUNCTION and CRITERION mark mentions, VOICE whose statement a sentence is,
REQUEST the title of a request with its decision, ITEM what is in dispute, with its family.

APPLIED is a criterion as the reviewer applied it. Draw one arrow from it to its REQUEST and name the status; draw
arrows to it from the sentences that say so (evidence), that speak against it (counter) and from the phrase that
states it (states). Where no VOICE or CRITERION span stands at such a place, mark EVIDENCE or STATEMENT first.
"""


class DoccanoError(UnmetError):
    """The server cannot be reached, refuses, or does not do what it was asked to."""


class _Connection(BaseRepository):
    """A session that does not wait for ever."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _LimitedAdapter())


class _LimitedAdapter(HTTPAdapter):
    def send(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["timeout"] = kwargs.get("timeout") or ANSWER_SECONDS
        return super().send(*args, **kwargs)


class DoccanoServer:
    """A doccano server, logged in to. Raises :class:`DoccanoError`, one line without a word of a letter."""

    def __init__(self, url: str, user: str, password: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DoccanoError("the server's address must begin with http:// or https://")
        if parts.username or parts.password:
            raise DoccanoError("the server's address must not hold a password; use UNMET_DOCCANO_PASSWORD")
        self.url = url.rstrip("/")
        self._connection = _Connection(self.url)
        with self._speaking(login=True):
            self._connection.login(user, password)
        self._projects = ProjectRepository(self._connection)
        self._examples = ExampleRepository(self._connection)
        self._uploads = DataUploadRepository(self._connection)
        self._downloads = DataDownloadRepository(self._connection)
        self._tasks = TaskStatusRepository(self._connection)
        self._types = {
            "span": (SpanTypeRepository(self._connection), span_types()),
            "relation": (RelationTypeRepository(self._connection), relation_types()),
        }

    def logout(self) -> None:
        """End the session on the server."""
        with self._speaking():
            self._connection.logout()

    def push(self, name: str, examples: Sequence[Example]) -> None:
        """Add examples to the project ``name``, which is created with the label set if it is not there.

        All arrive exactly as they are, or none is left on the server.
        """
        for example in examples:
            from_example(example)
        letters = [str(example.doc_id) for example in examples]
        project = self._find(name)
        if project is not None:
            self._check(project)
            there = set(letters) & {doc_id for _, doc_id in self._list(project.id)}
            if there:
                raise DoccanoError(
                    f"{min(there)}: is in the project {name!r} already{_more(there)}; "
                    "pull it and delete it there before pushing it again"
                )
        created = project is None
        try:
            project = project or self._create(name)
            if created:
                self._check(project)
            self._import(project, examples)
            self._compare(project, examples)
        except BaseException as error:
            self._undo(project, letters, error, created=created)
            raise

    def pull(self, name: str, *, finished: bool = False) -> list[Row]:
        """Return the rows of the project ``name``, or only those of the letters that are ticked as finished there.

        Raises :class:`~unmet.corpus.rows.CorpusError` naming the letter that is no sound row any more.
        """
        project = self._find(name)
        if project is None:
            raise DoccanoError(f"{self.url}: has no project {name!r} that this user belongs to")
        self._check(project)
        rows = [from_example(example) for example in self._export(project, finished=finished)]
        seen: set[str] = set()
        for row in rows:
            if row.letter in seen:
                raise DoccanoError(f"{row.letter}: stands twice in the project {name!r}; delete one of the two there")
            seen.add(row.letter)
        return rows

    def _find(self, name: str) -> Project | None:
        with self._speaking():
            found = [project for project in self._projects.list() if project.name == name]
        if len(found) > 1:
            raise DoccanoError(f"{self.url}: has {len(found)} projects named {name!r}; rename all but one")
        return found[0] if found else None

    def _create(self, name: str) -> Project:
        with self._speaking():
            project = self._projects.create(
                Project(
                    name=name,
                    description="Independent Medical Review letters, pushed by unmet",
                    guideline=_GUIDELINE,
                    project_type=ProjectType.SEQUENCE_LABELING,
                    **_SETTINGS,
                )
            )
        try:
            with self._speaking(), tempfile.TemporaryDirectory() as folder:
                for kind, (types, labels) in self._types.items():
                    file = Path(folder) / f"{kind}_types.json"
                    file.write_bytes(label_file(labels))
                    types.upload(project.id, str(file))
        except BaseException as error:
            self._undo(project, [], error, created=True)
            raise
        return project

    def _check(self, project: Project) -> None:
        """Check the project's settings and that its label set is ours."""
        if project.project_type is not ProjectType.SEQUENCE_LABELING:
            raise DoccanoError(f"project {project.name!r}: is no sequence labeling project; choose another name")
        for setting, value in _SETTINGS.items():
            if getattr(project, setting) is not value:
                raise DoccanoError(f"project {project.name!r}: {setting} must be {'on' if value else 'off'}; push made it so")
        for kind, (types, labels) in self._types.items():
            with self._speaking():
                there = {str(one.text) for one in types.list(project.id)}
            missing, unknown = set(labels) - there, there - set(labels)
            if missing:
                raise DoccanoError(
                    f"project {project.name!r}: the {kind} label {min(missing)!r} was deleted or renamed on the server"
                    f"{_more(missing)}; doccano deletes what a deleted label marked"
                )
            if unknown:
                raise DoccanoError(
                    f"project {project.name!r}: the {kind} label {min(unknown)!r} is not in the label set{_more(unknown)}; "
                    "relabel what it marks and delete it there"
                )

    def _list(self, project_id: int) -> Iterator[tuple[int, str | None]]:
        """Yield the id and the letter of every example of a project."""
        offset, size = 0, 100
        while True:
            with self._speaking():
                page = self._connection.get(f"projects/{project_id}/examples", params={"limit": size, "offset": offset}).json()
                listed = [(int(one["id"]), one["meta"].get("doc_id")) for one in page["results"]]
            yield from listed
            offset += size
            if not page["next"]:
                return

    def _import(self, project: Project, examples: Sequence[Example]) -> None:
        with self._speaking(), tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "letters.jsonl"
            file.write_bytes(b"".join(msgspec.json.encode(example) + b"\n" for example in examples))
            uploaded = self._uploads.upload(str(file))
            # Left to itself the server guesses the encoding.
            task = self._uploads.ingest(project.id, [uploaded], Task.RELATION_EXTRACTION, "JSONL", encoding="utf_8")
            result = self._wait(task, "import")
        faults = (result or {}).get("error") or []
        if faults:
            line = faults[0].get("line", 0)
            which = f"{examples[line - 1].doc_id}: was" if 1 <= line <= len(examples) else "the letters were"
            raise DoccanoError(f"{which} refused by the server{_more(faults)}")

    def _export(self, project: Project, *, finished: bool = False) -> list[Example]:
        with self._speaking(), tempfile.TemporaryDirectory() as folder:
            option = self._downloads.find_option_by_name(project.id, "JSONL")
            task = self._downloads.schedule_download(project.id, option, only_approved=finished)
            self._wait(task, "export")
            archive = self._downloads.download(project.id, task, folder)
            with zipfile.ZipFile(archive) as files:
                lines = [line for name in files.namelist() for line in files.read(name).split(b"\n") if line.strip()]
            return [msgspec.json.decode(line, type=Example) for line in lines]

    def _wait(self, task: str, what: str) -> Any:
        limit = time.monotonic() + TASK_SECONDS
        while time.monotonic() < limit:
            status = self._tasks.get(task)
            if status.ready and status.error:
                raise DoccanoError(f"{self.url}: its {what} failed; its log says why")
            if status.ready:
                return status.result
            time.sleep(0.2)
        raise DoccanoError(f"{self.url}: its {what} did not end within {TASK_SECONDS} s; is its celery worker running?")

    def _compare(self, project: Project, examples: Sequence[Example]) -> None:
        """Read back what was sent."""
        arrived: dict[str | None, list[Example]] = {}
        for example in self._export(project):
            arrived.setdefault(example.doc_id, []).append(example)
        for sent in examples:
            copies = arrived.get(sent.doc_id, [])
            if len(copies) != 1:
                raise DoccanoError(f"{sent.doc_id}: arrived {len(copies)} times instead of once")
            kept = copies[0]
            counts = [(len(one.entities), len(one.relations)) for one in (kept, sent)]
            if counts[0] != counts[1] or kept.unmet != sent.unmet or from_example(kept) != from_example(sent):
                raise DoccanoError(
                    f"{sent.doc_id}: did not arrive as it was sent (spans {counts[0][0]} of {counts[1][0]}, "
                    f"relations {counts[0][1]} of {counts[1][1]})"
                )

    def _undo(self, project: Project | None, letters: Sequence[str], error: BaseException, *, created: bool) -> None:
        """Remove what a failed push may have left; if that fails too, say so."""
        if project is None:
            return
        try:
            with self._speaking():
                if created:
                    self._projects.delete(project.id)
                    return
                left = [example_id for example_id, letter in self._list(project.id) if letter in letters]
                if left:  # an empty list would delete every example of the project
                    self._examples.bulk_delete(project.id, left)
        except DoccanoError:
            raise DoccanoError(
                f"{error if isinstance(error, UnmetError) else 'interrupted'}; "
                f"what had arrived in project {project.name!r} could not be removed again: look there before the next push"
            ) from None

    @contextmanager
    def _speaking(self, *, login: bool = False) -> Iterator[None]:
        """Turn whatever goes wrong between the two sides into one line."""
        try:
            yield
        except DoccanoAPIError as error:
            raise DoccanoError(f"{self.url}: {_refusal(error, login=login)}") from None
        except exceptions.Timeout:
            raise DoccanoError(f"{self.url}: does not answer within {ANSWER_SECONDS} s") from None
        except exceptions.ConnectionError:
            raise DoccanoError(f"{self.url}: cannot be reached; is the server running?") from None
        except UnmetError:
            raise
        except (exceptions.RequestException, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise DoccanoError(f"{self.url}: does not answer as doccano 1.8 does ({type(error).__name__})") from None


def _refusal(error: DoccanoAPIError, *, login: bool) -> str:
    status = error.response.status_code
    if login and status in (400, 401, 403):
        return "refuses the login; check the user name and the password"
    if status in (401, 403):
        if "credentials were not provided" in str(error) or "CSRF" in str(error):
            return "the login has expired; run the command again"
        return "this user may not do that; ask for the role of project admin"
    if status == 404:
        return "has no such page; is this the address of a doccano server, or was the project deleted?"
    return f"failed with status {status}; its log says why" if status >= 500 else f"refuses the request (status {status})"


def _more(things: Sequence[object] | set[str]) -> str:
    return f" (and {len(things) - 1} more)" if len(things) > 1 else ""
