"""What all figures and tables share: style, palette, wording, saving."""
