// Memory that an image has before it has an allocator.
#pragma once

// Where firmware's memory ranges are kept.
enum { memory_range_bytes = 8192 };
extern char memory_ranges[memory_range_bytes];
static inline void *memory_ranges_address(void) { return memory_ranges; }
