"""One measurement against one success condition.

The rule that all others follow from: Successful needs a finite number that holds every bound. Anything less has another
verdict. A bound that is certainly broken is Failed, even where another bound could not be judged; what cannot be judged
(no data, NaN, no baseline, an infinity that breaks no bound) is Inconclusive; what makes no sense is Error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from convoy.gates.measurement import Measurement
from convoy.gates.verdict import Verdict

Judgement = tuple[Verdict, str]
_PRECEDENCE = (Verdict.ERROR, Verdict.FAILED, Verdict.INCONCLUSIVE)


def evaluate(condition: Mapping[str, Any], measurement: Measurement) -> Judgement:
    """The verdict on a measurement, with a sentence that says why.

    ``condition`` is a SuccessCondition as JSON. ``maxIncrease`` is relative to the size of the baseline, so any
    increase over a baseline of zero breaks it. Never raises: a condition that cannot be read is Error.
    """
    if measurement.error is not None:
        return Verdict.ERROR, measurement.error or "the provider reported an error without a text"
    if measurement.value is None:
        return Verdict.INCONCLUSIVE, "no data"
    value = _number(measurement.value)
    if value is None:
        return Verdict.ERROR, f"the provider answered {_short(measurement.value)}, which is not a number"
    try:
        checks = _checks(condition)
    except ValueError as error:
        return Verdict.ERROR, f"the success condition cannot be read: {error}"
    if math.isnan(value):
        return Verdict.INCONCLUSIVE, "the value is NaN"
    found = [check(value, measurement.baseline) for check in checks]
    for verdict in _PRECEDENCE:
        reasons = [reason for got, reason in found if got is verdict]
        if reasons:
            return verdict, "; ".join(reasons)
    if math.isinf(value):
        return Verdict.INCONCLUSIVE, f"the value is {_say(value)}, which is no evidence of success"
    return Verdict.SUCCESSFUL, "; ".join(reason for _, reason in found)


Check = Callable[[float, Any], Judgement]


def _checks(condition: Mapping[str, Any]) -> list[Check]:
    """One check per bound. Raises ValueError for a condition that has none, or one that is no finite number."""
    given = {key: wanted for key, wanted in condition.items() if wanted is not None}
    unknown = sorted(set(given) - {"min", "max", "within", "compare"})
    if unknown or not given:
        raise ValueError(f"unknown key {unknown[0]!r}" if unknown else "it has no bound")
    checks: list[Check] = []
    if "min" in given:
        checks.append(_at_least(_bound(given["min"], "min")))
    if "max" in given:
        checks.append(_at_most(_bound(given["max"], "max")))
    if "within" in given:
        low_high = given["within"]
        if not isinstance(low_high, (list, tuple)) or len(low_high) != 2:
            raise ValueError(f"within is {_short(low_high)}, not [low, high]")
        checks += [_at_least(_bound(low_high[0], "within")), _at_most(_bound(low_high[1], "within"))]
    if "compare" in given:
        checks.append(_compared(given["compare"]))
    return checks


def _at_least(bound: float) -> Check:
    def check(value: float, _: Any) -> Judgement:
        if value >= bound:
            return Verdict.SUCCESSFUL, f"{_say(value)} is at least {_say(bound)}"
        return Verdict.FAILED, f"{_say(value, bound)} is below the minimum {_say(bound)}"

    return check


def _at_most(bound: float) -> Check:
    def check(value: float, _: Any) -> Judgement:
        if value <= bound:
            return Verdict.SUCCESSFUL, f"{_say(value)} is at most {_say(bound)}"
        return Verdict.FAILED, f"{_say(value, bound)} is above the maximum {_say(bound)}"

    return check


def _compared(compare: Any) -> Check:
    if not isinstance(compare, Mapping):
        raise ValueError(f"compare is {_short(compare)}, not a mapping")
    relative, absolute = (
        None if compare.get(key) is None else _bound(compare[key], key) for key in ("max_increase", "max_difference")
    )
    if relative is None and absolute is None:
        raise ValueError("compare has neither max_increase nor max_difference")

    def check(value: float, given: Any) -> Judgement:
        if given is None:
            return Verdict.INCONCLUSIVE, "there is no baseline to compare with"
        baseline = _number(given)
        if baseline is None:
            return Verdict.ERROR, f"the baseline is {_short(given)}, which is not a number"
        if not math.isfinite(baseline):
            return Verdict.INCONCLUSIVE, f"the baseline is {_say(baseline)}"
        reasons = []
        if relative is not None and _exceeds(value, baseline + relative * abs(baseline)):
            reasons.append(f"{_say(value)} is more than {relative:.6g} times the baseline {_say(baseline)} above it")
        if absolute is not None and _exceeds(value, baseline + absolute):
            reasons.append(f"{_say(value)} is more than {_say(absolute)} above the baseline {_say(baseline)}")
        if reasons:
            return Verdict.FAILED, "; ".join(reasons)
        return Verdict.SUCCESSFUL, f"{_say(value)} is close enough to the baseline {_say(baseline)}"

    return check


def _exceeds(value: float, limit: float) -> bool:
    # The limit is computed, so it carries a rounding error that a bound written in a manifest does not have.
    return value > limit and not math.isclose(value, limit, rel_tol=1e-9)


def _bound(value: Any, name: str) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{name} is {_short(value)}, not a finite number")
    return number


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _say(value: float, beside: float | None = None) -> str:
    """Six digits; all of them where six would look like the bound that was missed."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = f"{value:.6g}"
    return repr(value) if beside is not None and text == f"{beside:.6g}" else text


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out a whole number of more than 4300 digits
        text = "a whole number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:77]}..."
