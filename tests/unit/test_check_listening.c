/* Why a socket does not listen: its addresses, another program, and its assertions. */
#include "mayflyctl/bus.h"
#include "mayflyctl/check_listening.h"
#include "mayflyctl/https.h"
#include "mayflyctl/listener.h"
#include "mayflyctl/output.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "findings_text.h"

struct sd_bus_message {
	const char *texts[2]; /* of the only structure in the list; NULL: the list is empty */
	int state;            /* of an assertion */
	bool is_read;
};

static struct {
	bool has_no_socket, is_https_only, is_unreadable, has_asserts, has_address;
	bool are_asserts_true;
	const char *state; /* NULL: unknown */
	const char *listen, *assertion, *parameter;
	int assert_state;
	uint64_t process;    /* that listens on the port */
	const char *program; /* NULL: nothing listens there */
} machine;

static struct unit_config config = {.socket = "mayfly.socket", .root = "/srv/mayfly"};

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.has_address = true;
	machine.state = "failed";
	machine.listen = "192.0.2.7:8080";
	machine.assert_state = -1;
	return 0;
}

/* The program's, in place of its other parts and of libsystemd. */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit)
{
	(void)bus;
	(void)unit;
	assert_string_equal(name, "mayfly.socket");
	return machine.has_no_socket ? -2 : 0;
}

void bus_forget(struct bus_unit *unit)
{
	(void)unit;
}

char *bus_string(const struct bus_unit *unit, const char *property)
{
	(void)unit;
	assert_string_equal(property, "ActiveState");
	return machine.state != NULL ? strdup(machine.state) : NULL;
}

/* Whether the last start ended at an assertion. */
uint64_t bus_u64(const struct bus_unit *unit, const char *property)
{
	(void)unit;
	assert_string_equal(property, "AssertTimestampMonotonic");
	return machine.has_asserts;
}

bool bus_bool(const struct bus_unit *unit, const char *property)
{
	(void)unit;
	assert_string_equal(property, "AssertResult");
	return machine.are_asserts_true;
}

sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type)
{
	static struct sd_bus_message list;
	(void)unit;
	(void)type;
	list = strcmp(property, "Listen") == 0
	           ? (struct sd_bus_message){{"Stream", machine.listen}, 0, machine.listen == NULL}
	           : (struct sd_bus_message){{machine.assertion, machine.parameter},
	                                     machine.assert_state,
	                                     machine.assertion == NULL};
	return machine.is_unreadable ? NULL : &list;
}

int sd_bus_message_read(sd_bus_message *list, const char *types, ...)
{
	va_list arguments;
	if (list == NULL || list->is_read)
		return 0;
	list->is_read = true;
	va_start(arguments, types);
	*va_arg(arguments, const char **) = list->texts[0];
	if (strcmp(types, "(sbbsi)") == 0) {
		*va_arg(arguments, int *) = 0;
		*va_arg(arguments, int *) = 0;
	}
	*va_arg(arguments, const char **) = list->texts[1];
	if (strcmp(types, "(sbbsi)") == 0)
		*va_arg(arguments, int *) = list->state;
	va_end(arguments);
	return 1;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *list)
{
	(void)list;
	return NULL;
}

bool https_is_only_port(sd_bus *bus, const char *socket)
{
	(void)bus;
	(void)socket;
	return machine.is_https_only;
}

bool listener_split(const char *text, char host[static LISTENER_HOST_SIZE], const char **port)
{
	const char *colon = strrchr(text, ':');
	host[0] = '\0';
	*port = colon != NULL ? colon + 1 : "";
	return colon != NULL;
}

bool listener_has_address(const char *text)
{
	(void)text;
	return machine.has_address;
}

bool listener_find(unsigned port, struct listener *listener)
{
	assert_int_equal(port, 8080);
	if (machine.program == NULL)
		return false;
	listener->process = machine.process;
	(void)snprintf(listener->program, sizeof listener->program, "%s", machine.program);
	return true;
}

const char *output_escaped(const char *name)
{
	return name;
}

static void expect(const char *expected)
{
	findings_text[0] = '\0';
	check_listening(NULL, &config, NULL);
	assert_string_equal(findings_text, expected);
}

#define FAILED "mayfly.socket is failed: no client is served\ncritical\n"

static void test_socket_that_listens_or_is_not_wanted(void **state)
{
	(void)state;
	machine.state = "active";
	expect("");
	machine.has_no_socket = true;
	machine.state = "failed";
	expect("");
	machine.has_no_socket = false;
	machine.is_https_only = true;
	expect("mayfly.socket is off: the site is served by HTTPS only\n");
}

static void test_state_that_is_unknown(void **state)
{
	(void)state;
	machine.state = NULL;
	expect("mayfly.socket is in an unknown state: no client is served\ncritical\n");
}

static void test_addresses_and_ports_that_are_not_free(void **state)
{
	(void)state;
	expect(FAILED);
	machine.program = "other";
	expect("port 8080 is taken by other\n" FAILED);
	machine.process = 7;
	expect("port 8080 is taken by other (process 7)\n" FAILED);
	machine.listen = "192.0.2.7:http";
	expect(FAILED);
	machine.listen = "/run/mayfly";
	expect(FAILED);
	machine.has_address = false;
	expect("mayfly.socket: this machine does not have the address of /run/mayfly\n" FAILED);
	machine.is_unreadable = true;
	expect(FAILED);
	machine.listen = NULL;
	expect(FAILED);
}

static void test_assertions_that_are_false(void **state)
{
	(void)state;
	machine.assertion = "AssertPathExists";
	machine.parameter = "/nowhere";
	expect(FAILED);
	machine.has_asserts = true;
	expect("mayfly.socket does not start: AssertPathExists=/nowhere is false\n" FAILED);
	machine.assertion = "AssertPathIsDirectory";
	expect("mayfly.socket does not start: AssertPathIsDirectory=/nowhere is false\n" FAILED);
	machine.parameter = "/srv/mayfly";
	expect(FAILED);
	machine.parameter = "/nowhere";
	machine.assert_state = 1; /* the false one is another */
	expect(FAILED);
	machine.assert_state = -1;
	machine.are_asserts_true = true;
	expect(FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_socket_that_listens_or_is_not_wanted, reset_machine),
	    cmocka_unit_test_setup(test_state_that_is_unknown, reset_machine),
	    cmocka_unit_test_setup(test_addresses_and_ports_that_are_not_free, reset_machine),
	    cmocka_unit_test_setup(test_assertions_that_are_false, reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
