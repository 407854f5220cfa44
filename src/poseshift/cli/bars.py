"""The progress bar of every verb, on standard error and gone when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[..., None]


@contextmanager
def bars(*, show: bool) -> Iterator[Tell]:
    """A bar for each thing that is being done; ``tell(what, done, total, text)`` moves its bar.

    ``total`` may be ``None`` until it is known; ``text`` stands behind the numbers.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not show) as bar:

        def tell(what: str, done: int, total: int | None, text: str = "") -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, text=text)
            bar.update(tasks[what], completed=done, total=total, text=text)

        yield tell
