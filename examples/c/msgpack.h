/*
 * The part of msgpack that the requests and replies of tasker_core need, for these examples
 * and for programs without a msgpack library. Larger programs can use msgpack-c or mpack.
 *
 * Errors are sticky: after the first one, nothing more is written or read, and failed is
 * set.
 */
#ifndef EXAMPLE_MSGPACK_H
#define EXAMPLE_MSGPACK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t *data;
  size_t length, room;
  int failed;
} mp_writer;

static inline void mp_bytes(mp_writer *w, const void *bytes, size_t length) {
  if (w->length + length > w->room) {
    size_t room = 2 * (w->length + length);
    uint8_t *data = w->failed ? NULL : (uint8_t *)realloc(w->data, room);
    if (data == NULL) {
      w->failed = 1;
      return;
    }
    w->data = data;
    w->room = room;
  }
  memcpy(w->data + w->length, bytes, length);
  w->length += length;
}

/* A type byte, followed by a big-endian number. */
static inline void mp_number(mp_writer *w, uint8_t type, uint64_t value, int bytes) {
  uint8_t out[9];
  int i;
  out[0] = type;
  for (i = 0; i < bytes; i++) out[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
  mp_bytes(w, out, (size_t)bytes + 1);
}

static inline void mp_array(mp_writer *w, uint32_t elements) { mp_number(w, 0xdd, elements, 4); }
static inline void mp_map(mp_writer *w, uint32_t pairs) { mp_number(w, 0xdf, pairs, 4); }
static inline void mp_integer(mp_writer *w, int64_t value) { mp_number(w, 0xd3, (uint64_t)value, 8); }
static inline void mp_boolean(mp_writer *w, int value) { mp_number(w, value ? 0xc3 : 0xc2, 0, 0); }

static inline void mp_text(mp_writer *w, const char *text) {
  mp_number(w, 0xdb, strlen(text), 4);
  mp_bytes(w, text, strlen(text));
}

typedef struct {
  const uint8_t *at, *end;
  int failed;
} mp_reader;

static inline uint8_t mp_byte(mp_reader *r) {
  if (r->failed || r->at == r->end) {
    r->failed = 1;
    return 0xc0;
  }
  return *r->at++;
}

static inline uint64_t mp_unsigned(mp_reader *r, int bytes) {
  uint64_t value = 0;
  while (bytes-- > 0) value = value << 8 | mp_byte(r);
  return value;
}

/* The number of elements of an array, or of pairs of a map. */
static inline uint32_t mp_elements(mp_reader *r, uint8_t fixed, uint8_t type16) {
  uint8_t type = mp_byte(r);
  if ((type & 0xf0) == fixed) return type & 0x0f;
  if (type == type16) return (uint32_t)mp_unsigned(r, 2);
  if (type == type16 + 1) return (uint32_t)mp_unsigned(r, 4);
  if (type != 0xc0) r->failed = 1;
  return 0;
}

static inline uint32_t mp_read_array(mp_reader *r) { return mp_elements(r, 0x90, 0xdc); }
static inline uint32_t mp_read_map(mp_reader *r) { return mp_elements(r, 0x80, 0xde); }

static inline int64_t mp_read_integer(mp_reader *r) {
  uint8_t type = mp_byte(r);
  if (type <= 0x7f || type >= 0xe0) return (int8_t)type;
  switch (type) {
    case 0xcc: return (int64_t)mp_unsigned(r, 1);
    case 0xcd: return (int64_t)mp_unsigned(r, 2);
    case 0xce: return (int64_t)mp_unsigned(r, 4);
    case 0xcf: case 0xd3: return (int64_t)mp_unsigned(r, 8);
    case 0xd0: return (int8_t)mp_unsigned(r, 1);
    case 0xd1: return (int16_t)mp_unsigned(r, 2);
    case 0xd2: return (int32_t)mp_unsigned(r, 4);
    default: r->failed = 1; return 0;
  }
}

/* A string or binary value inside the reply: length bytes, not NUL-terminated. */
static inline const char *mp_read_text(mp_reader *r, size_t *length) {
  uint8_t type = mp_byte(r);
  const char *text;
  *length = 0;
  if ((type & 0xe0) == 0xa0) *length = type & 0x1f;
  else if (type == 0xd9 || type == 0xc4) *length = (size_t)mp_unsigned(r, 1);
  else if (type == 0xda || type == 0xc5) *length = (size_t)mp_unsigned(r, 2);
  else if (type == 0xdb || type == 0xc6) *length = (size_t)mp_unsigned(r, 4);
  else if (type != 0xc0) r->failed = 1;
  if (*length > (size_t)(r->end - r->at)) r->failed = 1;
  if (r->failed) *length = 0;
  text = (const char *)r->at;
  r->at += *length;
  return text;
}

static inline int mp_is(const char *text, size_t length, const char *expected) {
  return strlen(expected) == length && memcmp(text, expected, length) == 0;
}

/* Skips one value of any type. */
static inline void mp_skip(mp_reader *r) {
  uint64_t values = 1;
  while (values > 0 && !r->failed) {
    uint8_t type = r->at < r->end ? *r->at : 0xc0;
    size_t length;
    values--;
    if ((type & 0xf0) == 0x90 || type == 0xdc || type == 0xdd) values += mp_read_array(r);
    else if ((type & 0xf0) == 0x80 || type == 0xde || type == 0xdf) values += 2 * (uint64_t)mp_read_map(r);
    else if ((type & 0xe0) == 0xa0 || (type >= 0xd9 && type <= 0xdb) || (type >= 0xc4 && type <= 0xc6)) mp_read_text(r, &length);
    else if (type == 0xc0 || type == 0xc2 || type == 0xc3) mp_byte(r);
    else if (type == 0xca || type == 0xcb) { mp_byte(r); mp_unsigned(r, type == 0xca ? 4 : 8); }
    else mp_read_integer(r);
  }
}

#endif
