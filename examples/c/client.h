/*
 * The common part of the examples: an open core, requests to it, and error handling. Define
 * EXAMPLE_NAME before including it.
 */
#ifndef EXAMPLE_CLIENT_H
#define EXAMPLE_CLIENT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tasker_core.h>

#include "msgpack.h"

static inline void die(const char *what) {
  fprintf(stderr, EXAMPLE_NAME ": %s\n", what);
  exit(1);
}

/* Shows the message of an error: a map with code, message, sqlstate, retryable, details. */
static inline void die_of(mp_reader *error) {
  uint32_t pairs = mp_read_map(error);
  while (pairs-- > 0 && !error->failed) {
    size_t length;
    const char *name = mp_read_text(error, &length);
    if (mp_is(name, length, "message")) {
      const char *message = mp_read_text(error, &length);
      fprintf(stderr, EXAMPLE_NAME ": %.*s\n", (int)length, message);
      exit(1);
    }
    mp_skip(error);
  }
  die("the reply is damaged");
}

/* An open core, and the reply of its last call. */
typedef struct {
  uint64_t core;
  tc_buffer reply;
} client;

static inline client open_client(const char *database_url) {
  client c = {0, {NULL, 0}};
  mp_writer settings = {0};
  if (tc_abi_version() != TC_ABI_VERSION) die("the library and the header have different versions");
  mp_map(&settings, 1);
  mp_text(&settings, "database_url");
  mp_text(&settings, database_url);
  if (settings.failed) die("out of memory");
  c.core = tc_open(settings.data, settings.length, &c.reply);
  free(settings.data);
  if (c.core == 0) {
    mp_reader error = {c.reply.data, c.reply.data + c.reply.length, 0};
    mp_read_array(&error);
    mp_skip(&error);
    die_of(&error);
  }
  return c;
}

static inline void close_client(client *c) {
  tc_free(c->reply);
  tc_close(c->core);
}

/* Begins the request [operation, arguments, answers] with this number of arguments. */
static inline mp_writer request(const char *operation, uint32_t arguments) {
  mp_writer w = {0};
  mp_array(&w, 3);
  mp_text(&w, operation);
  mp_map(&w, arguments);
  return w;
}

static inline void integer_argument(mp_writer *w, const char *name, int64_t value) {
  mp_text(w, name);
  mp_integer(w, value);
}

static inline void text_argument(mp_writer *w, const char *name, const char *value) {
  mp_text(w, name);
  mp_text(w, value);
}

/* Sends the request and frees it; returns a reader of the value, valid until the next call. */
static inline mp_reader ask(client *c, mp_writer *w) {
  mp_reader value = {NULL, NULL, 0};
  mp_array(w, 0); /* No answers: a core with connections of its own asks for none. */
  if (w->failed) die("out of memory");
  tc_free(c->reply);
  tc_call(c->core, 0, w->data, w->length, &c->reply);
  free(w->data);
  value.at = c->reply.data;
  value.end = c->reply.data + c->reply.length;
  if (mp_read_array(&value) != 2) die("the reply is damaged");
  if (mp_read_integer(&value) != 0) die_of(&value);
  return value;
}

static inline int64_t readiness_version(client *c) {
  mp_writer w = request("readiness_version", 0);
  mp_reader value = ask(c, &w);
  return mp_read_integer(&value);
}

#endif
