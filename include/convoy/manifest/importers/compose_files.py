"""Reading compose files: variables, ``extends``, ``include``, and several files merged in their order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.compose_merge import merge, normal, without_resets
from convoy.manifest.importers.compose_variables import Variables
from convoy.manifest.importers.foreign import Value
from convoy.manifest.importers.yaml_reader import read_yaml

MAX_CHAIN = 50
"""How long a chain of ``extends`` or of ``include`` may be."""
MAX_LOADS = 500
"""How many files are included in all; files that include each other several times grow quickly."""

READ = frozenset(
    {"depends_on", "deploy", "extends", "external_links", "image", "ipc", "labels", "links", "network_mode", "pid"}
    | {"profiles", "scale", "volumes_from"}
)
"""The keys of a service that are looked into, and whose variables are therefore replaced."""
_Chain = tuple[tuple[str, str], ...]


@dataclass
class Project:
    """The services of all files, merged. ``names`` are the values of the top-level ``name``, the last one counts."""

    services: dict[str, Value] = field(default_factory=dict)
    names: list[Value] = field(default_factory=list)
    read: bool = False
    """Whether any file could be read."""


class ComposeFiles:
    """Reads the files of one project. Everything wrong is added to ``findings``."""

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._loads = 0
        self._roots: dict[str, Value | None] = {}

    def load(self, paths: Sequence[Path], variables: Variables) -> Project:
        """The files merged, a later one over the earlier ones."""
        project = Project()
        for path in paths:
            self._add(project, path, variables, ())
        return project

    def _add(self, project: Project, path: Path, variables: Variables, chain: tuple[str, ...]) -> None:
        self._loads += 1
        root = self._root(path)
        if root is None:
            return
        project.read = True
        if "name" in root.mapping:
            project.names.append(self._expand(root.mapping["name"], variables))
        services = self._services(root, variables)
        own = {name: self._extended(name, services, path, variables, ()) for name in services}
        for name, value in self._included(root, path, variables, chain).items():
            if name in own and own[name].place != value.place:
                message = f"{name} is defined here, and at {value.at} in an included file; both are merged"
                hint = "change an included service in a file of its own that is given after this one"
                self._findings.append(Finding("error", own[name].at, "include-conflict", message, hint))
                own[name] = merge(value, own[name], self._findings)
            own.setdefault(name, value)
        for name, service in own.items():
            known = project.services.get(name)
            if service.tag == "!reset":
                project.services.pop(name, None)
            else:
                merged = merge(known, service, self._findings) if known else without_resets(service)
                project.services[name] = merged

    def _root(self, path: Path) -> Value | None:
        """The file's mapping; an empty file is an empty one. None where it cannot be read. Each file is read once."""
        real = os.path.realpath(path)
        if real not in self._roots:
            self._roots[real] = self._read(path)
        return self._roots[real]

    def _read(self, path: Path) -> Value | None:
        before = len(self._findings)
        documents = read_yaml(path, self._findings)
        if len(self._findings) > before and not documents:
            return None
        if not documents:
            return Value({}, str(path), str(path))
        for document in documents[1:]:
            message = "a second document in a compose file; only the first is read"
            self._findings.append(Finding("warning", document.root.place, "second-document", message, "split the file"))
        root = documents[0].root
        if not root.is_mapping:
            message = "a compose file is a mapping with the key services"
            self._findings.append(Finding("error", root.place, "not-compose", message, "name another file"))
            return None
        return root

    def _services(self, root: Value, variables: Variables) -> dict[str, Value]:
        found: dict[str, Value] = {}
        services = root.get("services")
        if services is not None and not services.is_null and not services.is_mapping:
            message = "services is a mapping of names to services"
            self._findings.append(Finding("error", services.at, "not-compose", message, "write name: {image: ...}"))
        for name, service in services.mapping.items() if services is not None else ():
            if not service.is_mapping and not service.is_null and service.tag != "!reset":
                message = f"the service {name} is no mapping"
                self._findings.append(Finding("error", service.at, "not-compose", message, "write image: ... below it"))
                continue
            entries = {
                key: self._expand(value, variables) if key in READ else value for key, value in service.mapping.items()
            }
            found[name] = normal(replace(service, content=entries))
        return found

    def _expand(self, value: Value, variables: Variables) -> Value:
        if value.is_mapping:
            entries = {key: self._expand(part, variables) for key, part in value.mapping.items()}
            return replace(value, content=entries)
        if value.is_list:
            return replace(value, content=tuple(self._expand(item, variables) for item in value.items))
        if isinstance(value.content, str) and "$" in value.content:
            return replace(value, content=variables.expand(value.content, value.place, self._findings))
        return value

    def _extended(
        self, name: str, services: dict[str, Value], path: Path, variables: Variables, chain: _Chain
    ) -> Value:
        """A service over the one that it extends, and that over its own, and so on."""
        service = services[name]
        extends = service.get("extends")
        if extends is None or extends.is_null:
            return service
        entries = {key: value for key, value in service.mapping.items() if key != "extends"}
        service = replace(service, content=entries)
        base = extends.text or extends.text_at("service")
        file = extends.text_at("file")
        if base is None:
            self._error(extends.at, "extends", f"extends of {name} names no service", "write extends: {service: name}")
            return service
        chain = (*chain, (os.path.realpath(path), name))
        other = path.parent / file if file else path
        if (os.path.realpath(other), base) in chain or len(chain) > MAX_CHAIN:
            names = " -> ".join([*(link for _, link in chain), base])
            self._error(extends.at, "extends-cycle", f"services extend each other: {names}", "delete one extends")
            return service
        if file:
            root = self._root(other)
            services = self._services(root, variables) if root is not None else {}
        if base not in services:
            message = f"{name} extends {base}, which is not in {other}"
            hint = did_you_mean(base, services, otherwise="name a service of that file")
            self._error(extends.at, "dangling-reference", message, hint)
            return service
        below = without_resets(self._extended(base, services, other, variables, chain))
        return replace(merge(below, service, self._findings), at=service.at, place=service.place)

    def _included(self, root: Value, path: Path, variables: Variables, chain: tuple[str, ...]) -> dict[str, Value]:
        include = root.get("include")
        if include is None or include.is_null:
            return {}
        project = Project()
        chain = (*chain, os.path.realpath(path))
        for entry in include.items or (include,):
            at = entry.at
            paths = entry.get("path") if entry.is_mapping else entry
            names = [self._expand(item, variables).text for item in (paths.items or (paths,))] if paths else []
            files = [path.parent / name for name in names if name]
            remote = [name for name in names if name and ("://" in name or name.startswith("git@"))]
            if not files or remote:
                what = f"{remote[0]} is not a file here" if remote else "include names no file"
                self._error(at, "include", f"{what}; it is not read", "include the path of a local file")
                continue
            own = self._include_variables(entry, files[0], path, variables)
            part = Project()
            for file in files:
                if os.path.realpath(file) in chain or len(chain) > MAX_CHAIN:
                    self._error(at, "include-cycle", f"{file} includes itself, over {path}", "delete one include")
                elif self._loads >= MAX_LOADS:
                    self._error(at, "too-much", f"more than {MAX_LOADS} files are included", "include each file once")
                elif not file.is_file():
                    self._error(
                        at, "dangling-reference", f"the included file {file} does not exist", "correct its path"
                    )
                else:
                    self._add(part, file, own, chain)
            for name, service in part.services.items():
                known = project.services.setdefault(name, service)
                if known.place != service.place:
                    message = f"{name} is included from {service.at} and from {known.at}; the first one counts"
                    self._error(at, "include-conflict", message, "include one of them, or name the services apart")
        return project.services

    def _include_variables(self, entry: Value, first: Path, path: Path, variables: Variables) -> Variables:
        """The including project's variables; those of the included folder only where these say nothing."""
        own = variables.copy()
        folder = first.parent
        if entry.text_at("project_directory"):
            folder = path.parent / (entry.text_at("project_directory") or "")
        given = entry.get("env_file")
        for item in (given.items or (given,)) if given is not None else ():
            if item.text:
                own.read(path.parent / item.text, self._findings, override=False)
        if given is None and (folder / ".env").is_file():
            own.read(folder / ".env", self._findings, override=False)
        return own

    def _error(self, at: str, code: str, message: str, hint: str) -> None:
        self._findings.append(Finding("error", at, code, message, hint))
