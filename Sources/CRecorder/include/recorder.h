/// What the recorder needs of Linux that Swift cannot say: the child's side of a fork (only
/// async-signal-safe calls), variadic or unexported system calls, and ordered access to perf rings.
/// All decisions are taken in Swift.
///
/// Functions return a negated error number where they fail.
#ifndef OCTAVO_RECORDER_H
#define OCTAVO_RECORDER_H

#if defined(__linux__)

#include <stdint.h>
#include <sys/types.h>

/// What the child does between fork and exec.
struct recorder_launch {
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// For a text without `#!`, which execve refuses: the shell and what it runs.
  char *const *shell_arguments;
  /// Instructions of a seccomp filter (struct sock_filter), eight bytes each.
  const uint64_t *filter;
  /// Signals the program starts with blocked, bit n-1 for signal n.
  uint64_t blocked_signals;
  uint16_t filter_length;
  uint8_t keeps_random_layout;
};

/// Forks. The child waits until a byte can be read from `go`, then turns ASLR off, installs the
/// filter and executes the program; a failure's errno goes to `failure` as an int32.
pid_t recorder_spawn(const struct recorder_launch *launch, int go, int failure);

/// A stopped tracee's system call.
struct recorder_call {
  /// AUDIT_ARCH_...; tells 32-bit calls of a 64-bit kernel.
  uint32_t architecture;
  /// The filter's data at a seccomp stop.
  uint32_t data;
  uint64_t number;
  uint64_t arguments[6];
  int64_t result;
};

/// ptrace(2) for requests that return nothing but success.
int recorder_ptrace(int request, pid_t task, uint64_t address, uint64_t data);
/// PTRACE_GETEVENTMSG.
int recorder_event_message(pid_t task, uint64_t *message);
/// At a seccomp stop: everything but the result. At a system-call exit: only the result.
int recorder_call_at_stop(pid_t task, struct recorder_call *call);
/// At any stop inside a call: number and arguments from the registers; architecture 0.
int recorder_call_registers(pid_t task, struct recorder_call *call);
/// Lets the call be left out and return `result`. To be called at its seccomp stop.
int recorder_skip_call(pid_t task, int64_t result);
/// The next stop or end of any task that the calling thread traces. Returns the task, or 0 when
/// there is none and `does_block` is not set.
pid_t recorder_wait(int *status, int does_block);
/// Reads the tracee's memory; returns the number of bytes.
int64_t recorder_read_memory(pid_t task, uint64_t address, void *buffer, uint64_t count);

/// Opens the page-fault event of `task` and its later children on one processor.
/// `wakeup` is the number of bytes in the ring that makes the descriptor readable.
int recorder_open_faults(pid_t task, int processor, uint32_t wakeup, int excludes_kernel);
/// Maps `pages` (a power of two) data pages and the control page; NULL when refused, errno set.
void *recorder_map_ring(int descriptor, uint32_t pages);
void recorder_unmap_ring(void *ring, uint32_t pages);
/// Where the kernel writes next; what stands before is complete.
uint64_t recorder_ring_head(const void *ring);
uint64_t recorder_ring_tail(const void *ring);
/// Gives everything before `tail` back to the kernel.
void recorder_ring_release(void *ring, uint64_t tail);

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT that a process sends to us go to `task` too. The
/// terminal's own reach it anyway. Returns a slot, or a negative number when all are taken.
int recorder_forward_signals(pid_t task);
void recorder_stop_forwarding(int slot);

/// A pipe whose ends close at exec.
int recorder_pipe(int ends[2]);
/// The file system's magic number (statfs), or a negated error number.
int64_t recorder_file_system(const char *path);
/// A descriptor that polls readable from a wake until it is cleared.
int recorder_wakeup(void);
void recorder_wake(int wakeup);
void recorder_clear(int wakeup);

/// Starts `body` in a thread that blocks every signal.
int recorder_start_thread(uint64_t *thread, void (*body)(void *), void *context);
void recorder_join_thread(uint64_t thread);

#endif
#endif
