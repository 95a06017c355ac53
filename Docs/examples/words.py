"""A small real program for `make run`: indexes a generated text and packs the result."""
import struct

SYLLABLES = ["ka", "lo", "mi", "re", "tu", "san", "ter", "vol", "phi", "ost"]


def words(count, seed=8):
    """Yields `count` words of two to four syllables from a linear congruential sequence."""
    state = seed
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        length = 2 + state // 65536 % 3
        yield "".join(SYLLABLES[state // 7 ** (k + 2) % 10] for k in range(length))


text = list(words(60_000))

places = {}
for place, word in enumerate(text):
    places.setdefault(word, []).append(place)

by_frequency = sorted(places, key=lambda word: (-len(places[word]), word))

packed = bytearray()
for word in by_frequency:
    packed += struct.pack("<I", len(places[word])) + word.encode()
    packed += struct.pack(f"<{len(places[word])}I", *places[word])

lines = [" ".join(text[start:start + 12]).encode() for start in range(0, len(text), 12)]
lines.sort()
blocks = [bytes(packed[start:start + 4096]) * 8 for start in range(0, len(packed), 4096)]

print(f"{len(text)} words, {len(places)} different, most frequent {by_frequency[0]!r}")
print(f"{len(packed)} bytes of index, {len(lines)} lines, {sum(map(len, blocks))} bytes of blocks")
