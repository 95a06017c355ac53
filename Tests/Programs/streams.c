// Copies standard input to standard output, says $WORD and its arguments on standard error.
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  int letter;
  while ((letter = getchar()) != EOF)
    putchar(letter);
  fflush(stdout);
  fprintf(stderr, "%s", getenv("WORD") ? getenv("WORD") : "nothing");
  for (int i = 1; i < count; i++)
    fprintf(stderr, " %s", arguments[i]);
  return 0;
}
