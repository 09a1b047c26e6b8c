#include "standstill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

void standstill_begin(const struct process *p)
{
    siginfo_t info;
    int rc;
    process_signal(p, SIGSTOP);
    do {
        rc = waitid(P_PID, (id_t)p->pid, &info, WSTOPPED | WEXITED | WNOWAIT);
    } while (rc != 0 && errno == EINTR);
    assert_int_equal(rc, 0);
    assert_int_equal(info.si_code, CLD_STOPPED);
}

void standstill_end(const struct process *p)
{
    process_signal(p, SIGCONT);
}
