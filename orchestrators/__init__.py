"""What happens in which order: pure generators, one file each. No clock but Durable's, no I/O, no settings; every name that is called is
an activity or an orchestration of this app. Importing this package registers them all."""

from orchestrators import (
    converge_repository,
    import_children,
    import_desk,
    prober,
    publish_to_target,
    reconcile,
    reconcile_target,
    record_rejected_event,
    replicate_image_event,
    waiting_room,
)
from orchestrators.blueprint import bp

__all__ = [
    "bp",
    "converge_repository",
    "import_children",
    "import_desk",
    "prober",
    "publish_to_target",
    "reconcile",
    "reconcile_target",
    "record_rejected_event",
    "replicate_image_event",
    "waiting_room",
]
