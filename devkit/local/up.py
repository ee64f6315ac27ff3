"""`make up`: the stack in the foreground, with what a person needs to use it."""

import base64
import json
import shlex
import sys
from pathlib import Path

from devkit.local.app_settings import PAUSES_FOR_A_PERSON
from devkit.local.endpoints import Endpoints
from devkit.local.files import write_private, write_private_text
from devkit.local.images import make_image, write_layout
from devkit.local.ports import Ports
from devkit.local.problem import Problem
from devkit.local.stack import Stack


def up(folder: Path) -> None:
    """Runs until it is interrupted. Raises `Problem`, also when one of the processes ends by itself.

    Standard output gets the line of JSON alone, for programs; what is for people goes to standard error."""
    with Stack(folder, ports=Ports.fixed(), pauses=PAUSES_FOR_A_PERSON) as stack:
        sample = stack.endpoints.state / "sample"
        write_layout(sample, make_image("hello"), "v1")
        print(json.dumps(stack.endpoints.to_json()), flush=True)
        print(try_this(stack.endpoints, sample), file=sys.stderr, flush=True)
        raise Problem(f"{stack.wait()}\nRun 'make up' again: it goes on where this one ended.")


def try_this(endpoints: Endpoints, sample: Path) -> str:
    source, app = endpoints.source, endpoints.app
    login, header = write_credentials(endpoints)
    options = ["--insecure-policy", "--dest-authfile", str(login), "--dest-cert-dir", str(endpoints.certificates)]
    push = shlex.join(["skopeo", "copy", *options, f"oci:{sample}:v1", f"docker://{source.login_server}/team/hello:v1"])
    status = f"{app.url}/api/status?repository=team/hello&tag=v1"
    look = shlex.join(["curl", "-sS", "--noproxy", "*", "-H", f"@{header}", status])
    targets = " and ".join(target.name for target in endpoints.targets)
    return (
        f"\nEverything runs. Ctrl-C stops it; the next 'make up' goes on where this one ended.\n\n"
        f"Try this: push an image into the source registry,\n\n  {push}\n\nand ask whether {targets} have it:\n\n  {look}\n"
    )


def write_credentials(endpoints: Endpoints) -> tuple[Path, Path]:
    """A file for skopeo and one for curl: what is in a command line, every user of the machine may read."""
    source, login, header = endpoints.source, endpoints.state / "auth.json", endpoints.state / "curl.headers"
    basic = base64.b64encode(f"{source.username}:{source.password}".encode()).decode()
    write_private(login, {"auths": {source.login_server: {"auth": basic}}})
    write_private_text(header, f"x-functions-key: {endpoints.app.key}\n")
    return login, header
