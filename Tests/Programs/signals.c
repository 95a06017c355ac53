// "segv": dies. "handle": catches SIGSEGV, exits with 8. "stop": its child is stopped and
// continued, exits with 9. "term": says "ready", exits with 10 from the handler of SIGTERM.
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int number) { _exit(number == SIGTERM ? 10 : 8); }

static int stop_child(void) {
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    mmap(NULL, 0x99000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
    return 90;
  usleep(20000);
  if (waitpid(child, &status, WNOHANG) != 0)
    return 91;
  kill(child, SIGCONT);
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return 92;
  return 9;
}

int main(int count, char **arguments) {
  (void)count;
  if (strcmp(arguments[1], "stop") == 0)
    return stop_child();
  if (strcmp(arguments[1], "handle") == 0)
    signal(SIGSEGV, leave);
  if (strcmp(arguments[1], "term") == 0) {
    signal(SIGTERM, leave);
    kill(getppid(), SIGTERM);
    for (;;)
      pause();
  }
  *(volatile char *)8 = 1;
  return 0;
}
