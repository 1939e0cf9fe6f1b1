"""SVG: well-formed, self-contained, and nothing lies on top of anything else."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from tests.planning.formats.plans import EVERYDAY, empty, final, hostile, large
from tests.planning.shop import shop

from convoy.planning.formats.svg import DARK, GLYPH, LIGHT, NAME_SIZE, TEXT_SIZE, as_svg
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan

SVG = "{http://www.w3.org/2000/svg}"
PLANS = [*(make() for make in EVERYDAY.values()), empty(), hostile(), large(120)]


def boxes(root: ET.Element) -> list[tuple[float, float, float, float, ET.Element]]:
    """Left, top, right, bottom, and the group that a box is in."""
    found = []
    for group in root.iter(f"{SVG}g"):
        for rect in group.findall(f"{SVG}rect"):
            x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height, group))
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_it_is_well_formed_and_needs_nothing_else(plan: Plan) -> None:
    """No script, no link, no image, no font from elsewhere; one box for each batch, inside of the picture."""
    root = ET.fromstring(as_svg(plan))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "path",
        "g",
    }
    assert all(not key.startswith("on") and "href" not in key for e in root.iter() for key in e.attrib)
    style = root.findtext(f"{SVG}style") or ""
    assert "url(" not in style
    assert "@import" not in style
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    found = boxes(root)
    assert len(found) == len(plan.batches)
    assert all(0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom, _ in found)


@pytest.mark.parametrize("plan", PLANS)
def test_no_two_boxes_touch(plan: Plan) -> None:
    """Nor does a box reach into the title."""
    found = sorted(boxes(ET.fromstring(as_svg(plan))), key=lambda box: box[:4])
    for index, (left, top, right, bottom, _) in enumerate(found):
        assert top > 40
        for other in found[index + 1 :]:
            assert other[0] >= right or other[2] <= left or other[1] >= bottom or other[3] <= top


@pytest.mark.parametrize("plan", PLANS)
def test_text_stays_inside_of_its_box(plan: Plan) -> None:
    """Also wide characters, and names without end, by the width of the widest of the fonts."""
    for left, top, right, bottom, group in boxes(ET.fromstring(as_svg(plan))):
        for text in group.findall(f"{SVG}text"):
            size = NAME_SIZE if text.attrib["class"] == "name" else TEXT_SIZE
            columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text.text or "")
            assert left < float(text.attrib["x"])
            assert float(text.attrib["x"]) + columns * size * GLYPH <= right
            assert top + size * 0.8 <= float(text.attrib["y"]) <= bottom - 3


@pytest.mark.parametrize("plan", PLANS)
def test_curves_run_between_the_boxes(plan: Plan) -> None:
    """Where a curve passes a column, it passes through a gap of it."""
    root = ET.fromstring(as_svg(plan))
    found = boxes(root)
    for path in root.iter(f"{SVG}path"):
        if not path.attrib["class"].startswith("arc") or "H" not in path.attrib["d"]:
            continue
        for x, y, to_x in re.findall(r" ([\d.]+),([\d.]+) H([\d.]+)", path.attrib["d"]):
            for left, top, right, bottom, _ in found:
                if left <= float(x) + 1 and float(to_x) - 1 <= right:
                    assert not top < float(y) < bottom


def test_tooltips_have_every_reason() -> None:
    """Under the arc, in full."""
    plan = make_plan(shop())
    titles = "\n".join(title.text or "" for title in ET.fromstring(as_svg(plan)).iter(f"{SVG}title"))
    assert all(arc.reason in titles for arc in plan.arcs)


def test_what_is_special_looks_special() -> None:
    """Critical path, lockstep and point of no return have borders of their own, and words."""
    plan = final()
    for (*_, group), batch in zip(boxes(ET.fromstring(as_svg(plan))), plan.batches, strict=True):
        kinds = group.find(f"{SVG}rect").attrib["class"].split()  # type: ignore[union-attr]
        words = [text.text for text in group.findall(f"{SVG}text")]
        assert ("critical" in kinds) == (batch.name in plan.critical_path)
        assert ("lockstep" in kinds) == ("switches in one moment" in words) == batch.lockstep
        assert ("gone" in kinds) == ("point of no return" in words) == (not batch.reversible)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_colours_can_be_told_from_the_page(palette: dict[str, str]) -> None:
    """Text has the contrast that WCAG asks for (4.5), lines that of graphics (3)."""

    def brightness(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((brightness(palette[one]), brightness(palette[other])))
        return (high + 0.05) / (low + 0.05)

    assert all(contrast(ink, "box") >= 4.5 for ink in ("ink", "soft", "lockstep", "gone"))
    assert all(contrast(line, "page") >= 3 for line in ("line", "critical", "lockstep", "gone"))


def test_500_batches_are_drawn() -> None:
    """Each has its box, and nothing overlaps."""
    plan = large(500)
    found = boxes(ET.fromstring(as_svg(plan)))
    assert len(found) == 500
    assert len({box[:2] for box in found}) == 500
