#include "CFreestanding.h"

char memory_ranges[memory_range_bytes] __attribute__((aligned(16)));
