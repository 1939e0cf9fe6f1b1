"""The checker on what a plan says beside its order: for whom it is, what a failure leads to, and its evidence."""

from __future__ import annotations

from convoy.planning.contracts import Contracts
from convoy.planning.plan import Plan

KINDS = ("contract", "start-order", "wish")


def promise_problems(plan: Plan, contracts: Contracts) -> list[str]:
    """Everything that the plan says otherwise than the contracts, as sentences."""
    found = []
    if (plan.rollout, plan.environment) != (contracts.rollout, contracts.environment):
        found.append(
            f"the plan is for {plan.rollout} in {plan.environment}, "
            f"and the contracts are for {contracts.rollout} in {contracts.environment}"
        )
    declared = {batch.name: batch for batch in contracts.batches}
    for batch in plan.batches:
        own = declared.get(batch.name)
        wanted = (own.on_failure if own else None) or contracts.on_failure
        if batch.on_failure != wanted:
            found.append(f"batch {batch.name} says {batch.on_failure} on failure, and {wanted} is wanted")
        if len(set(batch.requires)) != len(batch.requires):
            found.append(f"batch {batch.name} requires a batch twice")
    found += [
        f"arc {arc.dependent} => {arc.requirement} is of the unknown kind {arc.kind!r}"
        for arc in plan.arcs
        if arc.kind not in KINDS
    ]
    found += [f"arc {arc.dependent} => {arc.requirement} gives no reason" for arc in plan.arcs if not arc.reason]
    return found + _evidence(plan, contracts)


def _evidence(plan: Plan, contracts: Contracts) -> list[str]:
    """Evidence that names a record has one behind it, and what only a record can decide names it."""
    records = {(r.consumer, r.consumer_version, r.provider, r.provider_version) for r in contracts.verifications}
    asked = {
        (name, release.version, interface)
        for name, component in contracts.components.items()
        for release in component.releases
        for interface, requirement in release.consumes.items()
        if requirement.range == "verified"
    }
    found = []
    for cell in plan.certificate:
        pair = (cell.consumer, cell.consumer_version, cell.provider, cell.provider_version)
        line = (
            f"{cell.consumer} {cell.consumer_version} with {cell.provider} {cell.provider_version} on {cell.interface}"
        )
        if not cell.evidence:
            found.append(f"the certificate gives no evidence for {line}")
        elif cell.evidence.startswith("record:") and pair not in records:
            found.append(f"the certificate names a record for {line}, and there is none")
        elif (
            (cell.consumer, cell.consumer_version, cell.interface) in asked
            and pair in records
            and not cell.evidence.startswith("record:")
        ):
            found.append(f"the certificate does not name the record that decides {line}")
    return found
