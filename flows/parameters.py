"""The flows' parameters: what the form in the Prefect UI shows, with its help texts."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class PublishParameters(BaseModel):
    """What the run does; as it stands here it changes nothing anywhere."""

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
    """What the run does; as it stands here it changes nothing anywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Read and build every document, write none to NetSuite.",
    )
    since: datetime | None = Field(
        default=None,
        title="Orders updated since",
        description="Read orders updated since this instant (UTC) instead of since the last run. For a backfill.",
    )
