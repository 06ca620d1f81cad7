/* The list of commands; a new one is a file of its own, and a line here. */
#include "command.h"
#include <stddef.h>

extern const struct command command_check, command_hits, command_log, command_report,
    command_status;

const struct command *const commands[] = {
    &command_status, &command_hits, &command_log, &command_report, &command_check, NULL,
};
