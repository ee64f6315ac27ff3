"""Azure Resource Manager for one registry: the resource itself, starting an import, polling it."""
