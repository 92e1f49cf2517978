"""The words of every error and finding: read only when there is one."""
