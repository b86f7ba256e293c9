/* Columns to others by the Arrow C data interface: _arrow.c. */
#ifndef TASKER_CORE_ARROW_H
#define TASKER_CORE_ARROW_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *arrow_stream(PyObject *module, PyObject *args);
PyObject *arrow_bits(PyObject *module, PyObject *args);

extern const char arrow_stream_doc[];
extern const char arrow_bits_doc[];

#endif
