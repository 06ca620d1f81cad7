/* The check of a running service; see check_running.h. */
#include "check_running.h"
#include "bus.h"
#include "memory.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_LINE_MAX = 65536 };

/* Whether the words, each ended by a null byte (proc(5)), are those of the command line. */
static bool is_command_line(const struct unit_config *config, const char *words, size_t length)
{
	const char *end = words + length;
	for (size_t i = 0; i < config->word_count; i++) {
		if (words == end || strcmp(words, config->words[i]) != 0)
			return false;
		words += strlen(words) + 1;
	}
	return words == end;
}

/* Returns false also for a process that has exited, or that this user may not see. */
static bool has_other_options(const struct unit_config *config, uint32_t process)
{
	char name[32];
	(void)snprintf(name, sizeof name, "/proc/%u/cmdline", process);
	FILE *file = fopen(name, "re");
	if (file == NULL) {
		bus_note_failure(name, errno);
		return false;
	}
	char *words = memory_allocate(COMMAND_LINE_MAX + 1, 1);
	size_t length = fread(words, 1, COMMAND_LINE_MAX, file);
	if (ferror(file) && errno != ESRCH) /* it has exited meanwhile */
		bus_note_failure(name, errno);
	(void)fclose(file);
	bool is_other = length > 0 && !is_command_line(config, words, length);
	free(words);
	return is_other;
}

void check_running(sd_bus *bus, const struct unit_config *config, struct findings *findings)
{
	struct bus_unit service;
	char command[CHECK_COMMAND_SIZE];
	if (config->word_count == 0 || bus_find(bus, config->service, &service) < 0)
		return;
	uint32_t process = bus_u32(&service, "MainPID");
	bus_forget(&service);
	if (process == 0 || !has_other_options(config, process))
		return;
	(void)snprintf(command, sizeof command, "systemctl try-restart %s", config->service);
	findings_add(findings, NULL, command, "%s still runs with other options than it has now",
	             config->service);
}
