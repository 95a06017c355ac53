// Installs seccomp filters of its own: uname fails with 42, getppid asks for a tracer there is not.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 2, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 42),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 5),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return 90;
  if (syscall(SYS_uname, 8) != -1 || errno != 42)
    return 91;
  if (syscall(SYS_getppid) != -1 || errno != ENOSYS)
    return 92;
  mmap(NULL, 0x77000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return 11;
}
