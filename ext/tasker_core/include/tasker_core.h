/*
 * The C interface of tasker_core. docs/C_API.md shows how to use it.
 *
 * Data: requests and replies are msgpack envelopes, passed by pointer and length and
 * not NUL-terminated. docs/C_API.md describes their form, docs/OPERATIONS.md the
 * operations. Handles are integers: an unknown or closed handle gives an error reply
 * and does not crash. The only pointer is a tc_running. No pointer into Go's memory
 * crosses the interface, and the core never calls back.
 *
 * Ownership: the caller keeps ownership of its arguments. They are read during the
 * call, must not change meanwhile, and are not kept. Data in a tc_buffer belongs to
 * the caller, who frees it with tc_free exactly once. A call overwrites a tc_buffer
 * without freeing it: free it before you pass it again.
 *
 * Threads: every function may be called from any thread at any time, also on the same
 * handles. No function keeps thread-local state. tc_call may block while it works,
 * tc_wait and tc_await up to their time limit, and tc_close until the calls that it
 * cancelled have ended. The others do not block.
 *
 * Processes: the core does not survive fork(). Call no function in a forked child;
 * fork() followed by exec() is fine.
 *
 * Signals: the core's runtime installs handlers that pass on signals that are not its
 * own. A program that installs handlers later must set SA_ONSTACK.
 */
#ifndef TASKER_CORE_H
#define TASKER_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of this interface, and the number in the library's soname. It is raised
 * when a program compiled against the previous version could fail: a function or a
 * member was removed, or its arguments, its ownership rules or the form of the
 * envelopes changed. Additions do not raise it: new functions, operations, optional
 * arguments, error codes and settings.
 */
#define TC_ABI_VERSION 1

/* A byte that the core only reads. */
typedef const uint8_t tc_byte;

/* Bytes that belong to the caller, who frees them with tc_free. Without bytes, data is
 * NULL and length 0. */
typedef struct {
  uint8_t *data;
  size_t length;
} tc_buffer;

/* A started call; valid until tc_wait has returned its reply. */
typedef struct tc_running tc_running;

/*
 * Returns the interface version of the loaded library. A program compares it with the
 * TC_ABI_VERSION that it was compiled with before it calls anything else.
 */
uint32_t tc_abi_version(void);

/*
 * Opens a core. config is a msgpack map of settings (docs/C_API.md), or NULL with
 * length 0 for the defaults: without database_url the caller runs the statements.
 * No connection is opened yet. Returns a handle above 0 and leaves reply empty, or
 * returns 0 with an error envelope in reply. reply must not be NULL.
 */
uint64_t tc_open(tc_byte *config, size_t length, tc_buffer *reply);

/*
 * Closes a core: running calls are cancelled, and its sessions and connections are
 * closed. Later calls with the handle get an error. Unknown handles are ignored.
 */
void tc_close(uint64_t core);

/*
 * Returns a token above 0 that makes one call cancellable. The call consumes it. Pass
 * an unused token to tc_cancel, otherwise it is kept forever.
 */
uint64_t tc_token(void);

/*
 * Cancels the call that holds the token: its statement is cancelled, and its reply is
 * the error "cancelled". Safe at any time: before the call starts (it then ends at
 * once) and after it has ended.
 */
void tc_cancel(uint64_t token);

/*
 * Runs one operation and waits until it ends. request is a request envelope; token
 * comes from tc_token, or is 0 if the call will not be cancelled. reply must not be
 * NULL and always receives an envelope: a value, an error, or, from a core without its
 * own connections, a statement. Run the statement and send the same request again
 * with its answer.
 */
void tc_call(uint64_t core, uint64_t token, tc_byte *request, size_t length, tc_buffer *reply);

/*
 * Starts a call in the background and returns at once; the request is copied. token
 * comes from tc_token, or is 0. Call tc_wait for every started call until it returns
 * 1, also for a cancelled one.
 */
tc_running *tc_start(uint64_t core, uint64_t token, tc_byte *request, size_t length);

/*
 * Waits for a started call. Returns 1 with its reply, which invalidates the pointer,
 * or 0 if the call has not ended after this number of milliseconds (below 0: no
 * limit). Only one thread at a time may wait for a call.
 */
int tc_wait(tc_running *running, int64_t milliseconds, tc_buffer *reply);

/*
 * Waits in the same way, but leaves the reply to tc_wait. Returns 1 if the call has
 * ended; 0 after this number of milliseconds, or if tc_wake was called meanwhile or
 * since the last wait.
 */
int tc_await(tc_running *running, int64_t milliseconds);

/* Makes the thread that waits in tc_await return, or else the next one that waits. */
void tc_wake(tc_running *running);

/*
 * Queues. An operation with more than one result (subscribe) returns a queue: an
 * integer, and a file descriptor that is readable while the queue has items. The caller
 * waits on the descriptor (select, poll, epoll, an event loop) and takes batches. It
 * never reads, writes or closes the descriptor itself.
 *
 * Readability is level-triggered: it ends when a drain has left the queue empty, so no
 * item is missed, whatever way the caller waits.
 *
 * The caller owns the queue. It calls tc_queue_close once, when no thread waits on the
 * descriptor any longer, because the system may reuse the number at once. A queue
 * outlives its core: when the core is closed, the descriptor becomes readable, and the
 * remaining items can still be taken. Several threads may drain a queue at once; each
 * item goes to one of them.
 */

/* The result of tc_queue_drain for a queue that has ended, or is unknown. */
#define TC_QUEUE_ENDED (-1)

/* Returns the descriptor of a queue, or -1 for an unknown queue. */
int tc_queue_fd(uint64_t queue);

/*
 * Takes up to limit items (4,096 at most) without waiting, as a msgpack array in
 * batch, and returns their number: 0 without a batch if the queue is empty;
 * TC_QUEUE_ENDED if no more items will come. The caller has to deliver the items that
 * it has taken.
 */
int64_t tc_queue_drain(uint64_t queue, uint32_t limit, tc_buffer *batch);

/*
 * Closes a queue, releases publishers that wait for room in it, and drops the remaining
 * items, which are counted as dropped. Unknown queues are ignored.
 */
void tc_queue_close(uint64_t queue);

/*
 * Returns a queue for calls without a waiting thread. Its items are the replies of
 * submitted calls, each [token, reply], in the order in which the calls ended. Returns 0
 * if the system has no descriptor left. The queue drops nothing. Its owner drains and
 * closes it like any other queue; a later reply is lost, and its call still runs to its
 * end.
 */
uint64_t tc_completions(void);

/*
 * Starts a call in the background whose reply goes to a queue of completions, and
 * returns at once; the request is copied. token comes from tc_token. A cancelled call
 * gets a reply too. Returns 1, or 0 if there is no such queue; no call was started then.
 */
int tc_submit(uint64_t core, uint64_t token, tc_byte *request, size_t length, uint64_t completions);

/* Frees the data of a tc_buffer, on any thread. An empty buffer is allowed. */
void tc_free(tc_buffer buffer);

#ifdef __cplusplus
}
#endif

#endif
