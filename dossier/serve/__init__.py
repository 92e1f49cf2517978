"""The gate as a service: what is said between client and gate, the gate's side, and the client's side."""
