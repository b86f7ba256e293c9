/*
 * Lists the steps of a task that can run, claims and executes the first, records its result,
 * and lists again.
 *
 *   cc ready_steps.c $(pkg-config --cflags --libs tasker_core) -o ready_steps
 *   ./ready_steps postgresql://localhost/shop 42
 */
#define EXAMPLE_NAME "ready_steps"
#include "client.h"

/* Prints the steps that can run, and returns the first, or 0. */
static int64_t show_ready_steps(client *c, int64_t task, int64_t version) {
  int64_t first = 0;
  uint32_t i, count;
  mp_reader ids;
  mp_writer w = request("viable_steps", 2);
  integer_argument(&w, "task_id", task);
  integer_argument(&w, "function_version", version);
  ids = ask(c, &w);
  count = mp_read_array(&ids);
  printf("ready:");
  for (i = 0; i < count; i++) {
    int64_t id = mp_read_integer(&ids);
    printf(" %" PRId64, id);
    if (i == 0) first = id;
  }
  puts(count == 0 ? " none" : "");
  return first;
}

static int64_t open_session(client *c, int64_t task, int64_t version) {
  mp_reader view;
  mp_writer w = request("open_session", 2);
  integer_argument(&w, "task_id", task);
  integer_argument(&w, "function_version", version);
  view = ask(c, &w);
  mp_read_array(&view);
  return mp_read_integer(&view);
}

/* Prints the code at the start of a claim or an outcome: [code, message, ...]. */
static int allowed(const char *what, int64_t step, mp_reader *outcome) {
  size_t code_length, message_length;
  const char *code, *message;
  mp_read_array(outcome);
  code = mp_read_text(outcome, &code_length);
  message = mp_read_text(outcome, &message_length);
  printf("%s %" PRId64 ": %.*s %.*s\n", what, step, (int)code_length, code, (int)message_length, message);
  return mp_is(code, code_length, "allowed");
}

static int claim(client *c, int64_t session, int64_t step) {
  mp_reader outcome;
  mp_writer w = request("session_claim", 2);
  integer_argument(&w, "session", session);
  integer_argument(&w, "step_id", step);
  outcome = ask(c, &w);
  return allowed("claim", step, &outcome);
}

/* results is JSON, and replaces the step's results. */
static int complete(client *c, int64_t session, int64_t step, const char *results) {
  mp_reader outcome;
  mp_writer w = request("session_finish", 6);
  integer_argument(&w, "session", session);
  integer_argument(&w, "step_id", step);
  text_argument(&w, "to", "complete");
  text_argument(&w, "metadata", "{}");
  mp_text(&w, "attempt");
  mp_boolean(&w, 1);
  mp_text(&w, "columns");
  mp_map(&w, 1);
  text_argument(&w, "results", results);
  outcome = ask(c, &w);
  return allowed("complete", step, &outcome);
}

static void close_session(client *c, int64_t session) {
  mp_writer w = request("close_session", 1);
  integer_argument(&w, "session", session);
  ask(c, &w);
}

int main(int argc, char **argv) {
  client c;
  int64_t task, version, step;
  if (argc != 3) die("usage: ready_steps DATABASE_URL TASK_ID");
  task = strtoll(argv[2], NULL, 10);
  c = open_client(argv[1]);
  version = readiness_version(&c);
  step = show_ready_steps(&c, task, version);
  if (step != 0) {
    int64_t session = open_session(&c, task, version);
    if (claim(&c, session, step)) complete(&c, session, step, "{\"answer\": 42}");
    close_session(&c, session);
    show_ready_steps(&c, task, version);
  }
  close_client(&c);
  return 0;
}
