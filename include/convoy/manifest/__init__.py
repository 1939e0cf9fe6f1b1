"""Manifests: YAML documents with positions, strict models, and the catalog that joins them."""
