"""Stands in for the package agno: the calls that the runner makes, with the names of the real ones."""
