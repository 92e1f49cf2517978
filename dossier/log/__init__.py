"""One tamper-evident log: the Merkle tree, its checkpoints, its entries, and the book they are kept in."""
