/* A D-Bus server in a process of a unit test, in the place of systemd. */
#ifndef MAYFLY_TESTS_UNIT_BUS_SERVER_H
#define MAYFLY_TESTS_UNIT_BUS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

/* Calls `answer` for each message, until it returns false or the client closes the connection. Then the process ends. */
static inline _Noreturn void bus_server_run(int connection, bool (*answer)(sd_bus_message *message))
{
	sd_bus *bus;
	sd_bus_message *message;
	bool works = sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, connection, connection) >= 0 &&
	             sd_bus_set_server(bus, 1,
	                               SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c,
	                                             0d, 0e, 0f, 10)) >= 0 &&
	             sd_bus_set_anonymous(bus, 1) >= 0 && sd_bus_start(bus) >= 0;
	while (works) {
		int step = sd_bus_process(bus, &message);
		works = step > 0 || (step == 0 && sd_bus_wait(bus, UINT64_MAX) >= 0);
		if (step <= 0 || message == NULL)
			continue;
		works = answer(message);
		sd_bus_message_unref(message);
	}
	_exit(0);
}

#endif
