/* What the exported functions need of wait.c. */
#include "../../include/tasker_core.h"

tc_running *running_new(void);
void running_end(tc_running *running, tc_buffer reply);
