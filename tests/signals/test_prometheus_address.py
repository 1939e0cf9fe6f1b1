"""Addresses and logins for Prometheus."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from convoy.signals.prometheus_address import AddressError, from_connection, from_url


def connection(**fields: Any) -> Any:
    blank: dict[str, Any] = {
        "host": None,
        "schema": None,
        "port": None,
        "login": None,
        "password": None,
        "extra_dejson": {},
    }
    return SimpleNamespace(**{**blank, **fields})


@pytest.mark.parametrize(
    ("fields", "base"),
    [
        ({"host": "prom.example", "port": 9090}, "http://prom.example:9090"),
        ({"host": "prom.example", "schema": "https"}, "https://prom.example"),
        ({"host": "https://prom.example/prometheus", "port": 8443}, "https://prom.example:8443/prometheus"),
        ({"host": "https://prom.example/?x=1#y"}, "https://prom.example/"),
    ],
)
def test_the_address_comes_from_the_connection(fields: dict[str, Any], base: str) -> None:
    assert str(from_connection(connection(**fields), "prom", None).base) == base


def test_a_url_takes_the_place_of_the_connections_address_and_keeps_its_login() -> None:
    address = from_connection(connection(host="other", password="s3cret"), "prom", "https://prom.example")
    assert str(address.base) == "https://prom.example"
    assert address.headers == {"Authorization": "Bearer s3cret"}


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {}),
        ({"password": "t"}, {"Authorization": "Bearer t"}),
        ({"login": "ada", "password": "pw"}, {"Authorization": "Basic YWRhOnB3"}),
        ({"extra_dejson": {"headers": {"X-Scope-OrgID": "shop"}}}, {"X-Scope-OrgID": "shop"}),
    ],
)
def test_the_login_becomes_headers(fields: dict[str, Any], headers: dict[str, str]) -> None:
    assert from_connection(connection(host="h", **fields), "prom", None).headers == headers


@pytest.mark.parametrize("extra", [{"headers": "X: y"}, {"headers": {"X": 1}}])
def test_headers_that_are_no_texts_are_an_error(extra: Any) -> None:
    with pytest.raises(AddressError, match="headers"):
        from_connection(connection(host="h", extra_dejson=extra), "prom", None)


@pytest.mark.parametrize("host", ["https://ada:s3cret@prom.example", "ftp://prom.example", "http://", "", "http://h:x"])
def test_an_address_that_cannot_be_used_is_an_error_without_secrets(host: str) -> None:
    with pytest.raises(AddressError) as caught:
        from_connection(connection(host=host), "prom", None)
    assert "s3cret" not in str(caught.value)
    assert "'prom'" in str(caught.value)


@pytest.mark.parametrize("url", ["prom.example", "https://ada:s3cret@prom.example"])
def test_a_url_that_cannot_be_used_is_an_error_without_secrets(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        from_url(url)
    assert "s3cret" not in str(caught.value)


def test_headers_never_show_in_a_repr() -> None:
    assert "s3cret" not in repr(from_connection(connection(host="h", password="s3cret"), "prom", None))


def test_a_short_header_is_no_secret_and_does_not_garble_the_text() -> None:
    address = from_connection(connection(host="h", extra_dejson={"headers": {"X-Scope-OrgID": "4"}}), "prom", None)
    assert address.without_secrets("status 400") == "status 400"
