"""The name of a precision, as settings tell it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

# A name, though YAML reads ``precision=32`` as a number.
Precision = Annotated[Literal["auto", "32", "bf16"], BeforeValidator(str)]
