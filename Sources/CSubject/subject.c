#define _GNU_SOURCE
#include "subject.h"

#if defined(__linux__) && defined(__x86_64__)

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  base = 0x400000,
  page = 4096,
  code_offset = 0x100,
  // Each stub ends in a breakpoint.
  call_stub = base + code_offset,
  load_stub = call_stub + 3,
  store_stub = load_stub + 4,
  nobody = 65534,
};

static const uint8_t stubs[] = {
    0x0f, 0x05, 0xcc,       // syscall; int3
    0x8a, 0x07, 0xcc, 0x90, // mov (%rdi),%al; int3; nop
    0x40, 0x88, 0x37, 0xcc, // mov %sil,(%rdi); int3
};

int subject_is_supported(void) { return 1; }

size_t subject_program(uint8_t *image, size_t capacity) {
  struct {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
  } elf = {
      .header =
          {
              .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
              .e_type = ET_EXEC,
              .e_machine = EM_X86_64,
              .e_version = EV_CURRENT,
              .e_entry = call_stub,
              .e_phoff = sizeof(Elf64_Ehdr),
              .e_ehsize = sizeof(Elf64_Ehdr),
              .e_phentsize = sizeof(Elf64_Phdr),
              .e_phnum = 2,
          },
      .segments =
          {
              {PT_LOAD, PF_R | PF_X, 0, base, base, page, page, page},
              {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W},
          },
  };
  if (capacity < page)
    return 0;
  memset(image, 0, page);
  memcpy(image, &elf, sizeof elf);
  memcpy(image + code_offset, stubs, sizeof stubs);
  return page;
}

// As near to what is wanted as the limits that the tracer runs under allow.
static struct rlimit64 nearest(int resource, uint64_t bytes) {
  struct rlimit64 limit = {bytes, bytes};
  if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) == 0)
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  return limit;
}

struct subject_limits subject_allowed_limits(struct subject_limits wanted) {
  struct subject_limits allowed = {
      nearest(RLIMIT_AS, wanted.address_space).rlim_cur, nearest(RLIMIT_DATA, wanted.data).rlim_cur,
      nearest(RLIMIT_MEMLOCK, wanted.locked).rlim_cur, nearest(RLIMIT_STACK, wanted.stack).rlim_cur};
  return allowed;
}

static int limit(int resource, uint64_t bytes) {
  struct rlimit64 wanted = nearest(resource, bytes);
  return (int)syscall(SYS_prlimit64, 0, resource, &wanted, NULL);
}

static int take_descriptors(const struct subject_launch *launch) {
  // First out of the way of their new numbers, then to them.
  int high[16];
  if (launch->descriptor_count > 16)
    return -1;
  for (int i = 0; i < launch->descriptor_count; i++)
    if ((high[i] = fcntl(launch->descriptors[i], F_DUPFD, 64)) < 0)
      return -1;
  for (int i = 0; i < launch->descriptor_count; i++)
    if (dup2(high[i], 3 + i) < 0)
      return -1;
  return (int)syscall(SYS_close_range, 3 + launch->descriptor_count, ~0u, 0);
}

static int drop_privilege(void) {
  if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(nobody, nobody, nobody) != 0 ||
                         setresuid(nobody, nobody, nobody) != 0))
    return -1;
  return 0;
}

