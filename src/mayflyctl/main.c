/* The owner's tool: runs the command that its arguments name. */
#include "command.h"
#include <stddef.h>

static const struct command *const COMMANDS[] = {
    &command_status, &command_sites, &command_hits,  &command_log,
    &command_report, &command_check, &command_https, NULL,
};

int main(int argc, char **argv)
{
	return command_main(COMMANDS, argc, argv);
}
