"""Words in, words out. Nothing is decided here."""
