"""A registry's login server: what it may be, and one name for each."""

from replication.clouds import CLOUDS, Cloud
from replication.texts import LOGIN_SERVER

MOST_PORT = 65_535


def wrong_login_server(given: object, cloud: Cloud) -> str | None:
    """None where it may be one. One below no known cloud's domain may be a private name or a proxy's; one below another cloud's is
    never meant."""
    if isinstance(given, str) and (port := given.rpartition(":")[2]).isdecimal() and int(port[:9]) > MOST_PORT:
        return f"has a port above {MOST_PORT}"
    if not isinstance(given, str) or not LOGIN_SERVER.fullmatch(given):
        upper = isinstance(given, str) and LOGIN_SERVER.fullmatch(given.lower())
        return f"is not a login server ({'it has upper-case letters' if upper else 'a host name, without https:// or a path'})"
    host, _, port = given.partition(":")
    if "." not in host and not port:
        return "is not a login server (it has no domain)"
    suffixes = {name: one.login_server_suffix for name, one in CLOUDS.items()}
    other = next((name for name, suffix in suffixes.items() if host.endswith(f".{suffix}")), None)
    if other is None or cloud.login_server_suffix not in suffixes.values() or suffixes[other] == cloud.login_server_suffix:
        return None
    return f"is below the domain of another cloud ({other})"


def without_default_port(login_server: str) -> str:
    """So that one registry has one name."""
    return login_server.removesuffix(":443")
