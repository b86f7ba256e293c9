/*
 * The Python shim: it copies bytes, releases the GIL while the core waits, serves
 * signals meanwhile, and keeps a forked child out of Go. Everything else is Python
 * or Go. It keeps to the limited API of CPython 3.10, so one build serves that
 * version and all later ones.
 *
 * The module is loaded on first use, never at import: a Go runtime that is loaded in
 * a parent hangs in its forked children (see _library.py).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "_arrow.h"
#include "tasker_core.h"

/* Requests up to this many bytes are answered in microseconds: giving the GIL away
 * and queueing for it again would cost more than the call. */
#define SHORT_REQUEST (32 * 1024)

/* How often the main thread looks for signals while it waits: Python's own handler only
 * notes a signal, and any thread may be given it. */
#define SIGNAL_TICK_MS 20

static PyObject *forked_error;
static pid_t loaded_in;

/* -1 with Forked set where this process is a fork of the one that loaded Go. */
static int guard_process(void) {
  if (getpid() == loaded_in) return 0;
  PyErr_Format(forked_error, "the native core was loaded in process %d and cannot be used in its forked child %d",
               (int)loaded_in, (int)getpid());
  return -1;
}

static PyObject *take_buffer(tc_buffer *buffer) {
  PyObject *bytes = PyBytes_FromStringAndSize((const char *)buffer->data, (Py_ssize_t)buffer->length);
  tc_free(*buffer);
  return bytes;
}

static int is_error(const tc_buffer *reply) { return reply->length > 1 && reply->data[1] == 2; }

/* Signals reach Python code in the main thread alone. */
static int is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }

static int wait_without_gil(tc_running *running, int64_t milliseconds, tc_buffer *reply) {
  int ended;
  Py_BEGIN_ALLOW_THREADS
  ended = tc_wait(running, milliseconds, reply);
  Py_END_ALLOW_THREADS
  return ended;
}

