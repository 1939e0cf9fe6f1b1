"""What a version sets, from the manifest alone."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.base import Refused
from convoy.targets.kubernetes.changes import repository_of, tag_of, touched, version_of
from convoy.targets.kubernetes.fields import dotted

DIGEST = "@sha256:" + "a" * 64


def live(**images: str) -> dict[str, Any]:
    containers = [{"name": name, "image": image} for name, image in images.items()]
    return {"metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": containers}}}}


def sets(workload: dict[str, Any], version: str = "1.1.0", found: dict[str, Any] | None = None) -> dict[str, Any]:
    fields = touched("web", version, {"kind": "deployment", **workload}, found)
    return {dotted(path).removeprefix("spec.template.spec."): value for path, value in fields.items()}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image": "shop/web"}, "shop/web:1.1.0"),
        ({"image": "registry:5000/shop/web"}, "registry:5000/shop/web:1.1.0"),
        ({"image": "shop/web", "tag": "stable"}, "shop/web:stable"),
        ({"image": "shop/web:fixed"}, "shop/web:fixed"),
        ({"image": f"shop/web{DIGEST}"}, f"shop/web{DIGEST}"),
    ],
)
def test_the_image_of_a_version(change: dict[str, Any], expected: str) -> None:
    assert sets({"containers": {"main": change}}) == {"containers[main].image": expected}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (live(main="shop/web:1.0.0"), {"containers[main].image": "shop/web:1.1.0"}),
        (live(web="shop/web:1.0.0", proxy="proxy:7"), {"containers[web].image": "shop/web:1.1.0"}),
        (live(main=f"registry:5000/web{DIGEST}"), {"containers[main].image": "registry:5000/web:1.1.0"}),
    ],
)
def test_without_an_image_the_version_is_a_tag(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sets({}, found=found) == expected


def test_a_tag_alone_is_another_tag_of_the_present_image() -> None:
    found = live(main="registry:5000/shop/web:1.0.0", proxy="proxy:7")
    assert sets({"containers": {"proxy": {"tag": "8"}}}, found=found) == {"containers[proxy].image": "proxy:8"}


def test_a_container_that_is_not_there_is_refused_and_not_added() -> None:
    """A slip of the pen would be a second container of the pod."""
    with pytest.raises(Refused, match="no container mian"):
        sets({"containers": {"mian": {"image": "shop/web"}}}, found=live(main="shop/web:1.0.0"))


def test_a_version_that_does_not_fit_the_object_does_not_hide_the_others() -> None:
    versions = {
        "1.0.0": {"kind": "deployment", "containers": {"main": {"image": "shop/web:a"}}},
        "2.0.0": {"kind": "deployment", "containers": {"sidecar": {"image": "shop/side"}}},
    }
    assert version_of("web", versions, live(main="shop/web:a"), "deployment") == "1.0.0"


def test_where_it_could_be_several_containers_somebody_has_to_say_which() -> None:
    with pytest.raises(Refused, match="no container is called web and there are a, b"):
        sets({}, found=live(a="a:1", b="b:1"))


def test_a_version_that_cannot_be_a_tag_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be the tag"):
        sets({"containers": {"main": {"image": "shop/web"}}}, version="1.1.0+build.7")


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("web", "web", None),
        ("web:1", "web", "1"),
        ("host:5000/a/web", "host:5000/a/web", None),
        ("host:5000/a/web:1.2", "host:5000/a/web", "1.2"),
        (f"a/web:1.2{DIGEST}", "a/web", "1.2"),
    ],
)
def test_images_are_taken_apart(image: str, repository: str, tag: str | None) -> None:
    assert (repository_of(image), tag_of(image)) == (repository, tag)


def test_the_version_of_an_image_by_digest_is_the_one_that_the_manifests_give_it() -> None:
    """A digest has no version in it."""
    versions = {
        "1.0.0": {"kind": "deployment", "containers": {"main": {"image": f"shop/web{DIGEST}"}}},
        "1.1.0": {"kind": "deployment", "containers": {"main": {"image": "shop/web@sha256:" + "b" * 64}}},
    }
    assert version_of("web", versions, live(main=f"shop/web{DIGEST}"), "deployment") == "1.0.0"


@pytest.mark.parametrize(
    ("found", "expected"),
    [(live(main="shop/web:1.0.0"), "1.0.0"), (live(main="shop/web"), "unknown"), (live(a="a:1", b="b:2"), "unknown")],
)
def test_without_manifests_the_version_is_the_tag(found: dict[str, Any], expected: str) -> None:
    """Where there is none, the version is unknown, which equals no version of a plan."""
    assert version_of("web", {}, found, "deployment") == expected
