/*
 * The Ruby shim: it copies bytes, releases the GVL for calls that may take long,
 * and keeps a forked child out of Go. Everything else is Ruby or Go.
 *
 * The extension is loaded on first use, never at require: a Go runtime that is
 * loaded in a parent hangs in its forked children.
 */
#include <ruby.h>
#include <ruby/thread.h>
#include <ruby/encoding.h>
#include <sys/types.h>
#include <unistd.h>

#include "include/tasker_core.h"
#include "signals.h"

/* Requests up to this many bytes are answered in microseconds: releasing the GVL and
 * waiting for it again would cost more than the call. */
#define SHORT_REQUEST (32 * 1024)

/* The number of calls between two checks of the signal handlers. */
#define SIGNAL_SWEEP_INTERVAL 256

static VALUE eForked;
static pid_t loaded_in;
static unsigned calls;

struct call {
  uint64_t core;
  uint64_t token;
  const uint8_t *request;
  size_t length;
  tc_buffer reply;
  int done;
  tc_running *running;
};

static void guard_process(void) {
  if (getpid() != loaded_in) {
    rb_raise(eForked, "the native core was loaded in process %d and cannot be used in its forked child %d",
             (int)loaded_in, (int)getpid());
  }
  if (calls++ % SIGNAL_SWEEP_INTERVAL == 0) add_onstack_to_handlers();
}

static VALUE copy_and_free(VALUE buffer_address) {
  tc_buffer *buffer = (tc_buffer *)buffer_address;
  return rb_str_new((const char *)buffer->data, (long)buffer->length);
}

static VALUE free_buffer(VALUE buffer_address) {
  tc_free(*(tc_buffer *)buffer_address);
  return Qnil;
}

/* rb_str_new may raise NoMemoryError: the buffer is freed in any case. */
static VALUE take_buffer(tc_buffer *buffer) {
  return rb_ensure(copy_and_free, (VALUE)buffer, free_buffer, (VALUE)buffer);
}

static void *run_call(void *data) {
  struct call *call = data;
  tc_call(call->core, call->token, call->request, call->length, &call->reply);
  call->done = 1;
  return NULL;
}

/* A long request that waits for nothing: interrupts are served after it. */
static VALUE call_without_gvl(VALUE data) {
  struct call *call = (struct call *)data;
  while (!call->done) {
    rb_thread_call_without_gvl2(run_call, call, NULL, NULL);
    if (!call->done) rb_thread_check_ints();
  }
  return Qnil;
}

static void *await_call(void *data) {
  struct call *call = data;
  call->done = tc_await(call->running, -1);
  return NULL;
}

static void wake_call(void *data) {
  struct call *call = data;
  tc_wake(call->running);
}

/* Waits for a call that runs in the background. An interrupt wakes the thread and is
 * served; the call continues, unless the interrupt raises (Timeout, a signal's handler) or
 * ends the thread. */
static VALUE wait_for_call(VALUE data) {
  struct call *call = (struct call *)data;
  while (!call->done) {
    rb_thread_call_without_gvl2(await_call, call, wake_call, call);
    if (!call->done) rb_thread_check_ints();
  }
  return Qnil;
}

static void *await_end(void *data) {
  struct call *call = data;
  while (!call->done) call->done = tc_await(call->running, -1);
  return call;
}

/* Every started call ends, soon if it is cancelled. Other interrupts wait for that. */
static VALUE end_call(VALUE data) {
  struct call *call = (struct call *)data;
  if (!call->done) {
    tc_cancel(call->token);
    if (!rb_thread_call_without_gvl2(await_end, call, NULL, NULL)) await_end(call);
  }
  tc_wait(call->running, -1, &call->reply);
  return Qnil;
}

/* A cancelled call may still have completed: its reply is taken too. */
static VALUE wait_and_take(VALUE data, VALUE taken) {
  struct call *call = (struct call *)data;
  VALUE reply;
  int state = 0;
  rb_protect(wait_for_call, data, &state);
  end_call(data);
  reply = take_buffer(&call->reply);
  if (!NIL_P(taken)) rb_ary_push(taken, reply);
  if (state != 0) rb_jump_tag(state);
  return reply;
}

/*
 * call(core, request, blocking, taken = nil) -> String
 *
 * A blocking call releases the GVL and can be interrupted. If the interrupt raises
 * (Timeout, Thread#kill, a signal's handler), the operation is cancelled and has ended
 * before the exception propagates. If a handler returns, the operation continues. An
 * interrupt after the end of the operation is served after this has returned its reply.
 *
 * @param core [Integer] a handle
 * @param request [String] a request envelope
 * @param blocking [Boolean] whether the core may wait for a database
 * @param taken [Array, nil] also receives the reply, even if an interrupt raises, so that
 *   whatever the operation opened can be closed
 * @return [String] a reply envelope, binary
 * @raise [TaskerCore::Native::Forked] in a forked child
 */
static VALUE native_call(int argc, VALUE *argv, VALUE self) {
  struct call call = {0};
  VALUE core, request, blocking, taken, reply;
  rb_scan_args(argc, argv, "31", &core, &request, &blocking, &taken);
  if (!NIL_P(taken)) Check_Type(taken, T_ARRAY);
  guard_process();
  StringValue(request);
  request = rb_str_new_frozen(request);
  call.core = NUM2ULL(core);
  call.request = (const uint8_t *)RSTRING_PTR(request);
  call.length = (size_t)RSTRING_LEN(request);
  if (RTEST(blocking)) {
    call.token = tc_token();
    call.running = tc_start(call.core, call.token, call.request, call.length);
    reply = wait_and_take((VALUE)&call, taken);
  } else {
    if (call.length <= SHORT_REQUEST) {
      run_call(&call);
    } else {
      call_without_gvl((VALUE)&call);
    }
    reply = take_buffer(&call.reply);
    if (!NIL_P(taken)) rb_ary_push(taken, reply);
  }
  RB_GC_GUARD(request);
  return reply;
}

