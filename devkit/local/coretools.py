"""The app's settings for Azure Functions Core Tools and Azurite, and the advice to go with them."""

import shlex
from pathlib import Path

import certifi

from devkit.local.child import ROOT
from devkit.local.cloudstack import CloudStack
from devkit.local.files import write_private_text

ELSEWHERE = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",  # Azurite, at its own ports
    "no_proxy": "localhost,127.0.0.1",  # a shell's proxy is for other hosts; Python prefers this name to NO_PROXY
}


def settings_for(stack: CloudStack) -> dict[str, str]:
    """What the app needs beside its own settings. With the clouds' authority alone in SSL_CERT_FILE, whatever else the Core Tools fetch by
    TLS would be refused, so the file holds the public ones too."""
    write_private_text(_trusted(stack), f"{stack.endpoints.ca.read_text()}\n{Path(certifi.where()).read_text()}")
    return {**ELSEWHERE, "SSL_CERT_FILE": str(_trusted(stack))}


def advice(stack: CloudStack) -> str:
    """How to run the app against clouds that run alone."""
    state, port = stack.endpoints.state, str(stack.ports.app)
    func = ["func", "start", *([] if port == "7071" else ["--port", port])]
    places = ["--app", ".", "--settings", str(stack.settings_file), "--state", str(state / "host"), "--port", port]
    host = [".venv/bin/python", "-m", "devkit.host", *places]
    trusting = f"SSL_CERT_FILE={shlex.quote(str(_trusted(stack)))}"
    return f"""
The app's settings for the Core Tools are in {stack.settings_file} (with secrets: only you can read it).
In {ROOT}, with Azurite in another terminal:

  npx azurite --location {shlex.quote(str(state / "azurite"))}
  cp -ip {shlex.quote(str(stack.settings_file))} local.settings.json
  {trusting} {shlex.join(func)}

SSL_CERT_FILE is how the app trusts the clouds; it is among the settings too, and the file holds the public authorities as well.
Events go to http://127.0.0.1:{port}/runtime/webhooks/EventGrid?functionName=on_image_event, which needs no key under the Core Tools. Until
the app answers there, each is tried again after 10 s, 30 s, 1 min, 5 min and so on, for a day.
Nobody has run this app under the Core Tools yet: the lines above are from their documentation. What the devkit's tests run is its own host:

  {trusting} {shlex.join(host)}
"""


def _trusted(stack: CloudStack) -> Path:
    return stack.endpoints.state / "tls" / "trust.pem"
