"""Make `.venv` and install what the project needs into it. Runs on a bare Python: nothing but the standard library here.

With a version as its argument it makes `.venv-functions-VERSION`, the same with that version of azure-functions: the package has one line
for Python < 3.13 and one from there on, and both run on either. Says what is missing, and how to get it, in one sentence; exit status 1
then."""

from __future__ import annotations  # a Python that is too old is to come as far as `obstacle`

import fcntl
import hashlib
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTIONS = sys.argv[1] if len(sys.argv) > 1 else ""
VENV = ROOT / (f".venv-functions-{FUNCTIONS}" if FUNCTIONS else ".venv")
STAMP = VENV / "installed"
LOCK = ROOT / f"{VENV.name}.lock"
INPUTS = ["requirements.txt", "requirements-dev.txt", "constraints.txt", "devkit/setup_venv.py"]

# Microsoft's Python worker library. Its metadata asks for Python >= 3.13, where Azure runs it; it works on 3.11 too.
WORKER = ["azure-functions-runtime==1.3.0", "azurefunctions-extensions-base==1.2.0"]


def wanted() -> str:
    """What an installed environment is made of: the files, the interpreter, the place (a moved environment is broken)."""
    state = hashlib.sha256(f"{sys.version}{VENV}".encode())
    for name in INPUTS:
        state.update((ROOT / name).read_bytes())
    return state.hexdigest()


def obstacle() -> str | None:
    """What keeps this Python from making the environment, as one sentence with the fix; None when nothing does."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything has checked the version
        return (
            f"Python 3.11 or later is needed, and this is {sys.version.split()[0]}: "
            "run 'make PYTHON=python3.13' with the name of a newer one, or install it."
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python has no venv module: on Debian or Ubuntu run 'apt-get install python3-venv', then try again."
    return None


def run(*command: str) -> None:
    """In a session of its own: Ctrl-C reaches this process alone, which ends `command` and whatever that has started, and says so."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if status:
        raise subprocess.CalledProcessError(status, command)


def pip(*arguments: str) -> None:
    run(str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def main() -> int:
    reason = obstacle()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C: nothing is left at work on .venv
    try:
        with LOCK.open("w") as lock:  # a second 'make' at the same time waits for the first
            fcntl.flock(lock, fcntl.LOCK_EX)
            return 0 if STAMP.exists() and STAMP.read_text() == wanted() else make()
    except OSError as error:
        where = error.filename or ROOT
        print(f"Cannot use {where} ({error.strerror}): let this user write into {ROOT}, or make a clone of your own.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Setting up {VENV.name} was interrupted: run the same command again.", file=sys.stderr)
        return 130


def make() -> int:
    print(f"setting up {VENV.name} (a minute, once) ...", file=sys.stderr, flush=True)
    try:
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
        pip("-r", "requirements-dev.txt")
        line = [f"azure-functions=={FUNCTIONS}"] if FUNCTIONS else []
        pip("--no-deps", "--ignore-requires-python", *WORKER, *line)
    except subprocess.CalledProcessError as error:
        print(
            f"Setting up {VENV.name} failed (exit status {error.returncode}); the lines above say why."
            " Nothing else was changed: run the same command again.",
            file=sys.stderr,
        )
        return 1
    STAMP.write_text(wanted())
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
