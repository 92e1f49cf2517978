"""Who is who and who may: folded from books. Holds only what checked out."""
