/*
 * The C interface of tasker_core. docs/C_API.md shows it at work.
 *
 * Bytes in, bytes out: requests and replies are msgpack envelopes, given by pointer
 * and length and never ended by a NUL (their form: docs/C_API.md; what can be
 * asked: docs/OPERATIONS.md). Handles are integers: an unknown or closed one is an
 * error reply and no crash. The one pointer is a tc_running. No pointer into Go's
 * memory crosses, and the core never calls back.
 *
 * Ownership: what the caller passes stays the caller's; it is read during the call,
 * must not be changed meanwhile, and is not kept. What a call hands out in a
 * tc_buffer belongs to the caller, who gives it back with tc_free exactly once. A
 * tc_buffer that is passed to be filled is overwritten, not freed: free it before
 * it is used again.
 *
 * Threads: every function may be called from any thread at any time, on the same
 * handles too. None keeps anything in its thread. tc_call may block while it works,
 * tc_wait and tc_await as long as they are told to, and tc_close while calls that it cancelled come to
 * their end; the others do not block.
 *
 * Processes: the core does not survive fork(). In a forked child no function may be
 * called; fork() followed by exec() is fine.
 *
 * Signals: the core's runtime installs handlers that hand on what is not its own. A
 * program that installs handlers later must give them SA_ONSTACK.
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
 * when a program that was compiled against the last one could go wrong: a function
 * or a member is gone, or its arguments, its rules of ownership or the form of the
 * envelopes have changed. What is added does not raise it: new functions here, and
 * new operations, arguments that may be left out, error codes and settings there.
 */
#define TC_ABI_VERSION 1

/* A byte that the core only reads. */
typedef const uint8_t tc_byte;

/* Bytes handed to the caller, who frees them with tc_free. data is NULL and length 0
 * where there are none. */
typedef struct {
  uint8_t *data;
  size_t length;
} tc_buffer;

/* A call that was started, until tc_wait has given its reply. */
typedef struct tc_running tc_running;

/*
 * The interface version of the library that is loaded. A program compares it with
 * the TC_ABI_VERSION that it was compiled with, before anything else.
 */
uint32_t tc_abi_version(void);

/*
 * Opens a core. config is a msgpack map of settings (docs/C_API.md), or NULL with
 * length 0 for the defaults: without database_url the caller runs the statements.
 * No connection is made yet. Gives a handle above 0, and leaves reply empty; or 0,
 * with an error envelope in reply. reply must not be NULL.
 */
uint64_t tc_open(tc_byte *config, size_t length, tc_buffer *reply);

/*
 * Closes a core, once nobody needs it: calls under way are cancelled, its sessions and
 * connections end. Later calls with the handle get an error. Unknown handles are
 * ignored.
 */
void tc_close(uint64_t core);

/*
 * Gives a token above 0 that makes one call cancellable. That call uses it up; a
 * token that no call will use must be given to tc_cancel, or it is kept for ever.
 */
uint64_t tc_token(void);

/*
 * Cancels the call that holds the token: its statement is cancelled, and its reply is
 * the error "cancelled". Safe at any time: before the call began (it then ends at
 * once) and after it ended.
 */
void tc_cancel(uint64_t token);

/*
 * Runs one operation and waits for its end. request is a request envelope; token comes
 * from tc_token, or is 0 for a call that nobody will cancel. reply, which must not be
 * NULL, always receives an envelope: a value, an error, or, from a core without
 * connections of its own, a statement to run before the same request is sent again
 * with its answer.
 */
void tc_call(uint64_t core, uint64_t token, tc_byte *request, size_t length, tc_buffer *reply);

/*
 * Starts a call in the background and returns at once; the request is copied.
 * token comes from tc_token, for tc_cancel, or is 0. Every started call must be
 * waited for to its end, a cancelled one too.
 */
tc_running *tc_start(uint64_t core, uint64_t token, tc_byte *request, size_t length);

/*
 * Waits for a started call. Gives 1 and its reply, and the pointer is no longer
 * valid; or 0 where it has not ended after that many milliseconds (below 0: no
 * limit). One thread at a time waits for one call.
 */
int tc_wait(tc_running *running, int64_t milliseconds, tc_buffer *reply);

/*
 * The same, and leaves the reply to tc_wait: gives 1 where the call has ended, or 0 after
 * that many milliseconds, or when tc_wake was called meanwhile or since the last wait.
 */
int tc_await(tc_running *running, int64_t milliseconds);

/* Lets the thread return that waits in tc_await, or the next one that does. */
void tc_wake(tc_running *running);

/*
 * Queues. An operation that promises more than its reply (subscribe) gives a queue:
 * an integer, and a file descriptor that is readable while something waits in the
 * queue. The caller sleeps on the descriptor in its own way (select, poll, epoll, an
 * event loop), takes batches, and never reads, writes or closes the descriptor itself.
 *
 * Readable is a state and not an edge: it ends when a drain has left the queue empty,
 * so nothing is missed whichever way the caller waits.
 *
 * The caller owns the queue and ends it with tc_queue_close, once, when no thread
 * waits on the descriptor any more: its number may be given out again at once. A queue
 * outlives its core: when the core is closed the descriptor becomes readable, and what
 * waits can still be taken. Draining by several threads at once is safe; each item
 * goes to one of them.
 */

/* What tc_queue_drain gives when the queue has ended, or there is none. */
#define TC_QUEUE_ENDED (-1)

/* The descriptor of a queue, or -1 for an unknown one. */
int tc_queue_fd(uint64_t queue);

/*
 * Takes up to limit items (4,096 at most) without waiting, as a msgpack array in
 * batch, and gives their number: 0, and no batch, where nothing waits now;
 * TC_QUEUE_ENDED where nothing will come any more. What is taken is the caller's to
 * deliver.
 */
int64_t tc_queue_drain(uint64_t queue, uint32_t limit, tc_buffer *batch);

/*
 * Ends a queue, frees who waits for room in it, and drops what still waits, counted as
 * dropped. Unknown queues are ignored.
 */
void tc_queue_close(uint64_t queue);

/*
 * Calls without a thread that waits: a queue whose items are the replies of submitted
 * calls, each [token, reply], in the order in which they ended; 0 where the system has
 * no descriptor left. Nothing is dropped from it. Its owner drains and closes it as any
 * other; a reply that comes after that is lost, and the call still runs to its end.
 */
uint64_t tc_completions(void);

/*
 * Starts a call in the background whose reply goes to a queue of completions, and
 * returns at once; the request is copied. token comes from tc_token, for tc_cancel; a
 * cancelled call's reply comes too. Gives 1, or 0 where there is no such queue: then
 * nothing was started.
 */
int tc_submit(uint64_t core, uint64_t token, tc_byte *request, size_t length, uint64_t completions);

/* Gives back what a call handed out, by any thread. An empty buffer is allowed. */
void tc_free(tc_buffer buffer);

#ifdef __cplusplus
}
#endif

#endif
