#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "wait.h"

/* Calls that were started, and the threads that wait for them outside of Go: a signal
 * reaches such a thread, and it is woken once. */
struct tc_running {
  sem_t ended;
  tc_buffer reply;
};

tc_running *running_new(void) {
  tc_running *running = calloc(1, sizeof *running);
  if (!running) abort(); /* as C.malloc does */
  sem_init(&running->ended, 0, 0);
  return running;
}

void running_end(tc_running *running, tc_buffer reply) {
  running->reply = reply;
  sem_post(&running->ended);
}

static struct timespec after(int64_t milliseconds) {
  struct timespec moment;
  clock_gettime(CLOCK_REALTIME, &moment);
  moment.tv_sec += milliseconds / 1000;
  moment.tv_nsec += (milliseconds % 1000) * 1000000;
  if (moment.tv_nsec >= 1000000000) {
    moment.tv_sec++;
    moment.tv_nsec -= 1000000000;
  }
  return moment;
}

int tc_wait(tc_running *running, int64_t milliseconds, tc_buffer *reply) {
  int status;
  if (milliseconds < 0) {
    status = sem_wait(&running->ended);
  } else {
    const struct timespec limit = after(milliseconds);
    status = sem_timedwait(&running->ended, &limit);
  }
  if (status != 0) return 0;
  *reply = running->reply;
  sem_destroy(&running->ended);
  free(running);
  return 1;
}
