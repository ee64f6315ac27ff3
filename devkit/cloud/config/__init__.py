"""The settings file of a cloud (docs/decisions.md, 1.1): read once, checked whole, then only values."""

from devkit.cloud.config.cloud import CloudConfig
from devkit.cloud.config.identities import RepositoryToken
from devkit.cloud.config.imports import ImportPace
from devkit.cloud.config.managedidentity import ManagedIdentity
from devkit.cloud.config.principals import Principal
from devkit.cloud.config.reading import Problem
from devkit.cloud.config.vault import VaultConfig

__all__ = ["CloudConfig", "ImportPace", "ManagedIdentity", "Principal", "Problem", "RepositoryToken", "VaultConfig"]
