"""`make up` and `make clouds`: a stack in the foreground, with what a person needs to use it.

Standard output gets the line of JSON alone, for programs; what is for people goes to standard error."""

import base64
import json
import shlex
import sys
from pathlib import Path

from devkit.local.app_settings import PAUSES_FOR_A_PERSON
from devkit.local.clouds import MOST_TARGETS
from devkit.local.cloudstack import CloudStack
from devkit.local.coretools import advice, settings_for
from devkit.local.endpoints import Endpoints
from devkit.local.files import write_private, write_private_text
from devkit.local.images import make_image, write_layout
from devkit.local.ports import Ports
from devkit.local.problem import Problem
from devkit.local.stack import Stack

DEFAULT_STATE = Path(".local")


def up(folder: Path, targets: int | None) -> None:
    """Runs until it is interrupted. Raises `Problem`, also when one of the processes ends by itself."""
    with Stack(folder, targets=targets, fixed_ports=folder == DEFAULT_STATE, pauses=PAUSES_FOR_A_PERSON) as stack:
        sample = write_sample(stack.endpoints)
        tell(stack, f"Everything runs. {how_it_ends('up')}", try_this(stack.endpoints, sample))
        raise Problem(f"{stack.wait()}\nRun 'make up' again: it goes on where this one ended.")


def clouds(folder: Path, targets: int | None) -> None:
    """As `up`, without the app, which somebody else runs."""
    stack = CloudStack(folder, targets=targets, fixed_ports=folder == DEFAULT_STATE, pauses=PAUSES_FOR_A_PERSON)
    stack.app_settings |= settings_for(stack)
    with stack:
        push = push_line(stack.endpoints, write_sample(stack.endpoints))
        tell(
            stack,
            f"The clouds run, and the app does not. {how_it_ends('clouds')}",
            f"{advice(stack)}\nPush an image into the source registry:\n\n  {push}\n",
        )
        raise Problem(f"{stack.wait()}\nRun 'make clouds' again: it goes on where this one ended.")


def tell(stack: CloudStack, begin: str, rest: str) -> None:
    print(json.dumps(stack.to_json()), flush=True)
    for one in stack.endpoints.registries:
        write_private_text(stack.endpoints.state / f"control-{one.name}.headers", f"x-control-key: {one.control.key}\n")
    pages = "\n".join(f"{one.name}: {one.control.url}/" for one in stack.endpoints.registries)
    told = f"{begin}\n{about_ports(stack)}\n\nWhat each registry holds, in your browser:\n\n{pages}"
    print(f"\n{told}\n{rest}", file=sys.stderr, flush=True)


def how_it_ends(command: str) -> str:
    return f"Ctrl-C stops it; the next 'make {command}' goes on where this one ended."


def about_ports(stack: CloudStack) -> str:
    """Which were chosen, and why."""
    app, last = stack.ports.app, 5001 + stack.ports.targets
    if stack.ports == Ports.fixed(stack.ports.targets):
        return f"The ports are the fixed ones: registries at 5001 to {last}, the app at {app}."
    return (
        f"The ports are this folder's own, kept in {stack.ports_file}: the app's is {app}. The fixed ones (registries from 5001 to"
        f" {5001 + MOST_TARGETS}, the app at 7071) are for the folder {DEFAULT_STATE}, if nobody listened there at its first start."
    )


def try_this(endpoints: Endpoints, sample: Path) -> str:
    header = endpoints.state / "curl.headers"
    write_private_text(header, f"x-functions-key: {endpoints.app.key}\n")
    status = f"{endpoints.app.url}/api/status?repository=team/hello&tag=v1"
    look = shlex.join(["curl", "-sS", "--noproxy", "*", "-H", f"@{header}", status])
    *others, last = [target.name for target in endpoints.targets]
    targets = f"{', '.join(others)} and {last} have" if others else f"{last} has"
    push = push_line(endpoints, sample)
    return f"\nTry this: push an image into the source registry,\n\n  {push}\n\nand ask whether {targets} it:\n\n  {look}\n"


def push_line(endpoints: Endpoints, sample: Path) -> str:
    """Credentials are in a file: what is in a command line, every user of the machine may read."""
    source, login = endpoints.source, endpoints.state / "auth.json"
    basic = base64.b64encode(f"{source.username}:{source.password}".encode()).decode()
    write_private(login, {"auths": {source.login_server: {"auth": basic}}})
    options = ["--insecure-policy", "--dest-authfile", str(login), "--dest-cert-dir", str(endpoints.certificates)]
    return shlex.join(["skopeo", "copy", *options, f"oci:{sample}:v1", f"docker://{source.login_server}/team/hello:v1"])


def write_sample(endpoints: Endpoints) -> Path:
    sample = endpoints.state / "sample"
    write_layout(sample, make_image("hello"), "v1")
    return sample