/* Cancels a call and waits for its end, which follows at once. */
static void end_call(tc_running *running, uint64_t token, tc_buffer *reply) {
  tc_cancel(token);
  wait_without_gil(running, -1, reply);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long to wait before the next look at signals and the deadline (-1: none). */
static int64_t slice_until(int64_t deadline) {
  const int64_t tick = is_main_thread() ? SIGNAL_TICK_MS : -1;
  int64_t left;
  if (deadline < 0) return tick;
  left = deadline - now_ms();
  if (left < 0) left = 0;
  return tick >= 0 && tick < left ? tick : left;
}

/* Adds a reply to a list, where one was given, and gives it. */
static PyObject *keep(PyObject *taken, PyObject *reply) {
  if (!reply || !taken || PyList_Append(taken, reply) == 0) return reply;
  Py_DECREF(reply);
  return NULL;
}

/* Keeps the reply of a call that had come to its end although an exception goes on. */
static void keep_beside_exception(PyObject *taken, tc_buffer *reply) {
  PyObject *type, *value, *trace, *bytes;
  PyErr_Fetch(&type, &value, &trace);
  bytes = keep(taken, take_buffer(reply));
  Py_XDECREF(bytes);
  PyErr_Restore(type, value, trace);
}

/* Waits in slices for the call's end, a signal whose handler raises, or the deadline. */
static PyObject *wait_for(tc_running *running, uint64_t token, int64_t deadline, PyObject *taken) {
  tc_buffer reply = {0};
  while (!wait_without_gil(running, slice_until(deadline), &reply)) {
    const int raised = PyErr_CheckSignals() < 0;
    if (!raised && (deadline < 0 || now_ms() < deadline)) continue;
    end_call(running, token, &reply);
    if (!raised && !is_error(&reply)) break;
    if (!raised) PyErr_SetString(PyExc_TimeoutError, "");
    keep_beside_exception(taken, &reply);
    return NULL;
  }
  return keep(taken, take_buffer(&reply));
}

/* Runs a call on this thread: a thread less to wake than by starting and waiting, where
 * nothing but the core's end can end it. */
static PyObject *call_here(uint64_t core, tc_byte *request, size_t length) {
  tc_buffer reply = {0};
  Py_BEGIN_ALLOW_THREADS
  tc_call(core, 0, request, length, &reply);
  Py_END_ALLOW_THREADS
  return take_buffer(&reply);
}

PyDoc_STRVAR(call_doc,
"call(core, request, milliseconds, taken=None) -> bytes\n\n"
"Runs a request that may wait for the database, without the GIL. A signal whose\n"
"handler raises cancels it, and so does the time limit (TimeoutError). A negative\n"
"value means no limit. taken is a list that also receives the reply, even if a signal's\n"
"handler raises, so that whatever the request opened can be closed.");

static PyObject *native_call(PyObject *self, PyObject *args) {
  unsigned long long core;
  const char *request;
  Py_ssize_t length;
  long long limit;
  uint64_t token;
  tc_running *running;
  PyObject *taken = NULL;
  if (!PyArg_ParseTuple(args, "Ky#L|O!", &core, &request, &length, &limit, &PyList_Type, &taken)) return NULL;
  if (guard_process() < 0) return NULL;
  if (limit < 0 && !is_main_thread()) return keep(taken, call_here(core, (tc_byte *)request, (size_t)length));
  token = tc_token();
  running = tc_start(core, token, (tc_byte *)request, (size_t)length);
  return wait_for(running, token, limit < 0 ? -1 : now_ms() + limit, taken);
}

PyDoc_STRVAR(ask_doc,
"ask(core, request) -> bytes\n\n"
"Runs a request that the core answers from memory.");

static PyObject *native_ask(PyObject *self, PyObject *const *args, Py_ssize_t count) {
  tc_buffer reply = {0};
  uint64_t core;
  char *request;
  Py_ssize_t length;
  if (count != 2) return PyErr_Format(PyExc_TypeError, "ask takes a core and a request");
  core = PyLong_AsUnsignedLongLong(args[0]);
  if (core == (uint64_t)-1 && PyErr_Occurred()) return NULL;
  if (PyBytes_AsStringAndSize(args[1], &request, &length) < 0 || guard_process() < 0) return NULL;
  if (length > SHORT_REQUEST) return call_here(core, (tc_byte *)request, (size_t)length);
  tc_call(core, 0, (tc_byte *)request, (size_t)length, &reply);
  return take_buffer(&reply);
}

PyDoc_STRVAR(submit_doc,
"submit(core, request, completions) -> token\n\n"
"Starts a request whose reply goes to a queue of completions.");

static PyObject *native_submit(PyObject *self, PyObject *args) {
  unsigned long long core, completions;
  const char *request;
  Py_ssize_t length;
  uint64_t token;
  if (!PyArg_ParseTuple(args, "Ky#K", &core, &request, &length, &completions) || guard_process() < 0) return NULL;
  token = tc_token();
  if (!tc_submit(core, token, (tc_byte *)request, (size_t)length, completions)) {
    return PyErr_Format(PyExc_ValueError, "there is no queue of completions %llu", completions);
  }
  return PyLong_FromUnsignedLongLong(token);
}

PyDoc_STRVAR(cancel_doc, "cancel(token): ends a submitted request, which still gets a reply.");

static PyObject *native_cancel(PyObject *self, PyObject *token) {
  const uint64_t number = PyLong_AsUnsignedLongLong(token);
  if (PyErr_Occurred() || guard_process() < 0) return NULL;
  tc_cancel(number);
  Py_RETURN_NONE;
}

PyDoc_STRVAR(completions_doc, "completions() -> (queue, descriptor), for the replies of submitted requests.");

static PyObject *native_completions(PyObject *self, PyObject *ignored) {
  uint64_t queue;
  if (guard_process() < 0) return NULL;
  queue = tc_completions();
  if (!queue) return PyErr_Format(PyExc_OSError, "the system has no file descriptor left");
  return Py_BuildValue("(Ki)", (unsigned long long)queue, tc_queue_fd(queue));
}

PyDoc_STRVAR(drain_doc,
"drain(queue, limit) -> bytes or None\n\n"
"Takes the items of a queue without waiting: a msgpack array, or nothing; None where\n"
"the queue has ended.");

static PyObject *native_drain(PyObject *self, PyObject *args) {
  unsigned long long queue;
  unsigned int limit;
  int64_t count;
  tc_buffer batch = {0};
  if (!PyArg_ParseTuple(args, "KI", &queue, &limit) || guard_process() < 0) return NULL;
  Py_BEGIN_ALLOW_THREADS
  count = tc_queue_drain(queue, limit, &batch);
  Py_END_ALLOW_THREADS
  if (count == TC_QUEUE_ENDED) Py_RETURN_NONE;
  return take_buffer(&batch);
}

PyDoc_STRVAR(close_queue_doc, "close_queue(queue): ends a queue; in a forked child there is nothing to end.");

static PyObject *native_close_queue(PyObject *self, PyObject *queue) {
  const uint64_t handle = PyLong_AsUnsignedLongLong(queue);
  if (PyErr_Occurred()) return NULL;
  if (getpid() == loaded_in) tc_queue_close(handle);
  Py_RETURN_NONE;
}

PyDoc_STRVAR(open_doc, "open(settings) -> (core, reply): a handle, or 0 with an error envelope.");

static PyObject *native_open(PyObject *self, PyObject *args) {
  const char *settings;
  Py_ssize_t length;
  tc_buffer reply = {0};
  uint64_t core;
  PyObject *bytes;
  if (!PyArg_ParseTuple(args, "y#", &settings, &length) || guard_process() < 0) return NULL;
  core = tc_open((tc_byte *)settings, (size_t)length, &reply);
  bytes = take_buffer(&reply);
  return bytes ? Py_BuildValue("(KN)", (unsigned long long)core, bytes) : NULL;
}

PyDoc_STRVAR(close_doc,
"close(core)\n\n"
"Closes a core and cancels the calls of other threads. In a forked child\n"
"there is nothing to end.");

static PyObject *native_close(PyObject *self, PyObject *args) {
  unsigned long long core;
  if (!PyArg_ParseTuple(args, "K", &core)) return NULL;
  if (getpid() == loaded_in) {
    Py_BEGIN_ALLOW_THREADS
    tc_close(core);
    Py_END_ALLOW_THREADS
  }
  Py_RETURN_NONE;
}

PyDoc_STRVAR(abi_version_doc, "abi_version() -> int, the library's version.");

static PyObject *native_abi_version(PyObject *self, PyObject *ignored) {
  if (guard_process() < 0) return NULL;
  return PyLong_FromUnsignedLong(tc_abi_version());
}

static PyMethodDef methods[] = {
    {"open", native_open, METH_VARARGS, open_doc},
    {"close", native_close, METH_VARARGS, close_doc},
    {"call", native_call, METH_VARARGS, call_doc},
    {"ask", (PyCFunction)(void (*)(void))native_ask, METH_FASTCALL, ask_doc},
    {"submit", native_submit, METH_VARARGS, submit_doc},
    {"cancel", native_cancel, METH_O, cancel_doc},
    {"completions", native_completions, METH_NOARGS, completions_doc},
    {"drain", native_drain, METH_VARARGS, drain_doc},
    {"close_queue", native_close_queue, METH_O, close_queue_doc},
    {"abi_version", native_abi_version, METH_NOARGS, abi_version_doc},
    {"arrow_stream", arrow_stream, METH_VARARGS, arrow_stream_doc},
    {"arrow_bits", arrow_bits, METH_VARARGS, arrow_bits_doc},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
  loaded_in = getpid();
  if (tc_abi_version() != TC_ABI_VERSION) {
    PyErr_Format(PyExc_ImportError, "tasker_core: the library has ABI version %u, and this extension needs %d",
                 (unsigned)tc_abi_version(), TC_ABI_VERSION);
    return -1;
  }
  forked_error = PyErr_NewException("tasker_core._native.Forked", PyExc_RuntimeError, NULL);
  if (!forked_error) return -1;
  Py_INCREF(forked_error);
  return PyModule_AddObject(module, "Forked", forked_error);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, start},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "tasker_core._native", "The native core of tasker_core.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
