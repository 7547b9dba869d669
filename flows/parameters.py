"""The flows' parameters: what the form in the Prefect UI shows, with its help texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Utc = Annotated[datetime, AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC))]
"""An instant; one without an offset is UTC, whatever the zone of the machine."""


class PublishParameters(BaseModel):
    """What a run of `publish-inventory` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Read and compute everything, write nothing: no number is published, no feed is written.",
    )
    shadow: bool = Field(
        default=False,
        title="Shadow mode",
        description="Write nothing, and report where the numbers that the shops show now (another connector's) differ from "
        "ours: which would oversell, which would lose sales. Nothing is remembered of a shadow run.",
    )
    publish_to: list[str] = Field(
        default=[],
        title="Shops to publish to",
        description="Shop codes of the contract. Empty: all. Every shop is read in any case, for one sale lowers all.",
    )


class SyncParameters(BaseModel):
    """What a run of `sync-orders` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Read and build every document, write none to NetSuite.",
    )
    since: Utc | None = Field(
        default=None,
        title="Orders updated since",
        description="Read orders updated since this instant (UTC) instead of since the last run. For a backfill.",
    )
