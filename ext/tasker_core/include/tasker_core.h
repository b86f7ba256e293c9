/*
 * The C interface of tasker_core.
 *
 * Bytes in, bytes out: requests and replies are msgpack envelopes given by
 * pointer and length (their form is described in go/wire/doc.go). Handles are
 * integers. No pointer into the core's memory crosses, and the core never calls
 * back.
 *
 * Threads: every function may be called from any thread at any time. A call may
 * block while it works; tc_cancel from another thread ends it.
 *
 * Processes: the core does not survive fork(). In a forked child no function may
 * be called; the child loads a copy of the library of its own.
 *
 * Memory: what the caller passes stays the caller's and is not kept after the
 * call returns. What a call hands out in a tc_buffer belongs to the caller, who
 * gives it back with tc_free exactly once.
 */
#ifndef TASKER_CORE_H
#define TASKER_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface; it changes when a caller has to change. */
#define TC_ABI_VERSION 1

/* A byte that the core only reads. */
typedef const uint8_t tc_byte;

/* Bytes handed to the caller, who frees them with tc_free. */
typedef struct {
  uint8_t *data;
  size_t length;
} tc_buffer;

/* A call that was started, until tc_wait has given its reply. */
typedef struct tc_running tc_running;

/* The interface version of the linked library, to compare with TC_ABI_VERSION. */
uint32_t tc_abi_version(void);

/*
 * Opens a core. config is a msgpack map of settings (go/config), or empty for
 * the defaults. Gives a handle above 0, or 0 with an error envelope in reply.
 */
uint64_t tc_open(tc_byte *config, size_t length, tc_buffer *reply);

/* Closes a core: its sessions and connections end. Unknown handles are ignored. */
void tc_close(uint64_t core);

/*
 * Gives a token that makes the next call cancellable. It is used up by that
 * call; one that is never used must be given to tc_cancel.
 */
uint64_t tc_token(void);

/* Cancels the call that holds the token. Safe at any time, also afterwards. */
void tc_cancel(uint64_t token);

/*
 * Runs one operation. request is a request envelope; token comes from tc_token,
 * or is 0 for a call that nobody will cancel. reply always receives an envelope:
 * a value, a statement to run, or an error.
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
 * limit), or a signal handler ran in this thread. One thread at a time waits for
 * one call.
 */
int tc_wait(tc_running *running, int64_t milliseconds, tc_buffer *reply);

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
 * Takes up to limit items (65,536 at most) without waiting, as a msgpack array in
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

/* Frees what a call handed out. An empty buffer is allowed. */
void tc_free(tc_buffer buffer);

#ifdef __cplusplus
}
#endif

#endif
