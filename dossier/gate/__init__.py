"""The gate: decide, write it down, and only then hand out a receipt. The only way to write anything."""
