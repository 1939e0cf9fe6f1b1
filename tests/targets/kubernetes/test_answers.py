"""What the answers of an API server stand for: what may pass by itself is tried again, what may not is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convoy.targets.base import Refused, TargetUnreachable
from convoy.targets.kubernetes.client import OwnedByOthers, Stale, translate

CONFLICT = {
    "reason": "FieldManagerConflict",
    "message": 'conflict with "helm" using apps/v1',
    "field": '.spec.template.spec.containers[name="main"].image',
}


def error(status: int | None, body: Any = "") -> Exception:
    return translate("PATCH", "/apis/apps/v1/x", status, body if isinstance(body, str) else json.dumps(body), "reason")


@pytest.mark.parametrize("status", [None, 0, 408, 410, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_unreachable(status: int | None) -> None:
    found = error(status)
    assert isinstance(found, TargetUnreachable)
    assert not found.terminal


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422])
def test_what_does_not_pass_is_refused(status: int) -> None:
    found = error(status)
    assert isinstance(found, Refused)
    assert found.terminal


def test_a_conflict_of_owners_names_them() -> None:
    found = error(409, {"message": "Apply failed", "details": {"causes": [CONFLICT]}})
    assert isinstance(found, OwnedByOthers)
    assert found.owners == {CONFLICT["field"]: "helm"}


@pytest.mark.parametrize("body", ["", "<html>", "[1]", {"message": "the object has been modified"}, {"details": None}])
def test_any_other_conflict_is_a_stale_read(body: Any) -> None:
    assert isinstance(error(409, body), Stale)


def test_the_servers_own_words_are_passed_on() -> None:
    assert "exceeded quota" in str(error(403, {"message": "exceeded quota: pods=10"}))
