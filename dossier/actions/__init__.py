"""What a member can do: one function per verb, one file per noun."""
