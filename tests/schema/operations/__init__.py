"""Operators' part of the schema, as GraphQL text."""
