"""Nothing but page faults: writes one byte to each of 50,000 fresh pages."""
memory = bytearray(50_000 * 4096)
memory[::4096] = b"x" * 50_000
