"""The Applications of Argo CD in a folder tree, those of ApplicationSets included as far as they can be read off.

An ApplicationSet whose generator is a list of elements says itself what it makes; every other generator asks something
that only a cluster or a server knows. Its Applications are made by a controller and not by a sync, so the wave of such
an Application is that of the ApplicationSet; one in the template has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.flux_kustomize import is_kustomize
from convoy.manifest.importers.foreign import ForeignDocument, Value

GROUP = "argoproj.io/"
WAVE = "argocd.argoproj.io/sync-wave"

_WAVE = re.compile(r"[+-]?[0-9]{1,9}")
_PLACEHOLDER = re.compile(r"\{\{-?\s*\.?([A-Za-z0-9_.-]+?)\s*-?\}\}")
_BY_HAND = "write the components by hand, or import what `kubectl get applications -A -o yaml` prints"


@dataclass(frozen=True)
class Application:
    """An Application. ``wave`` is None where it cannot be read; ``wave_place`` is where it stands."""

    name: str
    namespace: str | None
    wave: int | None
    file: Path
    location: str
    wave_place: str
    labels: Mapping[str, str]
    sources: tuple[tuple[str, bool], ...] = ()
    """The folders that it deploys, each with whether those below count too."""


@dataclass
class Applications:
    """What a folder tree has. ``waves_inside`` are the places of waves on what is no Application."""

    applications: list[Application] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    waves_inside: list[str] = field(default_factory=list)
    others: int = 0


def read_applications(documents: Iterable[ForeignDocument]) -> Applications:
    """The Applications among documents, in their order."""
    documents = list(documents)
    found = Applications()
    patches = {path for document in documents if is_kustomize(document) for path in _kustomize(found, document)}
    for document in documents:
        root = document.root
        if is_kustomize(document):
            continue
        if Path(document.file).resolve() in patches:
            if _has_wave(root):
                found.findings.append(_patched(root.at, "a patch"))
            continue
        kind = root.text_at("kind") if (root.text_at("apiVersion") or "").startswith(GROUP) else None
        if kind == "Application":
            _application(found, document)
        elif kind == "ApplicationSet":
            _application_set(found, document)
        else:
            found.others += 1
            inside = root.get("metadata", "annotations", WAVE)
            if inside is not None:
                found.waves_inside.append(inside.at)
    return found


def _application(found: Applications, document: ForeignDocument) -> None:
    root = document.root
    name = root.text_at("metadata", "name")
    place = document.locate(("metadata", "name"))
    if not name or "{{" in name or "${" in name:
        what = f"has the name {name}, which is filled in later" if name else "has no metadata.name"
        message = f"an Application that {what}; it was left out"
        found.findings.append(Finding("warning" if name else "error", place, "no-name", message, _BY_HAND))
        return
    wave, wave_place = _wave(found, root, name, place)
    found.applications.append(
        Application(
            name=name,
            namespace=root.text_at("metadata", "namespace"),
            wave=wave,
            file=Path(document.file).resolve(),
            location=place,
            wave_place=wave_place,
            labels=_labels(root.get("spec")),
            sources=tuple(_folders(root.get("spec"))),
        )
    )


def _wave(found: Applications, root: Value, name: str, place: str) -> tuple[int | None, str]:
    """The wave, which is 0 where none is written, and where it stands."""
    written = root.get("metadata", "annotations", WAVE)
    if written is None:
        return 0, place
    text = written.text or ""
    if _WAVE.fullmatch(text):
        return int(text), written.at
    message = f"the sync wave of {name} is {text!r}, which is no whole number: Argo CD takes it as 0 without a word"
    found.findings.append(Finding("error", written.at, "bad-wave", message, 'write a number in quotes, such as "3"'))
    return None, written.at


def _application_set(found: Applications, document: ForeignDocument) -> None:
    root = document.root
    name = root.text_at("metadata", "name") or "an ApplicationSet without a name"
    wave, wave_place = _wave(found, root, name, document.locate(("metadata", "name")))
    template = root.get("spec", "template")
    pattern = template.text_at("metadata", "name") if template is not None else None
    if template is None or not pattern:
        place = document.locate(("spec",))
        found.findings.append(Finding("error", place, "no-name", f"{name} has no name in its template", _BY_HAND))
        return
    useless = template.get("metadata", "annotations", WAVE)
    if useless is not None:
        message = f"a sync wave in the template of {name} has no effect: no sync makes these Applications"
        found.findings.append(Finding("warning", useless.at, "wave-without-effect", message, "give it to the set"))
    rolling = root.get("spec", "strategy")
    if rolling is not None and rolling.text_at("type") == "RollingSync":
        message = f"the steps of RollingSync of {name} are lost: they order Applications by their labels"
        found.findings.append(Finding("warning", rolling.at, "rolling-sync", message, "write after: in a rollout"))
    for element in _elements(found, root.get("spec", "generators"), name):
        filled = _fill(pattern, element)
        if "{{" in filled:
            message = f"{name}: {pattern} cannot be filled in from the element, so its Application was left out"
            found.findings.append(Finding("warning", element.at, "templated", message, _BY_HAND))
            continue
        found.applications.append(
            Application(
                name=filled,
                namespace=template.text_at("metadata", "namespace") or root.text_at("metadata", "namespace"),
                wave=wave,
                file=Path(document.file).resolve(),
                location=element.at,
                wave_place=wave_place,
                labels={"argocd.applicationset": name},
            )
        )


def _elements(found: Applications, generators: Value | None, name: str) -> Iterator[Value]:
    for generator in generators.items if generators is not None else ():
        elements = generator.get("list", "elements")
        if elements is not None and elements.is_list:
            yield from elements.items
        overridden = generator.get("list", "template")
        if elements is None or not elements.is_list or overridden is not None:
            kinds = ", ".join(key for key in generator.mapping if key != "selector") or "an empty"
            what = "a list generator with a template of its own" if overridden is not None else f"{kinds} generator"
            message = f"{name} makes Applications by a {what}, which was not followed"
            found.findings.append(Finding("warning", generator.at, "generator", message, _BY_HAND))


def _fill(pattern: str, element: Value) -> str:
    """A template of a name with what an element gives; what it does not give stays."""

    def value(match: re.Match[str]) -> str:
        text = element.text_at(match[1])
        return text if text is not None else element.text_at(*match[1].split(".")) or match[0]

    return _PLACEHOLDER.sub(value, pattern)


def _kustomize(found: Applications, document: ForeignDocument) -> Iterator[Path]:
    """The files of patches. A patch of a wave is not applied, and that is said."""
    folder = Path(document.file).resolve().parent
    for key in ("patches", "patchesStrategicMerge", "commonAnnotations"):
        holder = document.root.get(key)
        if holder is None:
            continue
        for patch in holder.items:
            path = patch.text_at("path") or patch.text
            if path and "\n" not in path:
                yield folder / path
        if _has_wave(holder):
            found.findings.append(_patched(holder.at, key))


def _has_wave(value: Value) -> bool:
    return any(WAVE in (part.text or "") or WAVE in part.mapping for part in value.walk())


def _patched(place: str, what: str) -> Finding:
    message = f"{what} changes sync waves, which was not applied: the waves of the files themselves are imported"
    return Finding("warning", place, "patch", message, "import what `kustomize build` prints")


def _labels(spec: Value | None) -> dict[str, str]:
    if spec is None:
        return {}
    source = spec.get("source") or spec.get("sources", 0)
    found = {
        "argocd.project": spec.text_at("project"),
        "argocd.path": source.text_at("path") if source is not None else None,
        "argocd.chart": source.text_at("chart") if source is not None else None,
        "argocd.revision": source.text_at("targetRevision") if source is not None else None,
    }
    return {key: text for key, text in found.items() if text}


def _folders(spec: Value | None) -> Iterator[tuple[str, bool]]:
    if spec is None:
        return
    single, several = spec.get("source"), spec.get("sources")
    for source in [*([single] if single is not None else []), *(several.items if several is not None else ())]:
        path = source.text_at("path")
        recurse = source.get("directory", "recurse")
        if path and path.strip("./"):
            yield path, recurse is not None and recurse.content is True
