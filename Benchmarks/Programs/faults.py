"""A program of lists, dicts, bytes and sorts that takes about 50,000 page faults."""
import gc

for round in range(8):
    table = {i: str(i) for i in range(120_000)}
    parts = [bytes(i % 4000) for i in range(15_000)]
    del table
    gc.collect()
    blocks = [bytearray(1 << 18) for _ in range(40)]
    for i in range(0, 40, 2):
        blocks[i] = None
    ordered = sorted(str(i * 7919 % 100_003) for i in range(60_000))
    parts = parts[::2]
    texts = [b"a" * (i % 700) for i in range(30_000)]
    del parts, blocks, ordered, texts
