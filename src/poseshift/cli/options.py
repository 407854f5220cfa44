"""Options that several verbs share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SetWords = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any setting by its name; a wrong name lists what there is. Repeatable.",
    ),
]
ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--config", help="YAML settings; later files win. Repeatable."),
]
Sampler = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        help="Which source samples: uniform, vae-hm, vae-cl, vae-balanced, target-aware, "
        "random-subset, prior.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object for programs; errors are text on stderr."),
]
