/*
 * What the header promises, tried without a database. Exits with 0 where all of it
 * holds. With the argument "leak" it keeps a reply back: a check of leaks must
 * notice that.
 */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tasker_core.h>

#include "../../examples/c/msgpack.h"

#define CHECK(what) check((what) != 0, #what, __LINE__)

static void check(int holds, const char *what, int line) {
  if (holds) return;
  fprintf(stderr, "interface.c:%d: not so: %s\n", line, what);
  exit(1);
}

/* A map of one text setting, and no log. */
static mp_writer setting(const char *name, const char *value) {
  mp_writer w = {0};
  mp_map(&w, 2);
  mp_text(&w, "log_level");
  mp_text(&w, "off");
  mp_text(&w, name);
  mp_text(&w, value);
  return w;
}

static tc_buffer ask(uint64_t core, uint64_t token, const char *operation, int64_t task) {
  tc_buffer reply = {0};
  mp_writer w = {0};
  mp_array(&w, 3);
  mp_text(&w, operation);
  mp_map(&w, task > 0);
  if (task > 0) {
    mp_text(&w, "task_id");
    mp_integer(&w, task);
  }
  mp_array(&w, 0);
  CHECK(!w.failed);
  tc_call(core, token, w.data, w.length, &reply);
  free(w.data);
  return reply;
}

/* 0 for a value, 1 for a statement, 2 for an error; frees the reply. */
static int64_t kind(tc_buffer reply) {
  mp_reader r = {0};
  int64_t kind;
  r.at = reply.data;
  r.end = reply.data + reply.length;
  CHECK(mp_read_array(&r) >= 2);
  kind = mp_read_integer(&r);
  while (r.at < r.end) mp_skip(&r);
  CHECK(!r.failed);
  tc_free(reply);
  return kind;
}

static int has_code(tc_buffer reply, const char *code) {
  mp_reader r = {0};
  uint32_t pairs;
  int found = 0;
  r.at = reply.data;
  r.end = reply.data + reply.length;
  CHECK(mp_read_array(&r) == 2 && mp_read_integer(&r) == 2);
  for (pairs = mp_read_map(&r); pairs > 0; pairs--) {
    size_t name_length, length;
    const char *name = mp_read_text(&r, &name_length);
    if (mp_is(name, name_length, "code")) {
      const char *text = mp_read_text(&r, &length);
      found = mp_is(text, length, code);
    } else {
      mp_skip(&r);
    }
  }
  CHECK(!r.failed);
  tc_free(reply);
  return found;
}

static void opens_and_closes(void) {
  uint8_t garbage = 0;
  tc_buffer reply = {0};
  mp_writer wrong = setting("colour", "red");
  uint64_t first, second;
  reply.data = &garbage;
  first = tc_open(NULL, 0, &reply);
  CHECK(first > 0 && reply.data == NULL && reply.length == 0);
  second = tc_open(NULL, 0, &reply);
  CHECK(second > 0 && second != first);
  tc_free(reply);
  CHECK(tc_open(wrong.data, wrong.length, &reply) == 0);
  CHECK(has_code(reply, "configuration"));
  free(wrong.data);
  tc_close(first);
  tc_close(first);
  tc_close(12345678);
  CHECK(has_code(ask(first, 0, "ping", 0), "invalid_argument"));
  CHECK(kind(ask(second, 0, "ping", 0)) == 0);
  tc_close(second);
}

static const uint8_t ping[] = {0x93, 0xa4, 'p', 'i', 'n', 'g', 0x80, 0x90};
static const uint8_t pong[] = {0x92, 0x00, 0xa4, 'p', 'o', 'n', 'g'};

static void leaves_requests_alone(uint64_t core) {
  uint8_t request[sizeof ping];
  tc_buffer reply;
  memcpy(request, ping, sizeof ping);
  tc_call(core, 0, request, sizeof request, &reply);
  CHECK(memcmp(request, ping, sizeof ping) == 0);
  CHECK(reply.length == sizeof pong && memcmp(reply.data, pong, sizeof pong) == 0);
  tc_free(reply);
  tc_call(core, 0, request, sizeof request - 1, &reply);
  CHECK(has_code(reply, "malformed_request"));
  tc_call(core, 0, NULL, 0, &reply);
  CHECK(has_code(reply, "malformed_request"));
  CHECK(has_code(ask(core, 0, "fly", 0), "unknown_operation"));
}

/* A map with the unknown name x, which is nil. */
static void names_what_it_does_not_know(uint64_t core) {
  static const uint8_t unknown[] = {0x93, 0xa4, 'p', 'i', 'n', 'g', 0x81, 0xa1, 'x', 0xc0, 0x90};
  tc_buffer reply;
  tc_call(core, 0, unknown, sizeof unknown, &reply);
  CHECK(has_code(reply, "invalid_argument"));
  CHECK(tc_open(unknown + 6, 4, &reply) == 0);
  CHECK(has_code(reply, "configuration"));
}

static void refuses_what_is_nested_too_deep(uint64_t core) {
  static const uint8_t openings[] = {0x91, 0x81};
  size_t i, length = 5 << 20;
  tc_buffer reply;
  uint8_t *request = malloc(length);
  CHECK(request != NULL);
  for (i = 0; i < sizeof openings; i++) {
    memset(request, openings[i], length);
    tc_call(core, 0, request, length, &reply);
    CHECK(has_code(reply, "invalid_argument"));
    CHECK(tc_open(request, length, &reply) == 0);
    CHECK(has_code(reply, "configuration"));
  }
  free(request);
}

