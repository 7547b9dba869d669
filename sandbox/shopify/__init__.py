"""The sandbox's Shopify: Admin GraphQL 2026-10 against the real schema."""
