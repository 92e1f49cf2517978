"""Who can open and who can sign: keys, boxes, seals and tokens. Knows no household, purpose or store."""
