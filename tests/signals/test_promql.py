"""Filling PromQL templates."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.signals.promql import TemplateError, fill

VALUES = {"component": "payment", "version": "1.10.0+b2", "revision": "new", "interval": "1m30s"}


@pytest.mark.parametrize(
    ("template", "query"),
    [
        ('up{job="$component"}', 'up{job="payment"}'),
        ("up{job='$component-$revision'}", "up{job='payment-new'}"),
        ('up{version="$version"}', 'up{version="1.10.0+b2"}'),
        ('up{version=~"$version"}', r'up{version=~"1\\.10\\.0\\+b2"}'),
        ('up{version!~ "v$version|x"}', r'up{version!~ "v1\\.10\\.0\\+b2|x"}'),
        ("up{version=~`$version`}", r"up{version=~`1\.10\.0\+b2`}"),
        ("rate(x[$interval])", "rate(x[1m30s])"),
        ('up{a="$interval"}', 'up{a="1m30s"}'),
        ('up{path=~"/a$"}', 'up{path=~"/a$"}'),
        ('up{path="/$metadata"}', 'up{path="/$metadata"}'),
        ('up{a="\\"$component"}', 'up{a="\\"payment"}'),
        (
            'up # it\'s $interval and $component\n + up{a="$component"}',
            'up # it\'s $interval and $component\n + up{a="payment"}',
        ),
        ("", ""),
    ],
)
def test_the_four_names_are_replaced_and_nothing_else(template: str, query: str) -> None:
    assert fill(template, VALUES) == query


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("$component_requests_total", "followed by a letter"),
        ('up{a="$components"}', "followed by a letter"),
        ("$component", "outside a string literal"),
        ('up{job="$component}', "has no end"),
        ('up{job="$component\\"}', "has no end"),
    ],
)
def test_a_template_that_cannot_be_filled_is_an_error(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        fill(template, VALUES)


@pytest.mark.parametrize("version", ["", "1\n2", "1\x00", "1" * 300])
def test_a_value_that_is_no_plain_text_is_an_error(version: str) -> None:
    with pytest.raises(TemplateError, match=r"\$version"):
        fill('up{v="$version"}', {**VALUES, "version": version})


def test_a_backtick_cannot_leave_a_literal_in_backticks() -> None:
    with pytest.raises(TemplateError, match="backtick"):
        fill("up{v=`$version`}", {**VALUES, "version": "1` or vector(0) #"})


@pytest.mark.parametrize("interval", ["", "5", "5s] or vector(0)#", "-5s"])
def test_an_interval_that_is_no_duration_is_an_error(interval: str) -> None:
    with pytest.raises(TemplateError, match=r"\$interval"):
        fill("rate(x[$interval])", {**VALUES, "interval": interval})


@settings(deadline=None)
@given(st.text(min_size=1, max_size=50).filter(str.isprintable), st.sampled_from("\"'"))
def test_a_value_never_leaves_its_literal_and_means_itself(version: str, quote: str) -> None:
    filled = fill(f"up{{v={quote}$version{quote}}}", {**VALUES, "version": version})
    inside = filled[len(f"up{{v={quote}") : -len(f"{quote}}}")]
    assert re.fullmatch(rf"(?:[^\\{quote}]|\\[\\{quote}])*", inside)
    assert re.sub(r"\\(.)", r"\1", inside) == version


@settings(deadline=None)
@given(st.text(min_size=1, max_size=50).filter(str.isprintable))
def test_a_value_in_a_regular_expression_matches_itself(version: str) -> None:
    filled = fill('up{v=~"$version"}', {**VALUES, "version": version})
    pattern = re.sub(r"\\(.)", r"\1", filled[len('up{v=~"') : -len('"}')])
    assert re.fullmatch(pattern, version)
