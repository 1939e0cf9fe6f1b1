"""What a workload is told: the addresses in its variables, arguments, commands and ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import Value
from convoy.manifest.importers.kubernetes_addresses import Address, addresses, probed, with_variables
from convoy.manifest.importers.kubernetes_objects import Object, Objects


@dataclass(frozen=True)
class Mention:
    """An address that a workload is told, where, and how. ``startup``: by a container that runs before the others."""

    address: Address
    place: str
    detail: str
    startup: bool


@dataclass(frozen=True)
class _Variable:
    text: str
    place: str
    detail: str


def mentions(workload: Object, objects: Objects, findings: list[Finding]) -> Iterator[Mention]:
    """Every address in the containers of a workload, init containers included, in their order."""
    secrets: dict[str, str] = {}
    for key in ("initContainers", "containers"):
        for container in workload.containers(key):
            # An init container that is restarted always is a sidecar: it runs as long as the others.
            startup = key == "initContainers" and container.text_at("restartPolicy") != "Always"
            yield from _of_container(workload, container, startup, objects, secrets, findings)
    for secret, place in secrets.items():
        message = f"{workload.name} reads the Secret {secret}, which is not looked into"
        hint = "if it holds the address of a service, add that to dependsOn"
        findings.append(Finding("note", place, "secret-not-read", message, hint))


def _of_container(
    workload: Object,
    container: Value,
    startup: bool,
    objects: Objects,
    secrets: dict[str, str],
    findings: list[Finding],
) -> Iterator[Mention]:
    variables = _variables(workload, container, objects, secrets, findings)
    for name, variable in variables.items():
        for address in addresses(variable.text, variable=name):
            yield Mention(address, variable.place, variable.detail, startup)
    for key in ("command", "args"):
        value = container.get(key)
        for item in value.items if value is not None else ():
            text = with_variables(item.text or "", lambda name: variables[name].text if name in variables else None)
            found = dict.fromkeys([*addresses(text), *(probed(text) if startup else ())])
            for address in found:
                yield Mention(address, item.place, key, startup)
    if startup:
        yield from _split_command(container)


def _split_command(container: Value) -> Iterator[Mention]:
    """A probe that is written as a list of words: ``[nc, -z, db, "5432"]``."""
    command, args = container.get("command"), container.get("args")
    items = [*(command.items if command else ()), *(args.items if args else ())]
    words = [item.text or "" for item in items]
    if any(len(word.split()) > 1 for word in words):
        return
    for address in probed(" ".join(words)):
        place = next((item.place for item in items if item.text == address.host), container.place)
        yield Mention(address, place, "command", True)


def _variables(
    workload: Object, container: Value, objects: Objects, secrets: dict[str, str], findings: list[Finding]
) -> dict[str, _Variable]:
    """The variables of a container; those under ``env`` win over those of ``envFrom``, as in Kubernetes."""
    found: dict[str, _Variable] = {}
    env_from = container.get("envFrom")
    for source in env_from.items if env_from is not None else ():
        reference = source.get("configMapRef")
        if reference is not None:
            data = _config_map(workload, reference, objects, findings)
            prefix = source.text_at("prefix") or ""
            for key, value in data.mapping.items() if data is not None else ():
                detail = f"{prefix}{key} from the ConfigMap {reference.text_at('name')}"
                found[prefix + key] = _Variable(value.text or "", value.at, detail)
        secret = source.get("secretRef")
        if secret is not None:
            secrets.setdefault(secret.text_at("name") or "", secret.at)
    env = container.get("env")
    for entry in env.items if env is not None else ():
        name = entry.text_at("name") or ""
        value_of = entry.get("value")
        if value_of is not None and value_of.text is not None:
            text = with_variables(value_of.text, lambda name: found[name].text if name in found else None)
            found[name] = _Variable(text, value_of.at, name)
            continue
        reference = entry.get("valueFrom", "configMapKeyRef")
        secret = entry.get("valueFrom", "secretKeyRef")
        if reference is not None:
            data = _config_map(workload, reference, objects, findings)
            mapped = data.get(reference.text_at("key") or "") if data is not None else None
            if mapped is not None:
                detail = f"{name} from the ConfigMap {reference.text_at('name')}"
                found[name] = _Variable(mapped.text or "", mapped.at, detail)
        elif secret is not None:
            secrets.setdefault(secret.text_at("name") or "", secret.at)
    return found


def _config_map(workload: Object, reference: Value, objects: Objects, findings: list[Finding]) -> Value | None:
    name = reference.text_at("name") or ""
    found = objects.config_maps.get((workload.namespace, name))
    if found is None and reference.text_at("optional") != "true":
        message = f"{workload.name} reads the ConfigMap {name}, which was not read"
        hint = "import its file as well: it may hold addresses of services"
        findings.append(Finding("warning", reference.at, "missing-config-map", message, hint))
    return found.value.get("data") if found is not None else None
