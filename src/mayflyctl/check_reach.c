/* The check that clients can reach a socket; see check_reach.h. */
#include "check_reach.h"
#include "base/parse.h"
#include "bus.h"
#include "check_firewall.h"
#include "environment.h"
#include "listener.h"
#include "output.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS_MAX = 16 };

/* What the ListenStream= of a socket are for. */
struct reach {
	size_t count, local_count; /* addresses of TCP; those of the loopback interface */
	bool has_ipv4, has_ipv6;   /* for clients on other machines */
	unsigned ports[PORTS_MAX]; /* the same */
	size_t port_count;
};

/* --- Address families. --- */

/* Whether a listener for all addresses of IPv6 accepts IPv4 as well (systemd.socket(5), ipv6(7)). */
static bool accepts_both(const struct bus_unit *socket)
{
	if (!bus_string_is(socket, "BindIPv6Only", "default"))
		return !bus_string_is(socket, "BindIPv6Only", "ipv6-only");
	char *digits = environment_read("/proc/sys/net/ipv6/bindv6only");
	if (digits == NULL)
		bus_note_failure("/proc/sys/net/ipv6/bindv6only", errno);
	bool is_only_ipv6 = digits != NULL && *digits == '1';
	free(digits);
	return !is_only_ipv6;
}

static void reach_add(struct reach *reach, const struct bus_unit *socket, const char *address)
{
	char host[LISTENER_HOST_SIZE];
	const char *port;
	uint64_t number;
	if (!listener_split(address, host, &port) ||
	    !parse_number(view_of(port), 1, UINT16_MAX, &number))
		return;
	reach->count++;
	if (strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0) {
		reach->local_count++;
		return;
	}
	bool is_ipv6 = strchr(host, ':') != NULL;
	reach->has_ipv6 = reach->has_ipv6 || is_ipv6;
	reach->has_ipv4 =
	    reach->has_ipv4 || !is_ipv6 || (strcmp(host, "::") == 0 && accepts_both(socket));
	if (reach->port_count < PORTS_MAX)
		reach->ports[reach->port_count++] = (unsigned)number;
}

static void reach_find(struct reach *reach, const struct bus_unit *socket)
{
	const char *type, *address;
	*reach = (struct reach){.count = 0};
	sd_bus_message *listen = bus_list(socket, "Listen", "(ss)");
	while (sd_bus_message_read(listen, "(ss)", &type, &address) > 0)
		reach_add(reach, socket, address);
	sd_bus_message_unref(listen);
}

static void check_families(const struct reach *reach, const struct unit_config *config,
                           struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	if (reach->count > 0 && reach->local_count == reach->count)
		findings_add_note(findings,
		                  "%s listens on loopback addresses only: other machines cannot "
		                  "connect",
		                  config->socket);
	if (!reach->has_ipv6 || reach->has_ipv4)
		return;
	(void)snprintf(command, sizeof command, "systemctl edit %s && systemctl restart %s",
	               config->socket, config->socket);
	findings_add(findings, "set BindIPv6Only=both in the section [Socket]", command,
	             "%s listens for IPv6 only: clients with IPv4 cannot connect", config->socket);
}

/* --- IPAddressDeny= (systemd.resource-control(5)). --- */

/* Whether the list has a network of all addresses of a family. */
static bool has_everyone(const struct bus_unit *unit, const char *property)
{
	bool is_found = false;
	sd_bus_message *list = bus_list(unit, property, "(iayu)");
	while (!is_found && sd_bus_message_enter_container(list, 'r', "iayu") > 0) {
		uint32_t prefix = UINT32_MAX; /* if it cannot be read */
		(void)sd_bus_message_skip(list, "iay");
		(void)sd_bus_message_read(list, "u", &prefix);
		(void)sd_bus_message_exit_container(list);
		is_found = prefix == 0;
	}
	sd_bus_message_unref(list);
	return is_found;
}

static bool is_empty(const struct bus_unit *unit, const char *property)
{
	sd_bus_message *list = bus_list(unit, property, "(iayu)");
	bool has_none = sd_bus_message_at_end(list, 0) != 0; /* also if there is no list */
	sd_bus_message_unref(list);
	return has_none;
}

static void check_deny(const struct bus_unit *socket, const struct unit_config *config,
                       struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	if (!has_everyone(socket, "IPAddressDeny") || has_everyone(socket, "IPAddressAllow"))
		return;
	if (!is_empty(socket, "IPAddressAllow")) {
		findings_add_note(findings,
		                  "%s lets only the clients of its IPAddressAllow= connect",
		                  config->socket);
		return;
	}
	(void)snprintf(command, sizeof command, "systemctl edit %s && systemctl restart %s",
	               config->socket, config->socket);
	findings_add(findings, "set IPAddressDeny= in the section [Socket] to nothing", command,
	             "%s: IPAddressDeny= keeps all clients out", config->socket);
}

/* --- All together. --- */

void check_reach(const struct bus_unit *socket, const struct unit_config *config,
                 struct findings *findings)
{
	struct reach reach;
	reach_find(&reach, socket);
	check_families(&reach, config, findings);
	check_deny(socket, config, findings);
	for (size_t i = 0; i < reach.port_count; i++)
		check_firewall(reach.ports[i], findings);
}
