/*
 * Lets Go's and Ruby's signal handlers work together.
 */
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "signals.h"

/* Go needs SA_ONSTACK on every handler that may run on its threads. Handlers
 * set by Signal.trap after the library was loaded do not have it. */
void add_onstack_to_handlers(void) {
  for (int signal = 1; signal < 32; signal++) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    if (action.sa_flags & SA_ONSTACK) continue;
    action.sa_flags |= SA_ONSTACK;
    sigaction(signal, &action, NULL);
  }
}

/* Ruby turns a SIGSEGV (elsewhere a SIGBUS) into a SystemStackError: its handler leaves by
 * longjmp and unblocks only that signal. Go's handler, which calls it for faults outside of
 * Go, blocks all signals while it runs. Without the following code they would stay blocked in
 * the thread that ran out of stack, and in every thread that it creates: their waits could
 * no longer be interrupted, and Thread#kill and Timeout would hang. */
static struct sigaction segv_before, bus_before;

/* Calls the handler that Go's handler replaced, with the signals blocked that would be
 * blocked without Go. */
static void pass_on(int signal, siginfo_t *info, void *context) {
  const struct sigaction *before = signal == SIGBUS ? &bus_before : &segv_before;
  sigset_t blocked = ((ucontext_t *)context)->uc_sigmask;
  sigaddset(&blocked, signal);
  pthread_sigmask(SIG_SETMASK, &blocked, NULL);
  if (before->sa_flags & SA_SIGINFO) {
    before->sa_sigaction(signal, info, context);
  } else {
    before->sa_handler(signal);
  }
}

static void stand_before(int signal, struct sigaction *before) {
  if (sigaction(signal, NULL, before) != 0) return;
  if (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN) return;
  struct sigaction action = *before;
  action.sa_sigaction = pass_on;
  action.sa_flags |= SA_SIGINFO;
  sigaction(signal, &action, NULL);
}

/* Runs before Go's own initialization, which has no priority: Go passes signals on to
 * the handlers that it finds. */
__attribute__((constructor(101))) static void stand_before_go(void) {
  stand_before(SIGSEGV, &segv_before);
  stand_before(SIGBUS, &bus_before);
}
