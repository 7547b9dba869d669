"""Shopify Admin GraphQL: the client, what is read, and what is published."""
