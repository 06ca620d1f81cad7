/* The check that the socket listens; see check_listening.h. */
#include "check_listening.h"
#include "base/parse.h"
#include "bus.h"
#include "https.h"
#include "listener.h"
#include "output.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void edit_command(char command[static CHECK_COMMAND_SIZE], const struct unit_config *config)
{
	(void)snprintf(command, CHECK_COMMAND_SIZE, "systemctl edit %s", config->socket);
}

/* --- Addresses. --- */

static void check_port(const char *address, const struct unit_config *config,
                       struct findings *findings)
{
	static const char ADVICE[] =
	    "stop it, or set another ListenStream= in the section [Socket]";
	char host[LISTENER_HOST_SIZE], command[CHECK_COMMAND_SIZE];
	const char *port;
	uint64_t number;
	struct listener listener;
	if (!listener_split(address, host, &port) ||
	    !parse_number(view_of(port), 1, UINT16_MAX, &number) ||
	    !listener_find((unsigned)number, &listener))
		return;
	edit_command(command, config);
	if (listener.process == 0)
		findings_add(findings, ADVICE, command, "port %s is taken by %s", port,
		             output_escaped(listener.program));
	else
		findings_add(findings, ADVICE, command, "port %s is taken by %s (process %ju)",
		             port, output_escaped(listener.program), (uintmax_t)listener.process);
}

static void check_address(const char *address, const struct unit_config *config,
                          struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	if (listener_has_address(address)) {
		check_port(address, config, findings);
		return;
	}
	edit_command(command, config);
	findings_add(findings, "set another ListenStream= in the section [Socket]", command,
	             "%s: this machine does not have the address of %s", config->socket,
	             output_escaped(address));
}

static void check_addresses(const struct bus_unit *socket, const struct unit_config *config,
                            struct findings *findings)
{
	const char *kind, *address;
	sd_bus_message *listen = bus_list(socket, "Listen", "(ss)");
	while (sd_bus_message_read(listen, "(ss)", &kind, &address) > 0)
		check_address(address, config, findings);
	sd_bus_message_unref(listen);
}

/* --- Assertions. --- */

/* The check of the root directory has reported it if it is missing. */
static void add_assertion(const char *type, const char *parameter, const struct unit_config *config,
                          struct findings *findings)
{
	char advice[2 * PATH_MAX], command[CHECK_COMMAND_SIZE];
	if (strcmp(type, "AssertPathIsDirectory") == 0 && strcmp(parameter, config->root) == 0)
		return;
	(void)snprintf(advice, sizeof advice,
	               "make it true, or set %s= in the section [Unit], first to nothing", type);
	edit_command(command, config);
	findings_add(findings, advice, command, "%s does not start: %s=%s is false", config->socket,
	             type, output_escaped(parameter));
}

/* Reports each Assert...= at which the last start ended (systemd.unit(5)). */
static void check_assertions(const struct bus_unit *socket, const struct unit_config *config,
                             struct findings *findings)
{
	const char *type, *parameter;
	int is_trigger, is_negated, state;
	if (bus_u64(socket, "AssertTimestampMonotonic") == 0 || bus_bool(socket, "AssertResult"))
		return;
	sd_bus_message *asserts = bus_list(socket, "Asserts", "(sbbsi)");
	while (sd_bus_message_read(asserts, "(sbbsi)", &type, &is_trigger, &is_negated, &parameter,
	                           &state) > 0)
		if (state < 0)
			add_assertion(type, parameter, config, findings);
	sd_bus_message_unref(asserts);
}

/* --- The socket. --- */

static void add_inactive(const struct bus_unit *socket, const struct unit_config *config,
                         const char *state, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	check_addresses(socket, config, findings);
	check_assertions(socket, config, findings);
	(void)snprintf(command, sizeof command, "systemctl enable --now %s", config->socket);
	findings_add(findings, NULL, command, "%s is %s: no client is served", config->socket,
	             state != NULL ? state : "in an unknown state");
	findings_mark_critical(findings);
}

void check_listening(sd_bus *bus, const struct unit_config *config, struct findings *findings)
{
	struct bus_unit socket;
	if (bus_find(bus, config->socket, &socket) < 0)
		return;
	char *state = bus_string(&socket, "ActiveState");
	if (https_is_only_port(bus, config->socket))
		findings_add_note(findings, "%s is off: the site is served by HTTPS only",
		                  config->socket);
	else if (state == NULL || strcmp(state, "active") != 0)
		add_inactive(&socket, config, state, findings);
	free(state);
	bus_forget(&socket);
}
