/*
 * What Go's and Ruby's signal handlers need of each other.
 */
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "signals.h"

/* Go needs SA_ONSTACK on every handler that may run on its threads. Handlers
 * set by Signal.trap after the library was loaded lack it. */
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

/* Ruby makes SystemStackError of a SIGSEGV (elsewhere a SIGBUS): its handler leaves by
 * longjmp and unblocks that one signal. Go's handler, which calls it for faults outside of
 * Go, blocks all signals while it runs. Without what follows they stay blocked in the thread
 * that ran out of stack, and in every thread that it makes: nothing interrupts those any
 * more where they wait, and Thread#kill and Timeout hang. */
static struct sigaction segv_before, bus_before;

/* Calls the handler that was there before Go's, with the signals blocked that the handler
 * would have found blocked without Go. */
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

/* Runs before Go's own initialization, which has no priority: Go takes the handlers that it
 * finds for those to pass signals on to. */
__attribute__((constructor(101))) static void stand_before_go(void) {
  stand_before(SIGSEGV, &segv_before);
  stand_before(SIGBUS, &bus_before);
}
