"""The store's database: schema and transactions.

SQLite in WAL mode. Every mutation is one ``BEGIN IMMEDIATE`` transaction, so that comparing a lock and writing what it
permits are one step, whichever process or thread does it. The folder has to be on a local disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from convoy.targets.base import TargetUnreachable

BUSY_SECONDS = 15.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS desired (
    component TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    spec TEXT,                  -- JSON; NULL: the component shall not exist
    stable TEXT,                -- JSON of the last spec that was completely rolled out before this one, if any
    move TEXT NOT NULL,         -- JSON: how to get there
    changed_by TEXT NOT NULL,   -- holder of the last order that changed something
    ordered TEXT NOT NULL       -- JSON [holder, token] of the last order, whether or not it changed anything
);
CREATE TABLE IF NOT EXISTS status (
    component TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    report TEXT NOT NULL        -- JSON
);
CREATE TABLE IF NOT EXISTS replicas (
    program TEXT PRIMARY KEY,
    component TEXT NOT NULL,
    revision TEXT NOT NULL,
    version TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    port INTEGER NOT NULL UNIQUE,
    leaving INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS addresses (component TEXT PRIMARY KEY, port INTEGER NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS locks (
    component TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    since TEXT NOT NULL         -- ISO 8601 in UTC, for reading only
);
CREATE TABLE IF NOT EXISTS fenced (holder TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS tokens (token INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS processes (program TEXT PRIMARY KEY, pid INTEGER NOT NULL, born TEXT NOT NULL);
"""


def create(path: Path) -> None:
    """Make the database, unless it is there. Raises TargetUnreachable."""
    try:
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)
    except (OSError, sqlite3.Error) as error:
        raise TargetUnreachable(f"the store {path} cannot be made: {error}") from error


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction that writes: all of it, or nothing where the block raises. Raises TargetUnreachable."""
    yield from _transaction(path, "BEGIN IMMEDIATE")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One consistent view. Raises TargetUnreachable."""
    yield from _transaction(path, "BEGIN")


def watch(path: Path) -> sqlite3.Connection:
    """A connection that stays open, for ``PRAGMA data_version``; it also keeps the WAL from being folded each time."""
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _transaction(path: Path, begin: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(_connect(path)) as connection:
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise TargetUnreachable(f"the store {path} cannot be used: {error}") from error
