"""Alembic's environment: it runs on the connection that `store.engine.migrate` holds the lock with."""

from __future__ import annotations

from alembic import context

from store.schema import metadata


def run() -> None:
    """Run the migrations inside the caller's transaction."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
