/*
 * Hands requests from standard input to a core without connections of its own, and
 * its replies to standard output, each after its length in 4 bytes, the highest
 * first. So a test decides what is asked and runs the statements, and everything in
 * between is the C library in a C program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tasker_core.h>

static int read_length(size_t *length) {
  unsigned char bytes[4];
  if (fread(bytes, 1, 4, stdin) != 4) return 0;
  *length = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
  return 1;
}

static void write_length(size_t length) {
  int shift;
  for (shift = 24; shift >= 0; shift -= 8) putchar((int)(length >> shift & 0xff));
}

int main(void) {
  tc_buffer reply;
  uint64_t core = tc_open(NULL, 0, &reply);
  size_t length;
  if (core == 0) return 1;
  while (read_length(&length)) {
    uint8_t *request = malloc(length + 1);
    if (request == NULL || fread(request, 1, length, stdin) != length) return 1;
    tc_call(core, 0, request, length, &reply);
    free(request);
    write_length(reply.length);
    fwrite(reply.data, 1, reply.length, stdout);
    fflush(stdout);
    tc_free(reply);
  }
  tc_close(core);
  return 0;
}
