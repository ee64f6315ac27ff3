"""Messages that steer an instance, when it is no longer the one that they were read for."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from devkit.host.durable.ending import control
from devkit.host.durable.instances import begin
from devkit.host.durable.messages import Kind, event
from devkit.host.durable.store import Store
from devkit.host.durable.trace import incoming

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def started(store: Store) -> None:
    assert begin(store, NOW, id="i", name="one", input=None, version=None, above=incoming(None), parent=None, replaces_running=True)


def test_a_terminate_does_not_reach_the_instance_that_has_replaced_the_one_it_was_for(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "host.db")) as store, store.transaction():
        started(store)
        store.send("i", None, event(Kind.EXECUTION_TERMINATED, NOW, Input='"enough"'))
        old = store.instance("i")
        (message,) = store.inbox("i", NOW, 9, controls_only=True)
        assert old is not None
        started(store)
        assert control(store, old, message, NOW, 3) is None
        new = store.instance("i")
        assert new is not None and new.execution != old.execution and new.status == "Pending"
        assert store.history("i") == []
