"""The figures of the enrichment."""
