// The four functions that compilers may call behind the source's back. Word-wise where both ends
// are aligned, since clearing a frame is the commonest use.
#include <stddef.h>
#include <stdint.h>

typedef unsigned long __attribute__((may_alias)) word;

static int word_aligned(uintptr_t bits) { return (bits & (sizeof(word) - 1)) == 0; }

void *memset(void *to, int value, size_t count) {
  unsigned char *byte = to;
  if (word_aligned((uintptr_t)to)) {
    word pattern = (unsigned char)value * (~0UL / 255);
    for (; count >= sizeof(word); count -= sizeof(word), byte += sizeof(word))
      *(word *)byte = pattern;
  }
  while (count--) *byte++ = (unsigned char)value;
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  unsigned char *target = to;
  const unsigned char *source = from;
  if (word_aligned((uintptr_t)to | (uintptr_t)from))
    for (; count >= sizeof(word); count -= sizeof(word)) {
      *(word *)target = *(const word *)source;
      target += sizeof(word);
      source += sizeof(word);
    }
  while (count--) *target++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  unsigned char *target = to;
  const unsigned char *source = from;
  if ((uintptr_t)to - (uintptr_t)from >= count) return memcpy(to, from, count);
  while (count--) target[count] = source[count];
  return to;
}

int memcmp(const void *left, const void *right, size_t count) {
  const unsigned char *a = left, *b = right;
  for (; count--; a++, b++)
    if (*a != *b) return *a - *b;
  return 0;
}
