#!/usr/bin/env python3
"""Run a doccano server on this machine: its own environment, sqlite, bound to 127.0.0.1; stops when the script does.

    python configs/doccano/serve.py                  # http://127.0.0.1:8000, data kept in .venv-doccano/data
    python configs/doccano/serve.py --port 0         # any free port, printed once the server is up

The first start installs the pinned server (about a minute, with Python 3.9 to 3.11). Its user is UNMET_DOCCANO_USER
with the password UNMET_DOCCANO_PASSWORD, or what is typed when asked. Neither is printed, or passed on a command line.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

# The versions that work together: numpy 2, marshmallow 4 and setuptools 81 each break doccano 1.8.4 at run time.
PINS = ("doccano==1.8.4", "numpy<2", "marshmallow<4", "setuptools<81")
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120

_CREATE_USER = """
import os, sys
import backend
sys.path.insert(0, os.path.dirname(backend.__file__))
import django
django.setup()
from django.contrib.auth import get_user_model
user, _ = get_user_model().objects.get_or_create(username=os.environ["UNMET_DOCCANO_USER"])
user.is_staff = user.is_superuser = True
user.set_password(os.environ["UNMET_DOCCANO_PASSWORD"])
user.save()
"""


def older_python() -> str:
    """Return a Python that doccano 1.8.4 can be installed for: none from 3.12 on."""
    for python in (sys.executable, *(shutil.which(f"python3.{minor}") for minor in (11, 10, 9))):
        check = "import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info < (3, 12))"
        if python and subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0:
            return python
    sys.exit("serve.py: doccano 1.8.4 needs Python 3.9, 3.10 or 3.11; install one of them beside this one")


def install(environment: Path) -> Path:
    """Return the folder of the environment's programs, after installing the server where it is not there yet."""
    programs = environment / "bin"
    stamp = environment / "installed.txt"
    if stamp.is_file() and stamp.read_text().split("\n") == list(PINS):
        return programs
    python = older_python()
    print(f"installing {PINS[0]} into {environment}", file=sys.stderr, flush=True)
    subprocess.run([python, "-m", "venv", "--clear", str(environment)], check=True, stdout=sys.stderr)
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS]
    subprocess.run(pip, check=True, stdout=sys.stderr)
    stamp.write_text("\n".join(PINS))
    return programs


def credentials() -> dict[str, str]:
    """Return the user and password as environment variables, asking for what is not set."""
    user = os.environ.get("UNMET_DOCCANO_USER")
    password = os.environ.get("UNMET_DOCCANO_PASSWORD")
    if not (user and password) and not sys.stdin.isatty():
        sys.exit("serve.py: set UNMET_DOCCANO_USER and UNMET_DOCCANO_PASSWORD")
    return {
        "UNMET_DOCCANO_USER": user or input("user: "),
        "UNMET_DOCCANO_PASSWORD": password or getpass.getpass("password: "),
    }


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(url: str) -> bool:
    """Say whether the server, its database and its worker answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/v1/health/?format=json", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End the server and what it started."""
    for number, grace in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace)


def main() -> int:
    """Install, prepare, start, wait until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-doccano", help="where doccano is installed")
    parser.add_argument("--data", type=Path, help="database and uploads; default: data/ in the environment")
    parser.add_argument("--port", type=int, default=8000, help="0: any free one")
    options = parser.parse_args()
    # From here on SIGTERM ends the script as control-C does, through the finally below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    secret = credentials()
    environment = options.environment.resolve()
    data = (options.data or environment / "data").resolve()
    try:
        programs = install(environment)
    except subprocess.CalledProcessError:
        print(f"serve.py: {PINS[0]} could not be installed into {environment}", file=sys.stderr)
        return 1
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = options.port or free_port()
    url = f"http://127.0.0.1:{port}"
    if healthy(url):
        print(f"serve.py: something answers at {url} already; choose another --port", file=sys.stderr)
        return 1
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "CELERY_", "UNMET_", "PYTHON"))}
    settings |= {
        "STANDALONE": "True",
        "DEBUG": "False",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": f"sqlite:///{data / 'db.sqlite3'}",
        "CELERY_BROKER_URL": f"sqla+sqlite:///{data / 'queue.sqlite3'}",
        "MEDIA_ROOT": str(data / "media"),
        "DOCCANO_HOME": str(data),
        "SECRET_KEY": secrets.token_hex(32),
    }
    log = data / "server.log"
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("ab") as output:
            for command, more in (([programs / "doccano", "init"], {}), ([programs / "python", "-c", _CREATE_USER], secret)):
                subprocess.run(command, env=settings | more, stdout=output, stderr=output, check=True)
            backend = next(environment.glob("lib/python*/site-packages/backend"))
            web = [programs / "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--chdir", backend, "config.wsgi"]
            worker = [
                programs / "celery",
                "--app=config",
                f"--workdir={backend}",
                "worker",
                "--concurrency=1",
                "--loglevel=warning",
            ]
            for command in (web, worker):
                processes.append(
                    subprocess.Popen(
                        [str(part) for part in command],
                        env=settings,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,
                    )
                )
        limit = time.monotonic() + START_SECONDS
        while not healthy(url):
            if time.monotonic() > limit or any(process.poll() is not None for process in processes):
                print(f"serve.py: doccano did not start; see {log}", file=sys.stderr)
                return 1
            time.sleep(0.3)
        print(f"doccano is ready at {url}", flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        print(f"serve.py: doccano ended; see {log}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print(f"serve.py: doccano could not be set up; see {log}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)


if __name__ == "__main__":
    sys.exit(main())
