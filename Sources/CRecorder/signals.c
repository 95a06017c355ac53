#define _GNU_SOURCE
#include "recorder.h"

#if defined(__linux__)

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { slot_count = 64, signal_count = 4 };

static const int forwarded[signal_count] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static struct sigaction earlier[signal_count];
static pid_t targets[slot_count];
static int users;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forward(int number, siginfo_t *info, void *context) {
  (void)context;
  // The terminal sends to the whole foreground group, the recorded program included.
  if (info->si_code == SI_KERNEL)
    return;
  int error = errno;
  for (int i = 0; i < slot_count; i++) {
    pid_t target = __atomic_load_n(&targets[i], __ATOMIC_RELAXED);
    if (target > 0)
      kill(target, number);
  }
  errno = error;
}

static void install(void) {
  for (int i = 0; i < signal_count; i++) {
    sigaction(forwarded[i], NULL, &earlier[i]);
    // Who starts us with a signal ignored (nohup) wants it ignored.
    if (earlier[i].sa_handler == SIG_IGN)
      continue;
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(forwarded[i], &action, NULL);
  }
}

int recorder_forward_signals(pid_t task) {
  int slot = -EAGAIN;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < slot_count && slot < 0; i++)
    if (targets[i] == 0)
      slot = i;
  if (slot >= 0) {
    __atomic_store_n(&targets[slot], task, __ATOMIC_RELAXED);
    if (users++ == 0)
      install();
  }
  pthread_mutex_unlock(&lock);
  return slot;
}

void recorder_stop_forwarding(int slot) {
  if (slot < 0)
    return;
  pthread_mutex_lock(&lock);
  __atomic_store_n(&targets[slot], 0, __ATOMIC_RELAXED);
  if (--users == 0)
    for (int i = 0; i < signal_count; i++)
      sigaction(forwarded[i], &earlier[i], NULL);
  pthread_mutex_unlock(&lock);
}

struct start {
  void (*body)(void *);
  void *context;
};

static void *begin(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int recorder_start_thread(uint64_t *thread, void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL)
    return -ENOMEM;
  start->body = body;
  start->context = context;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t made;
  int error = pthread_create(&made, NULL, begin, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0) {
    free(start);
    return -error;
  }
  *thread = (uint64_t)made;
  return 0;
}

void recorder_join_thread(uint64_t thread) { pthread_join((pthread_t)thread, NULL); }

#endif
