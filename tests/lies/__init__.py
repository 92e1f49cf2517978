"""Lies: the named bad books. In each, all is as it should be but for the last line."""
