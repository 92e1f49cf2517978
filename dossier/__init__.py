"""An encrypted store for shared household dossiers."""

__version__ = "0.1.0"
