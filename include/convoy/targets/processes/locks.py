"""Locks and fencing tokens: compare-and-set inside the store's transactions.

A holder is one run. Its lock spans any number of components and has one token and one epoch. Fencing gives it a new
token and the epoch ``rollback``; a holder that was ever fenced never gets a forward lock again, not even after it gave
its locks back: a task that was thought dead may still ask.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone

from convoy.targets.base import Fenced, Lock, LockHeld

FORWARD, ROLLBACK = "forward", "rollback"


def acquire(connection: sqlite3.Connection, components: Sequence[str], holder: str) -> Lock:
    """Lock all of the components, or none. Raises LockHeld, Fenced."""
    if connection.execute("SELECT 1 FROM fenced WHERE holder = ?", (holder,)).fetchone():
        raise Fenced(f"{holder} has begun to roll back, and never goes forward again")
    held = {row["component"]: row for row in connection.execute("SELECT * FROM locks")}
    others = [held[name] for name in sorted(set(components)) if name in held and held[name]["holder"] != holder]
    if others:
        raise LockHeld("; ".join(_describe(row) for row in others))
    mine = lock_of(connection, holder)
    token = mine.token if mine else next_token(connection)
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    connection.executemany(
        "INSERT OR IGNORE INTO locks VALUES (?, ?, ?, ?, ?)",
        [(name, holder, token, FORWARD, since) for name in sorted(set(components))],
    )
    return lock_of(connection, holder) or Lock(holder, token, FORWARD, ())


def fence(connection: sqlite3.Connection, holder: str) -> Lock:
    """Supersede the holder's forward lock, once. Raises Fenced where it holds none."""
    lock = lock_of(connection, holder)
    if lock is None:
        raise Fenced(f"{holder} holds no lock, so there is nothing that it may roll back: was it released by hand?")
    if lock.epoch == ROLLBACK:
        return lock
    token = next_token(connection)
    connection.execute("UPDATE locks SET token = ?, epoch = ? WHERE holder = ?", (token, ROLLBACK, holder))
    connection.execute("INSERT OR IGNORE INTO fenced VALUES (?)", (holder,))
    return Lock(holder, token, ROLLBACK, lock.components)


def release(connection: sqlite3.Connection, holder: str) -> None:
    """Give up all of the holder's locks."""
    connection.execute("DELETE FROM locks WHERE holder = ?", (holder,))


def all_locks(connection: sqlite3.Connection) -> list[Lock]:
    """The locks in force, by holder."""
    holders = [row["holder"] for row in connection.execute("SELECT DISTINCT holder FROM locks ORDER BY holder")]
    return [lock for lock in (lock_of(connection, holder) for holder in holders) if lock]


def check(connection: sqlite3.Connection, component: str, lock: Lock) -> None:
    """Raise Fenced unless this very lock is in force on the component."""
    row = connection.execute("SELECT * FROM locks WHERE component = ?", (component,)).fetchone()
    if row is None:
        raise Fenced(f"{component} is not locked; {lock.holder} came with token {lock.token}, which is not in force")
    if (row["holder"], row["token"], row["epoch"]) != (lock.holder, lock.token, lock.epoch):
        raise Fenced(f"{lock.holder} came with token {lock.token} ({lock.epoch}), but {_describe(row)}")


def lock_of(connection: sqlite3.Connection, holder: str) -> Lock | None:
    """What a holder holds."""
    rows = connection.execute("SELECT * FROM locks WHERE holder = ? ORDER BY component", (holder,)).fetchall()
    if not rows:
        return None
    return Lock(holder, rows[0]["token"], rows[0]["epoch"], tuple(row["component"] for row in rows))


def next_token(connection: sqlite3.Connection) -> int:
    """A token that is greater than every one before."""
    token = connection.execute("INSERT INTO tokens DEFAULT VALUES").lastrowid
    connection.execute("DELETE FROM tokens WHERE token < ?", (token,))
    return int(token or 0)


def _describe(row: sqlite3.Row) -> str:
    state = "is rolling it back" if row["epoch"] == ROLLBACK else "moves it"
    return f"{row['component']} is locked by {row['holder']} since {row['since']} (token {row['token']}, {state})"
