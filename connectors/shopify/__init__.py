"""Shopify: the Admin GraphQL API 2026-10."""
