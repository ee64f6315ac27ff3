"""The control API of a local cloud (docs/decisions.md, 1.2): what a test, the demo or a person may turn and look at. Nothing of Azure's."""
