// 64-bit division, which 32-bit processors do not have and compilers call by these names.
#include <stdint.h>

#if __SIZEOF_POINTER__ == 4

// Schoolbook division in base 2, from the first bit that can matter.
static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
  uint64_t quotient = 0, rest = 0;
  if (divisor == 0) __builtin_trap();
  int bits = dividend ? 64 - __builtin_clzll(dividend) : 0;
  while (bits--) {
    uint64_t carried = rest >> 63;
    rest = rest << 1 | (dividend >> bits & 1);
    if (carried || rest >= divisor) {
      rest -= divisor;
      quotient |= 1ull << bits;
    }
  }
  *remainder = rest;
  return quotient;
}

static uint64_t magnitude(int64_t number) {
  return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  divide(dividend, divisor, &remainder);
  return remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  uint64_t quotient = divide(magnitude(dividend), magnitude(divisor), &remainder);
  return (int64_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  divide(magnitude(dividend), magnitude(divisor), &remainder);
  return (int64_t)(dividend < 0 ? 0 - remainder : remainder);
}

#endif
