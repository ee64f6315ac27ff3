"""Pages of what a repository holds: by name or by the time of the last change, without what is hidden (`listEnabled`).

A page begins after `last`, wherever that stands: by time, where it stood last if it is gone since. Lists are no snapshots: what changes
meanwhile moves (acr.md 5)."""

import sqlite3
from typing import Literal

from devkit.cloud.content.view import StoredManifest, StoredTag, View
from devkit.cloud.registry.calls import Page

_VISIBLE = """NOT EXISTS (SELECT 1 FROM locks WHERE locks.repository = item.repository AND locks.kind = '{kind}' AND locks.name = {key}
 AND NOT locks.listEnabled)"""


def repositories(view: View, page: Page) -> list[str]:
    """Always by name."""
    visible = _VISIBLE.format(kind="repository", key="''")
    statement = f"SELECT DISTINCT repository FROM manifests AS item WHERE {{true}} AND repository > ? AND {visible} ORDER BY 1 LIMIT ?"  # noqa: S608 - no value
    return [row["repository"] for row in view.rows(statement, page.last, page.count + 1)]


def tags(view: View, repository: str, page: Page, digest: str | None = None) -> list[StoredTag]:
    """Those of one digest, if there is one. One more than the page's count, if there are more."""
    return [StoredTag.of(row) for row in _rows(view, "tag", repository, page, digest)]


def manifests(view: View, repository: str, page: Page) -> list[StoredManifest]:
    return [StoredManifest.of(row) for row in _rows(view, "manifest", repository, page)]


def _rows(view: View, kind: Literal["tag", "manifest"], repository: str, page: Page, digest: str | None = None) -> list[sqlite3.Row]:
    table, key = ("tags", "name") if kind == "tag" else ("manifests", "digest")
    after, order, bound = f"{key} > ?2", key, ""
    if page.order:
        last = f"SELECT updated FROM {table} WHERE repository = ? AND {key} = ? ORDER BY since DESC LIMIT 1"  # noqa: S608 - no value
        found = view.rows(last, repository, page.last)
        bound = found[0]["updated"] if found else ""
        way, sign = ("ASC", ">") if page.order == "timeasc" else ("DESC", "<")
        after, order = f"(?5 = '' OR (updated, {key}) {sign} (?5, ?2))", f"updated {way}, {key} {way}"
    statement = f"""SELECT * FROM {table} AS item WHERE {{true}} AND repository = ?1 AND {after} AND (?3 IS NULL OR digest = ?3)
 AND {_VISIBLE.format(kind=kind, key="item." + key)} AND ?5 = ?5 ORDER BY {order} LIMIT ?4"""  # noqa: S608 - no value
    return view.rows(statement, repository, page.last, digest, page.count + 1, bound)
