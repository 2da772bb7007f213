"""From the wells of plates to one signature per experiment, and how good plates are."""
