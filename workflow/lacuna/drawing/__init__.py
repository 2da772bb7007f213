"""What all figures and tables share: style, colours, wording, saving."""
