"""Reading helmfiles: releases, and the helmfiles that are included below ``helmfiles``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import Value
from convoy.manifest.importers.yaml_reader import read_yaml

MAX_FILES = 500
"""How many helmfiles are read in all."""
_TEMPLATE = "{{"
_NAMES = ("helmfile.yaml", "helmfile.yaml.gotmpl")
RENDER = "render it with `helmfile build`, and import what that prints"


@dataclass(frozen=True)
class Release:
    """One release. ``context`` and ``namespace`` are empty where the file does not say."""

    context: str
    namespace: str
    name: str
    value: Value
    needs: tuple[tuple[str, str], ...]
    """What is needed, as written, and where."""
    is_templated: bool = False
    """Whether a template makes its context or namespace, so that the value here is not the one that counts."""

    @property
    def id(self) -> tuple[str, str, str]:
        """Context, namespace and name."""
        return self.context, self.namespace, self.name

    @property
    def place(self) -> str:
        """``file:line:col`` of the name."""
        name = self.value.get("name")
        return name.at if name is not None else self.value.at

    @property
    def is_uninstalled(self) -> bool:
        """Whether the file says ``installed: false``."""
        return self.value.text_at("installed") == "false"

    @property
    def chart(self) -> str | None:
        """The chart."""
        return self.value.text_at("chart")

    @property
    def version(self) -> str | None:
        """The version of the chart, unless a template makes it."""
        text = self.value.text_at("version")
        return None if text is None or _TEMPLATE in text else text

    @property
    def version_place(self) -> str:
        """``file:line:col`` of the version, or of the release."""
        version = self.value.get("version")
        return version.at if version is not None else self.place

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, except for those that a template makes."""
        labels = self.value.get("labels")
        found = {key: value.text or "" for key, value in labels.mapping.items()} if labels is not None else {}
        return {key: text for key, text in found.items() if _TEMPLATE not in text}


def read_releases(paths: Sequence[Path], findings: list[Finding]) -> list[Release]:
    """The releases of files, in the order in which Helmfile handles them. A folder stands for its helmfile.yaml,
    or for the files in its helmfile.d."""
    reader = _Reader(findings)
    return [release for path in paths for file in reader.files(path) for release in reader.read(file, ())]


