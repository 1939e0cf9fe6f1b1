"""Following a run in the terminal: a tree that is redrawn in place, or plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from convoy.cli.airflow_api import NoAnswer
from convoy.cli.run_lines import count_text, lines, several_components, span, took
from convoy.cli.run_reader import RunReader
from convoy.cli.run_view import (
    ASKS,
    FAILED,
    HALTED,
    MOVING,
    PROMOTED,
    ROLLED_BACK,
    ROLLING_BACK,
    STARTED,
    STUCK,
    UNTOUCHED,
    WAITING,
    BatchView,
    RunView,
    StepView,
)

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
"""How long Airflow may give no answer before following it is given up. The run itself does not care."""


@dataclass(frozen=True)
class Symbols:
    """One sign per state; ASCII ones where the terminal knows no others."""

    done: str = "✔"
    failed: str = "✖"
    active: str = "●"
    waiting: str = "○"
    back: str = "↺"
    asks: str = "?"


ASCII = Symbols(done="+", failed="x", active="*", waiting="-", back="<", asks="?")
_STYLES = {
    PROMOTED: "green",
    MOVING: "cyan",
    WAITING: "dim",
    UNTOUCHED: "dim",
    FAILED: "bold red",
    HALTED: "yellow",
    STUCK: "bold red",
    ROLLING_BACK: "yellow",
    ROLLED_BACK: "yellow",
    ASKS: "bold magenta",
}


def tree(view: RunView, symbols: Symbols = Symbols()) -> Tree:
    """The run as a tree: the rollout, its batches, and of those that move the step with its gate counts."""
    root = Tree(_headline(view), guide_style="dim")
    width = max([len(batch.name) for batch in view.batches] + [len("preflight")])
    changes = max([len(", ".join(batch.changes)) for batch in view.batches if len(batch.changes) < 2] + [0])
    if view.preflight.state != "none":
        _add_step(root, view.preflight, view, symbols)
    for batch in view.batches:
        _add_batch(root, batch, view, symbols, width, changes)
    if view.conclusion.state in STARTED:
        # After a rollback this is where the metrics are asked whether everything is as it was.
        _add_step(root, view.conclusion, view, symbols)
    if view.cause and not view.message:
        root.add(Text(f"because {view.cause}", style="red"))
    if view.message:
        root.add(Text(view.message, style=_outcome_style(view)))
    if view.trouble:
        root.add(Text(view.trouble, style="bold red"))
    return root


def _headline(view: RunView) -> Text:
    headline = Text(view.dag_id, style="bold")
    headline.append(f"  {view.title}", style=_outcome_style(view))
    headline.append(f"  {took(view.seconds, view.expected)}", style="default")
    return headline


def _outcome_style(view: RunView) -> str:
    if view.outcome in ("Promoted", "DryRun"):
        return "bold green"
    return "bold red" if view.outcome or view.state == "failed" else "yellow" if view.cause else "cyan"


def _add_batch(root: Tree, batch: BatchView, view: RunView, symbols: Symbols, width: int, changes: int) -> None:
    state = batch.state
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{_symbol(state, symbols)} ", style=_STYLES[state])
    what = batch.changes[0] if len(batch.changes) == 1 else f"{len(batch.changes)} components" if batch.changes else ""
    text.append(f"{batch.name:<{width}}  {what:<{changes}}  ")
    missing = [name for name in batch.requires if _state_of(view, name) != PROMOTED]
    word = f"waits for {', '.join(missing)}" if state == WAITING and missing else state
    text.append(word, style=_STYLES[state])
    if time_text := _batch_time(batch, view):
        text.append(f"{'':<{max(0, 12 - len(word))}}  {time_text}")
    branch = root.add(text)
    if state in (MOVING, ASKS, FAILED):
        if len(batch.changes) > 1:
            branch.add(Text(", ".join(batch.changes), style="dim"))
        if batch.current is not None:
            _add_step(branch, batch.current, view, symbols)
    elif state in (ROLLING_BACK, STUCK) and batch.undo is not None:
        _add_step(branch, batch.undo, view, symbols)


def _batch_time(batch: BatchView, view: RunView) -> str:
    """How long it takes: the way forward, or once it goes back the way back."""
    if batch.state in (ROLLING_BACK, ROLLED_BACK) and batch.undo is not None:
        return span(batch.undo.seconds(view.now))
    return took(batch.seconds(view.now), batch.expected)


def _state_of(view: RunView, name: str) -> str:
    return next((batch.state for batch in view.batches if batch.name == name), PROMOTED)


def _symbol(state: str, symbols: Symbols) -> str:
    return {
        PROMOTED: symbols.done,
        MOVING: symbols.active,
        FAILED: symbols.failed,
        HALTED: symbols.failed,
        STUCK: symbols.failed,
        ASKS: symbols.asks,
        ROLLING_BACK: symbols.back,
        ROLLED_BACK: symbols.back,
    }.get(state, symbols.waiting)


def _add_step(branch: Tree, step: StepView, view: RunView, symbols: Symbols) -> None:
    sign, style = {
        "success": (symbols.done, "green"),
        "failed": (symbols.failed, "bold red"),
        "awaiting_input": (symbols.asks, "bold magenta"),
    }.get(step.state, (symbols.active, "cyan"))
    text = Text()
    text.append(f"{sign} ", style=style)
    text.append(step.task_id if step.task_id.startswith("rollback.") else step.name)
    details = [count_text(count, named=several_components(step)) for count in step.counts]
    details += [step.note] if step.note else []
    if step.tries > 1:
        details.insert(0, f"try {step.tries}")
    details += [span(step.seconds(view.now))] if step.start is not None else []
    if details:
        text.append("  " + " · ".join(details) if symbols != ASCII else "  " + " | ".join(details))
    branch.add(text)


class Display:
    """Shows views as they come: a tree on a terminal, lines elsewhere. Use it as a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._symbols = Symbols() if self._console.encoding.lower().startswith("utf") else ASCII
        self._live: Live | None = None
        self._last: RunView | None = None

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, vertical_overflow="ellipsis")
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            # The last picture stays, and in full.
            self._live.vertical_overflow = "visible"
            self._live.stop()

    def show(self, view: RunView) -> None:
        """Show a view."""
        if self._live is not None:
            self._live.update(tree(view, self._symbols), refresh=True)
        else:
            for line in lines(self._last, view):
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._last = view


def watch(
    reader: RunReader,
    display: Display,
    *,
    interval: float = POLL_SECONDS,
    patience: float = PATIENCE_SECONDS,
    on_view: Callable[[RunView], None] | None = None,
) -> RunView:
    """Follow a run to its end, and return the last view. ``interval`` and ``patience`` are in seconds.

    Moments without an answer (Airflow restarts) are shown and sat out; NoAnswer is raised once ``patience`` is over.
    ``on_view`` sees every view. Ctrl-C ends the following, not the run."""
    view: RunView | None = None
    silent_since: float | None = None
    while True:
        try:
            view = reader.read()
            silent_since = None
        except NoAnswer as error:
            silent_since = silent_since or time.monotonic()
            if view is None or time.monotonic() - silent_since > patience:
                raise
            view = replace(view, trouble=f"{error}; still trying")
        display.show(view)
        if on_view is not None:
            on_view(view)
        if view.finished and not view.trouble:
            return view
        time.sleep(interval)
