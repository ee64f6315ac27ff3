"""`make up`: the stack in the foreground, with what a person needs to use it."""

import json
import shlex
import sys
from pathlib import Path

from devkit.local.app_settings import PAUSES_FOR_A_PERSON
from devkit.local.endpoints import Endpoints
from devkit.local.images import make_image, write_layout
from devkit.local.ports import Ports
from devkit.local.stack import Stack


def up(folder: Path) -> None:
    """Runs until it is interrupted. Raises `Problem`, also when one of the processes ends by itself.

    Standard output gets the line of JSON alone, for programs; what is for people goes to standard error."""
    with Stack(folder, ports=Ports.fixed(), pauses=PAUSES_FOR_A_PERSON) as stack:
        sample = stack.endpoints.state / "sample"
        write_layout(sample, make_image("hello"), "v1")
        print(json.dumps(stack.endpoints.to_json()), flush=True)
        print(try_this(stack.endpoints, sample), file=sys.stderr, flush=True)
        raise stack.wait()


def try_this(endpoints: Endpoints, sample: Path) -> str:
    source, app = endpoints.source, endpoints.app
    credentials, registry = f"{source.username}:{source.password}", f"docker://{source.login_server}/team/hello:v1"
    options = ["--insecure-policy", "--dest-creds", credentials, "--dest-cert-dir", str(endpoints.certificates)]
    push = shlex.join(["skopeo", "copy", *options, f"oci:{sample}:v1", registry])
    look = shlex.join(["curl", "-sS", "-H", f"x-functions-key: {app.key}", f"{app.url}/api/status?repository=team/hello&tag=v1"])
    targets = " and ".join(target.name for target in endpoints.targets)
    return (
        f"\nEverything runs. Ctrl-C stops it; the next 'make up' goes on where this one ended.\n\n"
        f"Try this: push an image into the source registry,\n\n  {push}\n\nand ask whether {targets} have it:\n\n  {look}\n"
    )
