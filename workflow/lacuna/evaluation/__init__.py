"""The judge: how near are predicted profiles to the measured ones? It knows no method."""
