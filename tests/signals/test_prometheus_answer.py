"""Answers of the query API: one number, no data, or an error."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.signals.prometheus_answer import Answer, AnswerError, read_answer


def body(result_type: str, result: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": result_type, "result": result}, **more}).encode()


def test_a_vector_of_one_series_is_its_value_at_the_servers_time() -> None:
    answer = read_answer(200, body("vector", [{"metric": {"a": "b"}, "value": [1767225600.5, "0.25"]}]))
    assert answer == Answer(0.25, "2026-01-01T00:00:00.500+00:00")


def test_a_scalar_is_its_value() -> None:
    assert read_answer(200, body("scalar", [1767225600, "2"])).value == 2.0


def test_an_empty_vector_is_no_data() -> None:
    assert read_answer(200, body("vector", [])) == Answer(None, None)


@pytest.mark.parametrize(("text", "value"), [("+Inf", math.inf), ("-Inf", -math.inf)])
def test_infinities_are_kept_for_the_gate_to_judge(text: str, value: float) -> None:
    assert read_answer(200, body("scalar", [1, text])).value == value


def test_nan_is_kept_for_the_gate_to_judge() -> None:
    value = read_answer(200, body("scalar", [1, "NaN"])).value
    assert value is not None
    assert math.isnan(value)


def test_warnings_and_infos_are_kept() -> None:
    answer = read_answer(200, body("scalar", [1, "2"], warnings=["partial response"], infos=["not a counter"]))
    assert answer.warnings == ("partial response", "not a counter")


SERIES = {"metric": {}, "value": [1, "2"]}


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (200, body("vector", [SERIES, SERIES]), "2 series; aggregate"),
        (200, body("matrix", []), "gives a matrix"),
        (200, body("string", [1, "2"]), "gives a string"),
        (200, body("vector", {"a": 1}), "not a list"),
        (200, body("vector", [{"metric": {}, "histogram": [1, {}]}]), "native histogram"),
        (200, body("vector", [7]), "without a plain value"),
        (200, body("scalar", [1, 2]), "wanted"),
        (200, body("scalar", [1, "two"]), "no time and number"),
        (200, body("scalar", ["now", "2"]), "no time and number"),
        (200, body("scalar", [1e300, "2"]), "no time and number"),
        (200, body("scalar", None), "wanted"),
        (200, b'{"status": "success"}', "has no data"),
        (200, b'{"status": "success", "data": []}', "has no data"),
        (200, b"<html>log in</html>", "not an answer of Prometheus"),
        (200, b"", "not an answer of Prometheus"),
        (200, b"\xff", "not an answer of Prometheus"),
        (200, b"[1]", "not an answer of Prometheus"),
        (502, b"bad gateway", "status 502"),
        (500, body("scalar", [1, "2"]), "status 500"),
        (400, b'{"status":"error","errorType":"bad_data","error":"parse error at char 4"}', "bad_data: parse error"),
        (200, b'{"status":"error","errorType":"timeout","error":"query timed out"}', "timeout: query timed out"),
    ],
)
def test_anything_else_is_an_error_that_says_what_came(status: int, answer: bytes, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        read_answer(status, answer)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(["vector", "scalar", "matrix", 3, None]), json_values)
def test_no_answer_breaks_the_reader(result_type: Any, result: Any) -> None:
    try:
        answer = read_answer(200, body(result_type, result))
    except AnswerError:
        return
    assert answer.value is None or isinstance(answer.value, float)
