"""Where sealed bytes and entries are kept. Believed in nothing."""
