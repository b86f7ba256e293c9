/*
 * Columns to others by the Arrow C data interface and its PyCapsules: the buffers are
 * Python's bytes, which are kept until the consumer releases what it was given, from
 * whatever thread. https://arrow.apache.org/docs/format/CDataInterface.html
 */
#include "_arrow.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As the specification has them, word for word. */
#define ARROW_FLAG_NULLABLE 2

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

/*
 * A column is a tuple: name and format (UTF-8 bytes), length, count of nulls, a tuple of
 * buffers (bytes, or None), a tuple of children, a dictionary (a column) or None.
 */
enum { NAME, FORMAT, LENGTH, NULLS, BUFFERS, CHILDREN, DICTIONARY };

static PyObject *field(PyObject *column, int place) { return PyTuple_GetItem(column, place); }

static int64_t number(PyObject *column, int place) { return PyLong_AsLongLong(field(column, place)); }

static void drop(PyObject *held) {
  PyGILState_STATE state;
  if (!Py_IsInitialized()) return;
  state = PyGILState_Ensure();
  Py_DECREF(held);
  PyGILState_Release(state);
}

static void release_schema(struct ArrowSchema *schema) {
  int64_t place;
  for (place = 0; place < schema->n_children; place++) {
    if (schema->children[place]->release) schema->children[place]->release(schema->children[place]);
    free(schema->children[place]);
  }
  free(schema->children);
  if (schema->dictionary) {
    if (schema->dictionary->release) schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
  }
  drop(schema->private_data);
  schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
  int64_t place;
  for (place = 0; place < array->n_children; place++) {
    if (array->children[place]->release) array->children[place]->release(array->children[place]);
    free(array->children[place]);
  }
  free(array->children);
  if (array->dictionary) {
    if (array->dictionary->release) array->dictionary->release(array->dictionary);
    free(array->dictionary);
  }
  free((void *)array->buffers);
  drop(array->private_data);
  array->release = NULL;
}

/* Fills a schema; 0, or ENOMEM with what was filled released. The GIL is held. */
static int fill_schema(struct ArrowSchema *out, PyObject *column) {
  PyObject *children = field(column, CHILDREN), *dictionary = field(column, DICTIONARY);
  const int64_t count = PyTuple_Size(children);
  memset(out, 0, sizeof *out);
  out->format = PyBytes_AsString(field(column, FORMAT));
  out->name = PyBytes_AsString(field(column, NAME));
  out->flags = ARROW_FLAG_NULLABLE;
  out->release = release_schema;
  Py_INCREF(column);
  out->private_data = column;
  out->children = calloc(count ? (size_t)count : 1, sizeof *out->children);
  if (!out->children) goto failed;
  while (out->n_children < count) {
    struct ArrowSchema *child = calloc(1, sizeof *child);
    if (!child) goto failed;
    out->children[out->n_children++] = child;
    if (fill_schema(child, PyTuple_GetItem(children, out->n_children - 1))) goto failed;
  }
  if (dictionary != Py_None) {
    out->dictionary = calloc(1, sizeof *out->dictionary);
    if (!out->dictionary || fill_schema(out->dictionary, dictionary)) goto failed;
  }
  return 0;
failed:
  release_schema(out);
  return ENOMEM;
}

/* The same for an array. */
static int fill_array(struct ArrowArray *out, PyObject *column) {
  PyObject *children = field(column, CHILDREN), *dictionary = field(column, DICTIONARY);
  PyObject *buffers = field(column, BUFFERS);
  const int64_t count = PyTuple_Size(children);
  int64_t place;
  memset(out, 0, sizeof *out);
  out->length = number(column, LENGTH);
  out->null_count = number(column, NULLS);
  out->release = release_array;
  Py_INCREF(column);
  out->private_data = column;
  out->buffers = calloc((size_t)PyTuple_Size(buffers) + 1, sizeof *out->buffers);
  out->children = calloc(count ? (size_t)count : 1, sizeof *out->children);
  if (!out->buffers || !out->children) goto failed;
  out->n_buffers = PyTuple_Size(buffers);
  for (place = 0; place < out->n_buffers; place++) {
    PyObject *buffer = PyTuple_GetItem(buffers, place);
    out->buffers[place] = buffer == Py_None ? NULL : PyBytes_AsString(buffer);
  }
  while (out->n_children < count) {
    struct ArrowArray *child = calloc(1, sizeof *child);
    if (!child) goto failed;
    out->children[out->n_children++] = child;
    if (fill_array(child, PyTuple_GetItem(children, out->n_children - 1))) goto failed;
  }
  if (dictionary != Py_None) {
    out->dictionary = calloc(1, sizeof *out->dictionary);
    if (!out->dictionary || fill_array(out->dictionary, dictionary)) goto failed;
  }
  return 0;
failed:
  release_array(out);
  return ENOMEM;
}

/* A stream of one batch: the column is taken out with it. */
struct stream {
  PyObject *column;
  int given;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  struct stream *of = stream->private_data;
  PyGILState_STATE state = PyGILState_Ensure();
  const int code = fill_schema(out, of->column);
  PyGILState_Release(state);
  return code;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  struct stream *of = stream->private_data;
  PyGILState_STATE state;
  int code;
  if (of->given) {
    memset(out, 0, sizeof *out);
    return 0;
  }
  state = PyGILState_Ensure();
  code = fill_array(out, of->column);
  PyGILState_Release(state);
  of->given = code == 0;
  return code;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "out of memory";
}

static void release_stream(struct ArrowArrayStream *stream) {
  struct stream *of = stream->private_data;
  drop(of->column);
  free(of);
  stream->release = NULL;
}

static void end_capsule(PyObject *capsule) {
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
  if (stream->release) stream->release(stream);
  free(stream);
}

const char arrow_stream_doc[] = "arrow_stream(column) -> capsule\n\nA stream of one batch, as __arrow_c_stream__ returns it.";

PyObject *arrow_stream(PyObject *module, PyObject *args) {
  PyObject *column, *capsule;
  struct ArrowArrayStream *stream;
  struct stream *of;
  (void)module;
  if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &column)) return NULL;
  stream = calloc(1, sizeof *stream);
  of = calloc(1, sizeof *of);
  if (!stream || !of) {
    free(stream);
    free(of);
    return PyErr_NoMemory();
  }
  Py_INCREF(column);
  of->column = column;
  stream->get_schema = get_schema;
  stream->get_next = get_next;
  stream->get_last_error = get_last_error;
  stream->release = release_stream;
  stream->private_data = of;
  capsule = PyCapsule_New(stream, "arrow_array_stream", end_capsule);
  if (!capsule) {
    release_stream(stream);
    free(stream);
  }
  return capsule;
}

const char arrow_bits_doc[] = "arrow_bits(flags, inverted) -> bytes\n\nOne bit for each byte; the first byte is the lowest bit.";

PyObject *arrow_bits(PyObject *module, PyObject *args) {
  const char *flags;
  char *bits;
  Py_ssize_t count, place;
  int inverted;
  PyObject *packed;
  (void)module;
  if (!PyArg_ParseTuple(args, "y#p", &flags, &count, &inverted)) return NULL;
  packed = PyBytes_FromStringAndSize(NULL, (count + 7) / 8);
  if (!packed) return NULL;
  bits = PyBytes_AsString(packed);
  memset(bits, 0, (size_t)((count + 7) / 8));
  for (place = 0; place < count; place++) {
    if ((flags[place] == 0) == inverted) bits[place / 8] |= (char)(1 << (place % 8));
  }
  return packed;
}