static int become_subject(const struct subject_launch *launch) {
  signal(SIGCHLD, SIG_IGN);
  int now = personality(0xffffffff);
  if (now == -1 || personality((unsigned long)now | ADDR_NO_RANDOMIZE) == -1 ||
      take_descriptors(launch) != 0 || limit(RLIMIT_AS, launch->limits.address_space) != 0 ||
      limit(RLIMIT_DATA, launch->limits.data) != 0 ||
      limit(RLIMIT_MEMLOCK, launch->limits.locked) != 0 ||
      limit(RLIMIT_STACK, launch->limits.stack) != 0 || limit(RLIMIT_CORE, 0) != 0 ||
      drop_privilege() != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
      ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
    return errno;
  char *const arguments[] = {"subject", NULL};
  char *const environment[] = {NULL};
  execve(launch->path, arguments, environment);
  return errno;
}

static int wait_for_stop(pid_t task, int *status) {
  pid_t got;
  do
    got = waitpid(task, status, __WALL);
  while (got < 0 && errno == EINTR);
  if (got < 0)
    return -errno;
  return WIFSTOPPED(*status) ? 0 : -ECHILD;
}

pid_t subject_spawn(const struct subject_launch *launch) {
  pid_t task = fork();
  if (task < 0)
    return -errno;
  if (task == 0)
    _exit(become_subject(launch));
  int status;
  int result = wait_for_stop(task, &status);
  if (result == -ECHILD)
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
  if (result == 0 && ptrace(PTRACE_SETOPTIONS, task, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK) != 0)
    result = -errno;
  if (result != 0) {
    subject_end(task);
    return result;
  }
  return task;
}

static int resume(pid_t task, int *status) {
  if (ptrace(PTRACE_CONT, task, 0, 0) != 0)
    return -errno;
  return wait_for_stop(task, status);
}

// The registers of a task that is about to run a stub: no call of it is under way to be restarted.
static struct user_regs_struct at_stub(uint64_t stub) {
  struct user_regs_struct registers = {
      .rip = stub, .cs = 0x33, .ss = 0x2b, .eflags = 0x202, .orig_rax = -1};
  return registers;
}

static int run(pid_t task, struct user_regs_struct *registers, struct subject_answer *answer) {
  int status;
  if (ptrace(PTRACE_SETREGS, task, 0, registers) != 0)
    return -errno;
  int result = resume(task, &status);
  if (result != 0)
    return result;
  answer->signal = answer->code = 0;
  if (WSTOPSIG(status) != SIGTRAP) {
    siginfo_t info;
    if (ptrace(PTRACE_GETSIGINFO, task, 0, &info) != 0)
      return -errno;
    answer->signal = info.si_signo;
    answer->code = info.si_code;
    return 0;
  }
  if (ptrace(PTRACE_GETREGS, task, 0, registers) != 0)
    return -errno;
  answer->result = (int64_t)registers->rax;
  return 0;
}

int subject_call(pid_t task, uint64_t number, const uint64_t arguments[6],
                 struct subject_answer *answer) {
  struct user_regs_struct registers = at_stub(call_stub);
  registers.rax = number;
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
  return run(task, &registers, answer);
}

int subject_load(pid_t task, uint64_t address, struct subject_answer *answer) {
  struct user_regs_struct registers = at_stub(load_stub);
  registers.rdi = address;
  int result = run(task, &registers, answer);
  answer->result &= 0xff;
  return result;
}

int subject_store(pid_t task, uint64_t address, uint8_t byte, struct subject_answer *answer) {
  struct user_regs_struct registers = at_stub(store_stub);
  registers.rdi = address;
  registers.rsi = byte;
  return run(task, &registers, answer);
}

pid_t subject_fork(pid_t task) {
  struct user_regs_struct registers = at_stub(call_stub);
  registers.rax = SYS_fork;
  int status;
  unsigned long child = 0;
  if (ptrace(PTRACE_SETREGS, task, 0, &registers) != 0)
    return -errno;
  int result = resume(task, &status);
  if (result != 0)
    return result;
  if (status >> 8 != (SIGTRAP | PTRACE_EVENT_FORK << 8)) {
    // No child: the breakpoint came at once, and the error stands in the register.
    ptrace(PTRACE_GETREGS, task, 0, &registers);
    return (pid_t)registers.rax;
  }
  if (ptrace(PTRACE_GETEVENTMSG, task, 0, &child) != 0)
    return -errno;
  // The parent to its breakpoint, the child to the stop it begins with.
  if ((result = resume(task, &status)) != 0 || (result = wait_for_stop((pid_t)child, &status)) != 0)
    return result;
  return (pid_t)child;
}

void subject_end(pid_t task) {
  int status;
  kill(task, SIGKILL);
  while (waitpid(task, &status, __WALL) == task && !WIFEXITED(status) && !WIFSIGNALED(status))
    ;
}

int subject_memory_file(const char *name) {
  int file = memfd_create(name, MFD_CLOEXEC);
  return file < 0 ? -errno : file;
}

int64_t subject_read_memory(pid_t task, uint64_t address, void *buffer, uint64_t count) {
  struct iovec here = {buffer, count};
  struct iovec there = {(void *)(uintptr_t)address, count};
  ssize_t got = process_vm_readv(task, &here, 1, &there, 1, 0);
  return got < 0 ? -errno : got;
}

#else

#include <errno.h>

int subject_is_supported(void) { return 0; }
size_t subject_program(uint8_t *image, size_t capacity) { return 0; }
pid_t subject_spawn(const struct subject_launch *launch) { return -ENOSYS; }
int subject_call(pid_t task, uint64_t number, const uint64_t arguments[6],
                 struct subject_answer *answer) {
  return -ENOSYS;
}
int subject_load(pid_t task, uint64_t address, struct subject_answer *answer) { return -ENOSYS; }
int subject_store(pid_t task, uint64_t address, uint8_t byte, struct subject_answer *answer) {
  return -ENOSYS;
}
pid_t subject_fork(pid_t task) { return -ENOSYS; }
void subject_end(pid_t task) {}
struct subject_limits subject_allowed_limits(struct subject_limits wanted) { return wanted; }
int subject_memory_file(const char *name) { return -ENOSYS; }
int64_t subject_read_memory(pid_t task, uint64_t address, void *buffer, uint64_t count) {
  return -ENOSYS;
}

#endif
