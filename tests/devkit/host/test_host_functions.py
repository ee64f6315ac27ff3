"""Which functions the host takes from the worker."""

import pytest

from devkit.host.functions import Function, check, disabled, tell_of_unserved
from devkit.host.problem import Problem


def function(name: str = "a", trigger: str = "activityTrigger", argument: str = "work", *more: dict[str, str]) -> Function:
    return Function(name, "id", [{"type": trigger, "direction": "IN", "name": argument}, *more])


@pytest.mark.parametrize("argument", ["work", "the_work", "_work", "$return", "w" * 128])
def test_a_binding_is_named_as_newer_hosts_allow(argument: str) -> None:
    check([function(argument=argument)])


@pytest.mark.parametrize("argument", ["the__work", "1work", "größe", "w" * 129, "a-b"])
def test_a_binding_name_that_azure_refuses_is_refused(argument: str) -> None:
    with pytest.raises(Problem, match=r"The binding name .* of function a is invalid"):
        check([function(argument=argument)])


@pytest.mark.parametrize("name", ["_private", "<lambda>", "two words", "größe", "host", "a" * 129])
def test_a_function_name_that_azure_refuses_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="is no name that the host takes for a function"):
        check([function(name)])


def test_two_names_that_the_host_does_not_tell_apart_are_refused() -> None:
    with pytest.raises(Problem, match="The functions a and A differ in case only"):
        check([function("a"), function("A")])


@pytest.mark.parametrize("name, value, wanted", [("a", "true", True), ("A", "1", True), ("a", "false", False), ("b", "true", False)])
def test_a_setting_disables_a_function(name: str, value: str, wanted: bool) -> None:
    assert disabled("a", {f"AzureWebJobs.{name}.Disabled": value}) is wanted


def test_what_the_local_host_does_not_serve_is_told(caplog: pytest.LogCaptureFixture) -> None:
    output = {"type": "queue", "direction": "OUT", "name": "out"}
    source = {"type": "blob", "direction": "IN", "name": "source"}
    tell_of_unserved([function("q", "queueTrigger"), function("h", "httpTrigger", "req", output, source), function()])
    assert caplog.messages == [
        "q is bound to queueTrigger, which the local host leaves out: nothing triggers it",
        "h is bound to queue, which the local host leaves out: what it sends there is lost",
        "h is bound to blob, which the local host leaves out: its calls fail",
    ]
