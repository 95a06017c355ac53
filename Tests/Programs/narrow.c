// A 32-bit program without a C library; exits with 12.
void _start(void) {
  for (;;)
    __asm__ volatile("int $0x80" : : "a"(1), "b"(12));
}
