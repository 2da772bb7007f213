"""One module per figure: tables in, a matplotlib Figure out. Nothing is computed here."""
