"""Whatever stands in a file: the answer is a catalog and diagnostics, and never an exception."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from convoy.manifest.catalog import LoadResult, load
from convoy.manifest.resolve import resolve

CORPUS = Path(__file__).parents[1] / "corpus"
SEEDS = [path.read_bytes() for path in sorted(CORPUS.rglob("*.yaml"))]
SYNTAX = b"\t \n \r\n : :: - -- --- ... ' \" [ ] { } , & * &a *a << ! !! % @ ` | > # ~ null true 1e999 .nan 0x 1.10"
BYTES = b"\xff \x00 \xc3 \xe2\x80\xa8 \xef\xbb\xbf \xf0\x9f\x9a\x80 \xc2\x85"
KEYS = b"components: {} | kind: Rollout | name: cart | to: 1.0.0 | from: * | dependsOn: [cart] | workload: {}"
FRAGMENTS = [*SYNTAX.split(b" "), *BYTES.split(b" "), *KEYS.split(b" | ")]
bounded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def loaded(content: bytes) -> LoadResult:
    """A file of this content, loaded, with everything resolved that can be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.yaml")
        path.write_bytes(content)
        result = load([path])
    for name, rollout in result.catalog.rollouts.items():
        if name not in result.broken:
            for environment in rollout.environment_names:
                resolve(result.catalog, name, environment)
    return result


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file of the corpus with a few pieces cut out, doubled, or put in."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from([b"", content[start:end] * 2, *FRAGMENTS]))
        content = content[:start] + piece + content[end:]
    return content


@bounded
@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"\xed\xa0\x80")
@example(b"a: \xe2\x80\xa8 b\n\t")
def test_random_bytes_end_in_diagnostics(content: bytes) -> None:
    """Bytes that are no manifest are no crash either."""
    assert all(diagnostic.file.endswith("f.yaml") for diagnostic in loaded(content).diagnostics)


@bounded
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@,? \n\t~", max_size=120))
def test_random_punctuation_ends_in_diagnostics(text: str) -> None:
    """The characters that mean something in YAML, in every order."""
    loaded(text.encode())


@bounded
@given(mutated())
def test_mutated_manifests_end_in_diagnostics(content: bytes) -> None:
    """A manifest that somebody was interrupted in; every place that is named lies in the file."""
    lines = content.count(b"\n") + content.count(b"\r") + content.count(b"\xc2\x85") + content.count(b"\xe2\x80") + 2
    for diagnostic in loaded(content).diagnostics:
        assert 0 <= diagnostic.line <= lines
        assert diagnostic.message
