/* The check of the services that timers start; see check_timers.h. */
#include "check_timers.h"
#include "bus.h"
#include "site_name.h"
#include "unit_config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the last start ended at an Assert...= of the unit. */
static bool has_failed_assertion(const struct bus_unit *service)
{
	return bus_u64(service, "AssertTimestampMonotonic") > 0 &&
	       !bus_bool(service, "AssertResult");
}

static void check_failure(const struct bus_unit *service, const char *name,
                          struct findings *findings)
{
	char command[UNIT_NAME_MAX + 64];
	if (!bus_string_is(service, "ActiveState", "failed"))
		return;
	char *result = bus_string(service, "Result");
	(void)snprintf(command, sizeof command, "journalctl -b -n 20 --no-pager -u %s", name);
	findings_add(findings, "see why, correct that, and start the service", command,
	             "%s failed when it last ran: %s", name, result != NULL ? result : "unknown");
	free(result);
}

static void check_timer(sd_bus *bus, const char *name, const char *missing,
                        struct findings *findings)
{
	char service_name[UNIT_NAME_MAX + 1], timer[UNIT_NAME_MAX + 1];
	char command[UNIT_NAME_MAX + 64];
	struct bus_unit service;
	(void)snprintf(service_name, sizeof service_name, "%s.service", name);
	(void)snprintf(timer, sizeof timer, "%s.timer", name);
	if (bus_find(bus, service_name, &service) < 0)
		return;
	check_failure(&service, service_name, findings);
	(void)snprintf(command, sizeof command, "systemctl disable --now %s", timer);
	if (bus_property_is(bus, timer, "ActiveState", "active") && has_failed_assertion(&service))
		findings_add(findings, missing, command,
		             "%s has no effect: an assertion of %s fails", timer, service_name);
	bus_forget(&service);
}

/* What each site may have; `instance` is "" or that of a further site, "@NAME". */
static void check_timers_of_site(sd_bus *bus, const char *instance, struct findings *findings)
{
	static const struct {
		const char *name, *missing;
	} TIMERS[] = {
	    {"mayfly-history", "create what the service needs, or disable the timer"},
	    {"mayfly-report", "create what the service needs, or disable the timer"},
	    {"mayfly-metrics",
	     "install prometheus-node-exporter, which has the directory that the service "
	     "needs, or disable the timer"},
	};
	for (size_t i = 0; i < sizeof TIMERS / sizeof TIMERS[0]; i++) {
		char name[UNIT_NAME_MAX + 1];
		(void)snprintf(name, sizeof name, "%s%s", TIMERS[i].name, instance);
		check_timer(bus, name, TIMERS[i].missing, findings);
	}
}

void check_timers(sd_bus *bus, struct findings *findings)
{
	check_timer(bus, "mayfly-acme", NULL, findings);
	check_timers_of_site(bus, "", findings);
}

void check_further_timers(sd_bus *bus, const char *site, struct findings *findings)
{
	char instance[SITE_NAME_SIZE + 1];
	(void)snprintf(instance, sizeof instance, "@%s", site);
	check_timers_of_site(bus, instance, findings);
}
