"""Truecount: the store's migrations, run by `store.engine.migrate`."""