class _Reader:
    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._count = 0

    def files(self, path: Path) -> list[Path]:
        if not path.is_dir():
            return [path]
        found = [path / name for name in _NAMES if (path / name).is_file()]
        folder = path / "helmfile.d" if (path / "helmfile.d").is_dir() else path
        if not found:
            found = sorted(f for f in folder.iterdir() if f.name.endswith((".yaml", ".yml", ".yaml.gotmpl")))
        if not found:
            self._error(str(path), "no-files", "the folder has no helmfile.yaml", "name the file")
        return found

    def read(self, path: Path, chain: tuple[str, ...]) -> Iterator[Release]:
        self._count += 1
        if self._count > MAX_FILES:
            self._error(str(path), "too-much", f"more than {MAX_FILES} helmfiles", "include each file once")
            return
        chain = (*chain, os.path.realpath(path))
        for root in self._documents(path):
            environments = root.get("environments")
            if environments is not None and not environments.is_null:
                names = ", ".join(environments.mapping) or "none named"
                message = f"the environments ({names}) are not read; their values choose nothing here"
                self._findings.append(Finding("note", environments.at, "environments", message, RENDER))
            for key in ("bases", "templates"):
                part = root.get(key)
                if part is not None and not part.is_null:
                    message = f"{key} are not read; releases may take settings, and needs, from them"
                    self._findings.append(Finding("warning", part.at, "not-carried", message, RENDER))
            # As Helmfile does: the included files come before the releases of this one.
            yield from self._included(root, path, chain)
            yield from self._releases(root)

    def _documents(self, path: Path) -> Iterator[Value]:
        found: list[Finding] = []
        documents = read_yaml(path, found)
        lines = _template_lines(path)
        for finding in found:
            if finding.code == "syntax" and lines:
                message = f"not YAML before it is rendered: there are templates, the first in line {lines[0]}"
                finding = Finding("error", finding.location, "templated", message, RENDER)
            self._findings.append(finding)
        for document in documents:
            if document.root.is_mapping:
                yield document.root
            else:
                message = "a helmfile is a mapping with the key releases"
                self._error(document.root.place, "not-helmfile", message, "name another file")

    def _releases(self, root: Value) -> Iterator[Release]:
        releases = root.get("releases")
        if releases is None or releases.is_null:
            return
        if not releases.is_list:
            self._error(releases.at, "not-helmfile", "releases is a list", "write - name: ...")
        for value in releases.items:
            name = self._text(value, "name")
            if not name:
                self._error(value.at, "no-name", "a release without a name that can be read; it is left out", RENDER)
                continue
            inherit = value.get("inherit")
            if inherit is not None:
                message = f"what {name} inherits is not read; it may have needs"
                self._findings.append(Finding("warning", inherit.at, "not-carried", message, RENDER))
            installed = value.text_at("installed") or ""
            if _TEMPLATE in installed:
                at = value.mapping["installed"].at
                message = f"whether {name} is installed is a template ({installed}); it is taken as installed"
                self._findings.append(Finding("warning", at, "templated", message, RENDER))
            self._text(value, "version")
            # The file's own context and namespace win over those of its releases; the default context does not.
            context = [root.get("kubeContext"), value.get("kubeContext"), root.get("helmDefaults", "kubeContext")]
            namespace = [root.get("namespace"), value.get("namespace")]
            yield Release(
                self._first(context, "kubeContext"),
                self._first(namespace, "namespace"),
                name,
                value,
                tuple(self._needs(name, value)),
                any(_is_template(next((v for v in values if v), None)) for values in (context, namespace)),
            )

    def _needs(self, name: str, value: Value) -> Iterator[tuple[str, str]]:
        needs = value.get("needs")
        if needs is None or needs.is_null:
            return
        if not needs.is_list:
            self._error(needs.at, "bad-reference", f"needs of {name} is a list", "write - namespace/name")
        for item in needs.items:
            text = item.text
            if text is None or _TEMPLATE in text:
                shown = text or "no text"
                message = f"{name} needs something that a template makes ({shown}); it is left out"
                self._error(item.at, "templated", message, RENDER)
            else:
                yield text, item.at

    def _included(self, root: Value, path: Path, chain: tuple[str, ...]) -> Iterator[Release]:
        helmfiles = root.get("helmfiles")
        if helmfiles is not None and root.get("filepath") is not None:
            message = "what `helmfile build` printed has the included helmfiles in it already; they are not read again"
            self._findings.append(Finding("note", helmfiles.at, "include", message))
            return
        for entry in helmfiles.items if helmfiles is not None else ():
            text = entry.text_at("path") if entry.is_mapping else entry.text
            if text is None or _TEMPLATE in text or "::" in text or "://" in text:
                what = "is made by a template" if text and _TEMPLATE in text else "is not a file here"
                self._error(
                    entry.at, "include", f"the helmfile {text or 'without a path'} {what}; it is not read", RENDER
                )
                continue
            if entry.is_mapping and entry.get("selectors") is not None:
                message = f"the selectors of {text} are not applied: all of its releases are imported"
                self._findings.append(Finding("warning", entry.at, "selectors", message, RENDER))
            wanted = path.parent / text
            matching = _matching(path.parent, text) if "*" in text else [wanted]
            files = [file for found in matching for file in (self.files(found) if found.exists() else [])]
            if not files:
                self._error(entry.at, "dangling-reference", f"the helmfile {wanted} does not exist", "correct its path")
            for file in files:
                if os.path.realpath(file) in chain:
                    self._error(entry.at, "include-cycle", f"{file} includes itself, over {path}", "delete one entry")
                else:
                    yield from self.read(file, chain)

    def _text(self, value: Value, key: str) -> str | None:
        return self._first([value.get(key)], key) or None

    def _first(self, values: Sequence[Value | None], key: str) -> str:
        """The first text that is there; empty, with a warning, where a template makes it."""
        found = next((value for value in values if value is not None), None)
        if _is_template(found) and found is not None:
            message = f"{key} is made by a template ({found.text}), which is not rendered"
            self._findings.append(Finding("warning", found.at, "templated", message, RENDER))
            return ""
        return (found.text or "") if found is not None else ""

    def _error(self, at: str, code: str, message: str, hint: str) -> None:
        self._findings.append(Finding("error", at, code, message, hint))


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern; none for one that is no pattern, which is then reported as leading nowhere."""
    try:
        return sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError):
        return []


def _is_template(value: Value | None) -> bool:
    return value is not None and value.text is not None and _TEMPLATE in value.text


def _template_lines(path: Path) -> list[int]:
    """The lines in which templates stand; none for a file that cannot be read, which is reported elsewhere."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [number for number, line in enumerate(text.splitlines(), start=1) if _TEMPLATE in line]
