/*
 * Creates a task, executes its steps, prints its progress, and draws it.
 *
 *   cc first_task.c $(pkg-config --cflags --libs tasker_core) -o first_task
 *   ./first_task postgresql://localhost/first
 */
#define EXAMPLE_NAME "first_task"
#include "client.h"

static void text_list_argument(mp_writer *w, const char *name, const char *const *values, uint32_t count) {
  uint32_t i;
  mp_text(w, name);
  mp_array(w, count);
  for (i = 0; i < count; i++) mp_text(w, values[i]);
}

/* Creates the tables. If they exist already, the error is ignored. */
static void install_schema(client *c) {
  mp_writer w = request("install_schema", 0);
  mp_array(&w, 0);
  tc_free(c->reply);
  tc_call(c->core, 0, w.data, w.length, &c->reply);
  free(w.data);
}

static const char *const steps[] = {"extract", "total", "largest", "report"};
static const char *const no_step[] = {NULL};
static const char *const extract[] = {"extract"};
static const char *const both[] = {"total", "largest"};
enum { STEPS = 4 };

static void step(mp_writer *w, const char *name, const char *const *depends_on, uint32_t count) {
  mp_map(w, 2);
  text_argument(w, "name", name);
  text_list_argument(w, "depends_on", depends_on, count);
}

/* The answer is [task id, step ids, identity hash, event]. */
static int64_t create_task(client *c) {
  mp_reader made;
  mp_writer w = request("create_task", 4);
  text_argument(&w, "namespace", "examples");
  text_argument(&w, "name", "first_task");
  text_argument(&w, "context", "{\"day\": \"2026-11-26\"}");
  mp_text(&w, "steps");
  mp_array(&w, STEPS);
  step(&w, steps[0], no_step, 0);
  step(&w, steps[1], extract, 1);
  step(&w, steps[2], extract, 1);
  step(&w, steps[3], both, 2);
  made = ask(c, &w);
  mp_read_array(&made);
  return mp_read_integer(&made);
}

/* A table is {"rows": n, "columns": [[name, kind, data, nulls, dictionary], ...]}; a column
 * of integers has eight bytes per cell, little endian. Returns the number of rows. */
static uint32_t read_integers(mp_reader table, const char *wanted, int64_t *values, uint32_t room) {
  uint32_t pairs = mp_read_map(&table), rows = 0, columns, row;
  size_t length;
  if (pairs != 2) die("the table is damaged");
  mp_skip(&table);
  rows = (uint32_t)mp_read_integer(&table);
  mp_skip(&table);
  if (rows > room) rows = room;
  for (columns = mp_read_array(&table); columns > 0 && !table.failed; columns--) {
    const uint8_t *data;
    const char *name;
    int found;
    mp_read_array(&table);
    name = mp_read_text(&table, &length);
    found = mp_is(name, length, wanted);
    mp_skip(&table);
    data = (const uint8_t *)mp_read_text(&table, &length);
    if (found && length >= 8 * (size_t)rows) {
      for (row = 0; row < rows; row++) {
        int byte;
        uint64_t value = 0;
        for (byte = 7; byte >= 0; byte--) value = value << 8 | data[8 * row + byte];
        values[row] = (int64_t)value;
      }
      return rows;
    }
    mp_skip(&table);
    mp_skip(&table);
  }
  if (rows > 0) die("a column of the table is missing");
  return 0;
}

/* Claims the steps that can run; the first sets its task in_progress. */
static mp_reader claim_ready_steps(client *c, int64_t version) {
  uint32_t i;
  mp_writer w = request("claim_ready_steps", 4);
  mp_text(&w, "handlers");
  mp_array(&w, STEPS);
  for (i = 0; i < STEPS; i++) {
    mp_array(&w, 4);
    mp_text(&w, "examples");
    mp_text(&w, "first_task");
    mp_text(&w, "");
    mp_text(&w, steps[i]);
  }
  integer_argument(&w, "limit", STEPS);
  mp_text(&w, "start_tasks");
  mp_boolean(&w, 1);
  integer_argument(&w, "function_version", version);
  return ask(c, &w);
}

static void complete(client *c, int64_t task, int64_t step_id, int64_t token) {
  mp_writer w = request("finish_claim", 5);
  integer_argument(&w, "task_id", task);
  integer_argument(&w, "step_id", step_id);
  integer_argument(&w, "token", token);
  text_argument(&w, "to", "complete");
  text_argument(&w, "results", "{\"done\": true}");
  ask(c, &w);
}

/* Ends the task if no work is left, and prints its state. */
static int finalize(client *c, int64_t task, int64_t version, uint32_t done) {
  size_t length;
  const char *state;
  mp_reader value;
  mp_writer w = request("finalize_task", 2);
  integer_argument(&w, "task_id", task);
  integer_argument(&w, "function_version", version);
  value = ask(c, &w);
  state = mp_read_text(&value, &length);
  printf("%.*s: %" PRIu32 " of %d steps complete\n", (int)length, state, done, STEPS);
  return mp_is(state, length, "complete");
}

/* Executes ready steps until the task is complete. Steps of other tasks with the same name
 * are executed too. */
static void work(client *c, int64_t task, int64_t version) {
  int64_t ids[STEPS], tasks[STEPS], tokens[STEPS];
  uint32_t done = 0, row, rows;
  do {
    mp_reader claimed = claim_ready_steps(c, version);
    rows = read_integers(claimed, "workflow_step_id", ids, STEPS);
    read_integers(claimed, "task_id", tasks, STEPS);
    read_integers(claimed, "token", tokens, STEPS);
    if (rows == 0) die("no step is ready");
    for (row = 0; row < rows; row++) {
      complete(c, tasks[row], ids[row], tokens[row]);
      if (tasks[row] == task) done++;
    }
  } while (!finalize(c, task, version, done));
}

static void draw(client *c, int64_t task) {
  size_t length;
  const char *text;
  mp_reader value;
  mp_writer w = request("draw", 2);
  integer_argument(&w, "task_id", task);
  text_argument(&w, "format", "mermaid");
  value = ask(c, &w);
  text = mp_read_text(&value, &length);
  printf("%.*s\n", (int)length, text);
}

int main(int argc, char **argv) {
  client c;
  int64_t task, version;
  if (argc != 2) die("usage: first_task DATABASE_URL");
  c = open_client(argv[1]);
  install_schema(&c);
  version = readiness_version(&c);
  task = create_task(&c);
  printf("made task %" PRId64 " of %d steps\n", task, STEPS);
  work(&c, task, version);
  draw(&c, task);
  close_client(&c);
  return 0;
}
