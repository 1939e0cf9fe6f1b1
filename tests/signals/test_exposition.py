"""Parsing scrapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.signals.exposition import Exposition, ExpositionError, parse

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def test_the_text_format_is_parsed() -> None:
    body = b'# TYPE requests_total counter\nrequests_total{path="/a\\"b",code="200"} 3\ntemperature 20.5\n'
    got = parse(body, TEXT)
    assert got.series["requests_total"] == {(("code", "200"), ("path", '/a"b')): 3.0}
    assert got.series["temperature"] == {(): 20.5}


def test_openmetrics_is_parsed() -> None:
    body = b'# TYPE requests counter\nrequests_total{code="200"} 3.0 # {trace="x"} 1.0\n# EOF\n'
    assert parse(body, OPENMETRICS).series["requests_total"] == {(("code", "200"),): 3.0}


def test_an_empty_body_has_no_series() -> None:
    assert parse(b"", TEXT) == Exposition({}, frozenset())


@pytest.mark.parametrize("name", ["requests", "requests_total"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"# TYPE requests_total counter\nrequests_total 3\n", TEXT),
        (b"# TYPE requests counter\nrequests 3\n", TEXT),
        (b"# TYPE requests counter\nrequests_total 3\n# EOF\n", OPENMETRICS),
    ],
)
def test_a_counter_is_found_with_and_without_total(name: str, body: bytes, content_type: str) -> None:
    got = parse(body, content_type)
    assert got.series[got.counter(name)] == {(): 3.0}


def test_a_counter_that_is_announced_without_a_series_is_known() -> None:
    assert "errors_total" in parse(b"# TYPE errors_total counter\n", TEXT).announced


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"requests_total 3\nrequests_to", TEXT, "break off"),
        (b"requests_total 3\n", OPENMETRICS, "cannot be parsed"),
        (b"<html>\n<body>log in</body>\n", TEXT, "cannot be parsed"),
        (b'{"status": "up"}\n', TEXT, "cannot be parsed"),
        (b"requests_total three\n", TEXT, "cannot be parsed"),
        (b"requests_total\n", TEXT, "cannot be parsed"),
        (b"requests_total 1\nrequests_total 2\n", TEXT, "twice"),
        (b"\xff\xfe\n", TEXT, "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_an_error(body: bytes, content_type: str, message: str) -> None:
    with pytest.raises(ExpositionError, match=message):
        parse(body, content_type)


@settings(deadline=None)
@given(st.text(alphabet='{}"=,# \n\\ab1\t+', max_size=60), st.sampled_from([TEXT, OPENMETRICS]))
def test_no_body_breaks_the_parser(text: str, content_type: str) -> None:
    try:
        assert isinstance(parse(f"{text}\n".encode(), content_type), Exposition)
    except ExpositionError as error:
        assert str(error)