static void hands_statements_out(uint64_t core) {
  CHECK(kind(ask(core, 0, "dependency_levels", 42)) == 1);
}

static void cancels(void) {
  tc_buffer reply;
  mp_writer nowhere = setting("database_url", "postgresql:///nowhere?host=/nowhere");
  uint64_t core = tc_open(nowhere.data, nowhere.length, &reply), early = tc_token(), late = tc_token();
  free(nowhere.data);
  CHECK(core > 0 && early > 0 && late > 0 && early != late);
  tc_cancel(early);
  CHECK(has_code(ask(core, early, "dependency_levels", 42), "cancelled"));
  CHECK(has_code(ask(core, late, "dependency_levels", 42), "database"));
  tc_cancel(late);
  tc_cancel(late);
  tc_cancel(0);
  tc_close(core);
}

static void starts_calls_and_waits(uint64_t core) {
  tc_buffer reply;
  tc_running *running = tc_start(core, 0, ping, sizeof ping);
  CHECK(running != NULL);
  while (!tc_wait(running, 1000, &reply)) continue;
  CHECK(reply.length == sizeof pong && memcmp(reply.data, pong, sizeof pong) == 0);
  tc_free(reply);
}

static void *wake_it(void *running) {
  tc_wake(running);
  return NULL;
}

static void wakes_who_waits(void) {
  tc_buffer reply;
  pthread_t waker;
  mp_writer nowhere = setting("database_url", "postgresql://127.0.0.1:1/nowhere");
  mp_writer request = {0};
  uint64_t core = tc_open(nowhere.data, nowhere.length, &reply), token = tc_token();
  tc_running *running;
  free(nowhere.data);
  mp_array(&request, 3);
  mp_text(&request, "await_steps");
  mp_map(&request, 1);
  mp_text(&request, "timeout_ms");
  mp_integer(&request, 60000);
  mp_array(&request, 0);
  running = tc_start(core, token, request.data, request.length);
  free(request.data);
  tc_wake(running);
  CHECK(tc_await(running, 0) == 0 || tc_await(running, -1) == 1);
  CHECK(pthread_create(&waker, NULL, wake_it, running) == 0);
  tc_await(running, -1);
  CHECK(pthread_join(waker, NULL) == 0);
  tc_cancel(token);
  while (!tc_await(running, -1)) continue;
  CHECK(tc_await(running, 0) == 1 && tc_wait(running, 0, &reply) == 1);
  tc_free(reply);
  tc_close(core);
}

static void submits_calls(uint64_t core) {
  uint64_t queue = tc_completions(), token = tc_token(), unused = tc_token();
  struct pollfd readable = {0};
  tc_buffer batch;
  mp_reader r = {0};
  size_t length;
  const char *reply;
  CHECK(queue > 0 && tc_submit(core, token, ping, sizeof ping, queue) == 1);
  readable.fd = tc_queue_fd(queue);
  readable.events = POLLIN;
  CHECK(readable.fd >= 0 && poll(&readable, 1, 30000) == 1);
  CHECK(tc_queue_drain(queue, 10, &batch) == 1);
  r.at = batch.data;
  r.end = batch.data + batch.length;
  CHECK(mp_read_array(&r) == 1 && mp_read_array(&r) == 2 && mp_read_integer(&r) == (int64_t)token);
  reply = mp_read_text(&r, &length);
  CHECK(!r.failed && length == sizeof pong && memcmp(reply, pong, length) == 0);
  tc_free(batch);
  tc_queue_close(queue);
  CHECK(tc_submit(core, unused, ping, sizeof ping, queue) == 0);
  tc_cancel(unused);
}

static void knows_queues(void) {
  tc_buffer batch = {0};
  CHECK(tc_queue_fd(12345678) == -1);
  CHECK(tc_queue_drain(12345678, 10, &batch) == TC_QUEUE_ENDED);
  tc_free(batch);
  tc_queue_close(12345678);
}

static void *ping_often(void *core) {
  int i;
  for (i = 0; i < 300; i++) CHECK(kind(ask(*(uint64_t *)core, tc_token(), "ping", 0)) == 0);
  return NULL;
}

static void takes_calls_of_many_threads(uint64_t core) {
  pthread_t threads[8];
  size_t i;
  for (i = 0; i < 8; i++) CHECK(pthread_create(&threads[i], NULL, ping_often, &core) == 0);
  for (i = 0; i < 8; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv) {
  tc_buffer reply;
  uint64_t core;
  CHECK(tc_abi_version() == TC_ABI_VERSION);
  opens_and_closes();
  core = tc_open(NULL, 0, &reply);
  leaves_requests_alone(core);
  names_what_it_does_not_know(core);
  refuses_what_is_nested_too_deep(core);
  hands_statements_out(core);
  cancels();
  knows_queues();
  starts_calls_and_waits(core);
  wakes_who_waits();
  submits_calls(core);
  takes_calls_of_many_threads(core);
  if (argc > 1 && strcmp(argv[1], "leak") == 0) {
    reply = ask(core, 0, "ping", 0);
    reply.data = NULL;
  }
  tc_close(core);
  puts("the interface keeps its promises");
  return 0;
}
