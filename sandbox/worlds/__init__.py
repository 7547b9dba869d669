"""Seeds: whole worlds of both vendors' data to start the sandbox with. Nothing of the product is imported here."""