/*
 * open(config) -> [Integer, String]: a handle, or 0 with an error envelope.
 */
static VALUE native_open(VALUE self, VALUE config) {
  tc_buffer reply = {0};
  uint64_t core;
  guard_process();
  StringValue(config);
  core = tc_open((const uint8_t *)RSTRING_PTR(config), (size_t)RSTRING_LEN(config), &reply);
  RB_GC_GUARD(config);
  return rb_ary_new_from_args(2, ULL2NUM(core), take_buffer(&reply));
}

static void *run_close(void *core) {
  tc_close(*(uint64_t *)core);
  return core;
}

/*
 * close(core): ends a core; in a forked child there is nothing to end. It waits
 * for calls of other threads to end, without the GVL, except where this thread
 * is being interrupted: a core that an ensure clause closes must be closed.
 */
static VALUE native_close(VALUE self, VALUE core) {
  uint64_t handle = NUM2ULL(core);
  if (getpid() == loaded_in && !rb_thread_call_without_gvl2(run_close, &handle, NULL, NULL)) run_close(&handle);
  return Qnil;
}

struct drain {
  uint64_t queue;
  uint32_t limit;
  tc_buffer batch;
  int64_t count;
  int done;
};

static void *run_drain(void *data) {
  struct drain *drain = data;
  drain->count = tc_queue_drain(drain->queue, drain->limit, &drain->batch);
  drain->done = 1;
  return NULL;
}

/*
 * queue_drain(queue, limit) -> String, nil or false
 *
 * A batch, nil if the queue is empty, false if no more items will come. No interrupt is
 * served once items were taken, because they would be lost.
 */
static VALUE native_queue_drain(VALUE self, VALUE queue, VALUE limit) {
  struct drain drain = {0};
  guard_process();
  drain.queue = NUM2ULL(queue);
  drain.limit = NUM2UINT(limit);
  while (!drain.done) {
    rb_thread_call_without_gvl2(run_drain, &drain, NULL, NULL);
    if (!drain.done) rb_thread_check_ints();
  }
  if (drain.count == TC_QUEUE_ENDED) return Qfalse;
  return drain.count == 0 ? Qnil : take_buffer(&drain.batch);
}

/* queue_close(queue): ends a queue; in a forked child there is nothing to end. */
static VALUE native_queue_close(VALUE self, VALUE queue) {
  uint64_t handle = NUM2ULL(queue);
  if (getpid() == loaded_in) tc_queue_close(handle);
  return Qnil;
}

/* abi_version -> Integer, asked of the library. */
static VALUE native_abi_version(VALUE self) {
  guard_process();
  return UINT2NUM(tc_abi_version());
}

/* process -> Integer: the one that loaded this library. */
static VALUE native_process(VALUE self) { return PIDT2NUM(loaded_in); }

static const struct method {
  const char *name;
  VALUE (*function)(ANYARGS);
  int arity;
} methods[] = {
    {"open", RUBY_METHOD_FUNC(native_open), 1},
    {"close", RUBY_METHOD_FUNC(native_close), 1},
    {"call", RUBY_METHOD_FUNC(native_call), -1},
    {"queue_drain", RUBY_METHOD_FUNC(native_queue_drain), 2},
    {"queue_close", RUBY_METHOD_FUNC(native_queue_close), 1},
    {"abi_version", RUBY_METHOD_FUNC(native_abi_version), 0},
    {"process", RUBY_METHOD_FUNC(native_process), 0},
};

struct definition {
  VALUE module;
  const struct method *method;
};

static VALUE define(VALUE data) {
  const struct definition *d = (const struct definition *)data;
  rb_define_singleton_method(d->module, d->method->name, d->method->function, d->method->arity);
  return Qnil;
}

/* A signal's handler may raise in the hook of each definition. All definitions are made
 * nevertheless: otherwise some of them would be the parent's in a forked child. */
static void define_all(VALUE module) {
  VALUE raised = Qnil;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    struct definition d = {module, &methods[i]};
    int state = 0;
    rb_protect(define, (VALUE)&d, &state);
    if (state == 0) continue;
    raised = rb_errinfo();
    rb_set_errinfo(Qnil);
  }
  if (rb_obj_is_kind_of(raised, rb_eException)) rb_exc_raise(raised);
}

void Init_tasker_core_native(void) {
  VALUE mTaskerCore = rb_define_module("TaskerCore");
  VALUE mNative = rb_define_module_under(mTaskerCore, "Native");
  loaded_in = getpid();
  if (tc_abi_version() != TC_ABI_VERSION) {
    rb_raise(rb_eLoadError, "tasker_core: the library has ABI version %u, and this extension needs %d", tc_abi_version(), TC_ABI_VERSION);
  }
  eForked = rb_define_class_under(mNative, "Forked", rb_eStandardError);
  /* A forked child that loads its own copy has the constant already. */
  if (!rb_const_defined_at(mNative, rb_intern("ABI_VERSION"))) {
    rb_define_const(mNative, "ABI_VERSION", INT2NUM(TC_ABI_VERSION));
  }
  define_all(mNative);
}
