"""Formats of data that versions before the live one wrote: nobody can say whether something in them is left.

The contracts know what is live, not what was. A version that gives up reading what an earlier version of a writer wrote
is right once that was migrated, in a rollout of long ago; the planner cannot see it, and warns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convoy.planning.compatibility import title
from convoy.planning.links import DATA_LINK, Link


def older_formats(links: Iterable[Link]) -> Iterator[str]:
    """A sentence for each format that a live version of a reader still reads and the wanted one does not, and that some
    other declared version of a writer wrote."""
    for link in links:
        reader, writer = link.consumer, link.provider
        before, after = (r.data.get(link.subject) if r else None for r in (reader.current, reader.target))
        if link.kind != DATA_LINK or before is None or after is None or before.reads is None or after.reads is None:
            continue
        live = {r.data[link.subject].writes for r in (writer.current, writer.target) if r and link.subject in r.data}
        for release in writer.alternatives:
            written = release.data[link.subject].writes if link.subject in release.data else None
            if written is None or written in live:
                continue
            if link.facts.inside(link.subject, before.reads, written) and not link.facts.inside(
                link.subject, after.reads, written
            ):
                yield (
                    f"{title(reader.name, reader.target)} no longer reads {link.subject} {written}, which "
                    f"{title(writer.name, release)} wrote: make sure that nothing in it is left"
                )
