#include "CRivals.h"

static _Thread_local int number;

int rival_thread_number(void) { return number; }

void rival_set_thread_number(int value) { number = value; }
