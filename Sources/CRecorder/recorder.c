#define _GNU_SOURCE
#include "recorder.h"

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

extern long ptrace(int request, ...);

// Without privilege a filter needs no_new_privs; with it, set-uid programs keep working.
static int install_filter(const struct recorder_launch *launch) {
  struct sock_fprog program = {launch->filter_length, (struct sock_filter *)launch->filter};
  for (unsigned long flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;; flags = 0) {
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0)
      return 0;
    if (errno == EACCES) {
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
      if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0)
        return 0;
    }
    if (flags == 0)
      return -1;
  }
}

static int run(const struct recorder_launch *launch, int go) {
  char byte;
  ssize_t got;
  do
    got = read(go, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1)
    return ECANCELED;
  if (!launch->keeps_random_layout) {
    int now = personality(0xffffffff);
    if (now == -1 || personality((unsigned long)now | ADDR_NO_RANDOMIZE) == -1)
      return errno;
  }
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &launch->blocked_signals, NULL, 8) != 0)
    return errno;
  if (install_filter(launch) != 0)
    return errno;
  execve(launch->path, launch->arguments, launch->environment);
  if (errno == ENOEXEC)
    execve(launch->shell_arguments[0], launch->shell_arguments, launch->environment);
  return errno;
}

pid_t recorder_spawn(const struct recorder_launch *launch, int go, int failure) {
  pid_t child = fork();
  if (child < 0)
    return -errno;
  if (child > 0)
    return child;
  int32_t error = run(launch, go);
  ssize_t written = write(failure, &error, sizeof error);
  _exit(written == sizeof error ? 127 : 126);
}

int recorder_ptrace(int request, pid_t task, uint64_t address, uint64_t data) {
  return ptrace(request, task, (void *)(uintptr_t)address, (void *)(uintptr_t)data) == -1 ? -errno
                                                                                          : 0;
}

int recorder_event_message(pid_t task, uint64_t *message) {
  unsigned long value = 0;
  int result = recorder_ptrace(PTRACE_GETEVENTMSG, task, 0, (uintptr_t)&value);
  *message = value;
  return result;
}

int recorder_call_at_stop(pid_t task, struct recorder_call *call) {
  struct ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, task, (void *)sizeof info, &info) <= 0)
    return -errno;
  call->architecture = info.arch;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    call->result = info.exit.rval;
    return 0;
  }
  if (info.op != PTRACE_SYSCALL_INFO_SECCOMP)
    return -EINVAL;
  call->number = info.seccomp.nr;
  call->data = info.seccomp.ret_data;
  for (int i = 0; i < 6; i++)
    call->arguments[i] = info.seccomp.args[i];
  return 0;
}

#if defined(__x86_64__)

int recorder_call_registers(pid_t task, struct recorder_call *call) {
  struct user_regs_struct registers;
  int result = recorder_ptrace(PTRACE_GETREGS, task, 0, (uintptr_t)&registers);
  if (result != 0)
    return result;
  call->architecture = 0;
  call->number = registers.orig_rax;
  call->arguments[0] = registers.rdi;
  call->arguments[1] = registers.rsi;
  call->arguments[2] = registers.rdx;
  call->arguments[3] = registers.r10;
  call->arguments[4] = registers.r8;
  call->arguments[5] = registers.r9;
  return 0;
}

int recorder_skip_call(pid_t task, int64_t answer) {
  int result = recorder_ptrace(PTRACE_POKEUSR, task, offsetof(struct user, regs.orig_rax), -1);
  if (result != 0)
    return result;
  return recorder_ptrace(PTRACE_POKEUSR, task, offsetof(struct user, regs.rax), answer);
}

#else

int recorder_call_registers(pid_t task, struct recorder_call *call) { return -ENOSYS; }
int recorder_skip_call(pid_t task, int64_t answer) { return -ENOSYS; }

#endif

pid_t recorder_wait(int *status, int does_block) {
  // __WNOTHREAD leaves children of other threads of this process to those who started them.
  // Looking several times before sleeping was measured and is slower: it holds the task lock.
  pid_t task = waitpid(-1, status, __WALL | __WNOTHREAD | (does_block ? 0 : WNOHANG));
  return task < 0 ? -errno : task;
}

int64_t recorder_read_memory(pid_t task, uint64_t address, void *buffer, uint64_t count) {
  struct iovec here = {buffer, count};
  struct iovec there = {(void *)(uintptr_t)address, count};
  ssize_t got = process_vm_readv(task, &here, 1, &there, 1, 0);
  return got < 0 ? -errno : got;
}

#endif
