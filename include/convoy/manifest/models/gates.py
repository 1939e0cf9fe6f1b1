"""Gates: health of the deployed revision, and metric thresholds in Argo's vocabulary."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import Duration, Model, Number


class JsonField(Model):
    """A field of a JSON response."""

    field: str = Field(min_length=1, description="Dotted path, for example status or checks.database.state.")
    equals: str | int | float | bool = Field(description="The value that counts as healthy.")


class HealthGate(Model):
    """HTTP health of every replica of the deployed revision, and of no other."""

    path: str = Field("/healthz", pattern=r"^/", description="Path that is requested from each replica.")
    status: list[int] = Field([200], min_length=1, description="Status codes that count as healthy.")
    json_field: JsonField | None = Field(None, alias="json", description="A field of the JSON body that must match.")
    max_latency: Duration = Field(2.0, description="An answer later than this is unhealthy.")
    interval: Duration = Field(1.0, gt=0, description="Time between two polls.")
    wait_duration: Duration = Field(0.0, description="Idle time before the first poll.")
    max_elastic_duration: Duration = Field(
        120.0, gt=0, description="Time allowed from the first poll until every replica is first healthy."
    )
    healthy_state_duration: Duration = Field(
        3.0, description="How long every replica must then stay healthy without a break."
    )


class CounterQuery(Model):
    """A counter of the replicas, summed, as a rate per second over one interval."""

    counter: str = Field(min_length=1, description="Name of the counter, for example http_requests_total.")
    where: dict[str, str] = Field({}, description="Labels that must match, each by a regular expression.")


class GaugeQuery(Model):
    """A gauge of the replicas, folded into one number."""

    gauge: str = Field(min_length=1, description="Name of the gauge.")
    where: dict[str, str] = Field({}, description="Labels that must match, each by a regular expression.")
    fold: Literal["max", "min", "sum", "avg"] = Field("max", description="How the replicas' values become one.")


class QuantileQuery(Model):
    """A quantile of a histogram of the replicas, over one interval."""

    histogram: str = Field(min_length=1, description="Name of the histogram, without _bucket.")
    q: Number = Field(gt=0, lt=1, description="The quantile, for example 0.95.")
    where: dict[str, str] = Field({}, description="Labels that must match, each by a regular expression.")


class ScrapeQuery(Model):
    """What to compute from the scraped replicas; exactly one key."""

    rate: CounterQuery | None = Field(None, description="Increase per second of a counter.")
    ratio: list[CounterQuery] | None = Field(
        None, min_length=2, max_length=2, description="Increase of the first counter over that of the second."
    )
    gauge: GaugeQuery | None = Field(None, description="Present value of a gauge.")
    quantile: QuantileQuery | None = Field(None, description="Quantile of a histogram, by linear interpolation.")

    @model_validator(mode="after")
    def _exactly_one(self) -> ScrapeQuery:
        if len([key for key in ("rate", "ratio", "gauge", "quantile") if getattr(self, key) is not None]) != 1:
            raise ValueError("a scrape has exactly one of rate, ratio, gauge, quantile")
        return self


class Compare(Model):
    """The value beside the same value of a baseline."""

    max_increase: Number | None = Field(
        None, ge=0, description="Largest relative increase over the baseline: 0.2 allows 20 percent more."
    )
    max_difference: Number | None = Field(None, ge=0, description="Largest absolute increase over the baseline.")
    baseline_query: str | None = Field(
        None, description="Prometheus: the PromQL of the baseline. openmetrics measures the old replicas."
    )

    @model_validator(mode="after")
    def _at_least_one(self) -> Compare:
        if self.max_increase is None and self.max_difference is None:
            raise ValueError("compare needs maxIncrease or maxDifference")
        return self


class SuccessCondition(Model):
    """When a measurement is a success; every condition given must hold. NaN and no data never hold."""

    min: Number | None = Field(None, description="The value is at least this.")
    max: Number | None = Field(None, description="The value is at most this.")
    within: list[Number] | None = Field(None, min_length=2, max_length=2, description="[low, high], both included.")
    compare: Compare | None = Field(None, description="The value compared with a baseline.")

    @model_validator(mode="after")
    def _at_least_one(self) -> SuccessCondition:
        if all(getattr(self, key) is None for key in ("min", "max", "within", "compare")):
            raise ValueError("a successCondition needs min, max, within or compare")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max: no value can be a success")
        if self.within is not None and self.within[0] > self.within[1]:
            raise ValueError("within is [low, high], and low is greater than high")
        return self


class MetricGate(Model):
    """One metric that is measured again and again and judged against a condition."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="Name in logs and records.")
    query: str | None = Field(
        None,
        min_length=1,
        description="provider prometheus: PromQL with one result. "
        "It is sent as it stands, but for $component, $version, $revision and $interval.",
    )
    scrape: ScrapeQuery | None = Field(None, description="provider openmetrics: what to compute from the replicas.")
    interval: Duration = Field(5.0, gt=0, description="Time between two measurements.")
    initial_delay: Duration = Field(0.0, description="Wait before the first measurement.")
    count: int = Field(5, ge=1, le=10000, description="How many measurements are judged.")
    success_condition: SuccessCondition = Field(description="When one measurement is a success.")
    failure_limit: int = Field(0, ge=0, description="How many failed measurements are tolerated.")
    inconclusive_limit: int = Field(0, ge=0, description="How many inconclusive measurements (no data) are tolerated.")
    consecutive_error_limit: int = Field(
        4,
        ge=0,
        description="How many errors in a row (provider down, bad answer) are tolerated before a person decides.",
    )

    @model_validator(mode="after")
    def _one_provider(self) -> MetricGate:
        if (self.query is None) == (self.scrape is None):
            raise ValueError("a metric has either query (Prometheus) or scrape (openmetrics)")
        if self.failure_limit >= self.count:
            raise ValueError("failureLimit must be below count: otherwise the metric cannot fail")
        compare = self.success_condition.compare
        if self.query is not None and compare is not None and compare.baseline_query is None:
            raise ValueError("compare on a Prometheus metric needs baselineQuery")
        return self

    @property
    def provider(self) -> str:
        """The signal provider that answers this metric."""
        return "prometheus" if self.query is not None else "openmetrics"

    def duration(self) -> float:
        """Seconds that the gate takes when every measurement succeeds."""
        return self.initial_delay + self.interval * (self.count if self.scrape is not None else self.count - 1)


class Gates(Model):
    """What must hold after a component was deployed, before anything that depends on it moves."""

    health: HealthGate | None = Field(None, description="HTTP health; without it the target's own readiness decides.")
    metrics: list[MetricGate] = Field([], description="Metric thresholds, judged side by side.")

    @model_validator(mode="before")
    @classmethod
    def _names_differ(cls, value: Any) -> Any:
        metrics = value.get("metrics") if isinstance(value, dict) else None
        if isinstance(metrics, list):
            names = [m.get("name") for m in metrics if isinstance(m, dict)]
            twice = sorted({n for n in names if isinstance(n, str) and names.count(n) > 1})
            if twice:
                raise ValueError(f"two metrics have the same name: {', '.join(twice)}")
        return value
