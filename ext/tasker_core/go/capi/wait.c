/*
 * Calls that were started, and the threads that wait for them. They wait outside of Go:
 * a Go runtime would have to wake two threads where one waits.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "wait.h"

/* macOS waits by the clock that can be set. */
#ifdef __APPLE__
#define CLOCK CLOCK_REALTIME
#define use_clock(attributes) ((void)(attributes))
#else
#define CLOCK CLOCK_MONOTONIC
#define use_clock(attributes) pthread_condattr_setclock(attributes, CLOCK)
#endif

struct tc_running {
  pthread_mutex_t mutex;
  pthread_cond_t end;
  int ended;
  int woken;
  tc_buffer reply;
};

tc_running *running_new(void) {
  pthread_condattr_t attributes;
  tc_running *running = calloc(1, sizeof *running);
  if (!running) abort(); /* as C.malloc does */
  pthread_mutex_init(&running->mutex, NULL);
  pthread_condattr_init(&attributes);
  use_clock(&attributes);
  pthread_cond_init(&running->end, &attributes);
  pthread_condattr_destroy(&attributes);
  return running;
}

/* The waiting thread frees the memory once it has the mutex: it is let go last. */
void running_end(tc_running *running, tc_buffer reply) {
  pthread_mutex_lock(&running->mutex);
  running->reply = reply;
  running->ended = 1;
  pthread_cond_signal(&running->end);
  pthread_mutex_unlock(&running->mutex);
}

static struct timespec after(int64_t milliseconds) {
  struct timespec moment;
  clock_gettime(CLOCK, &moment);
  moment.tv_sec += (time_t)(milliseconds / 1000);
  moment.tv_nsec += (long)(milliseconds % 1000) * 1000000;
  if (moment.tv_nsec >= 1000000000) {
    moment.tv_sec++;
    moment.tv_nsec -= 1000000000;
  }
  return moment;
}

int tc_await(tc_running *running, int64_t milliseconds) {
  const struct timespec limit = after(milliseconds < 0 ? 0 : milliseconds);
  int status = 0, ended;
  pthread_mutex_lock(&running->mutex);
  while (!running->ended && !running->woken && status != ETIMEDOUT) {
    status = milliseconds < 0 ? pthread_cond_wait(&running->end, &running->mutex)
                              : pthread_cond_timedwait(&running->end, &running->mutex, &limit);
  }
  ended = running->ended;
  running->woken = 0;
  pthread_mutex_unlock(&running->mutex);
  return ended;
}

void tc_wake(tc_running *running) {
  pthread_mutex_lock(&running->mutex);
  running->woken = 1;
  pthread_cond_signal(&running->end);
  pthread_mutex_unlock(&running->mutex);
}

int tc_wait(tc_running *running, int64_t milliseconds, tc_buffer *reply) {
  if (!tc_await(running, milliseconds)) return 0;
  *reply = running->reply;
  pthread_cond_destroy(&running->end);
  pthread_mutex_destroy(&running->mutex);
  free(running);
  return 1;
}
