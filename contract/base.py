"""What every model of the contract is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]+$", max_length=40)]
NetsuiteId = Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]
Whole = Annotated[int, Field(ge=0)]
Fraction = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]


class Model(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
