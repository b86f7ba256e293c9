#ifndef TASKER_CORE_SIGNALS_H
#define TASKER_CORE_SIGNALS_H

/* Adds SA_ONSTACK to every handler of the process that lacks it. */
__attribute__((visibility("hidden"))) void add_onstack_to_handlers(void);

#endif
