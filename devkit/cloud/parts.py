"""The parts of one cloud that its services share."""

from dataclasses import dataclass

from devkit.cloud.arm.writes import WriteBucket
from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig
from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.content.store import Store
from devkit.cloud.database import Database
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.eventgrid.grid import EventGrid
from devkit.cloud.faults.parts import Faults
from devkit.cloud.identities.directory import Directory
from devkit.cloud.identities.roles import Asked
from devkit.cloud.imports.importer import Importer
from devkit.cloud.registrysettings import RegistrySettings
from devkit.cloud.tokens import Signer
from devkit.cloud.unknowns import Switches
from devkit.cloud.vault.secrets import Secrets
from devkit.cloud.web import Recorder


@dataclass(frozen=True, slots=True)
class Parts:
    config: CloudConfig
    clock: Clock
    unknowns: Switches
    database: Database
    store: Store
    files: BlobFiles
    signer: Signer
    directory: Directory
    entra: EntraTokens
    events: RegistryEvents
    eventgrid: EventGrid
    importer: Importer
    recorder: Recorder
    vault_secrets: Secrets
    faults: Faults
    asked: Asked
    registry: RegistrySettings
    arm_writes: WriteBucket
