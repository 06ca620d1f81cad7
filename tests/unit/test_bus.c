/*
 * The client's address in the name of the instance that systemd starts for its connection; how answers of systemd are read,
 * which are kept, and which errors mean that information is missing.
 */
#include "bus_server.h"
#include "mayflyctl/bus.h"
#include "mayflyctl/output.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_address(const char *name, const char *expected)
{
	char address[IP_ADDRESS_SIZE];
	if (!bus_instance_address(name, address))
		fail_msg("no address in %s", name);
	assert_string_equal(address, expected);
}

static void test_address_is_read_from_an_instance_name(void **state)
{
	(void)state;
	expect_address("mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
	expect_address("mayfly@7-2001:db8::1:8080-2001:db8::7:51034.service", "2001:db8::7");
	expect_address("mayfly@7-[::1]:8080-[2001:db8::7]:51034.service", "2001:db8::7");
	/* systemd 256 and later: the socket's cookie follows the number */
	expect_address("mayfly@7-4711-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
}

static void test_other_name_has_no_address(void **state)
{
	(void)state;
	static const char *const NAMES[] = {
	    "mayfly@1.service",
	    "mayfly@a-b.service",
	    "mayfly@7-4711-0.service",
	    "",
	    "-",
	    ":",
	    ":-",
	    "-:",
	    "-[:",
	    "mayfly@7-127.0.0.1:8080-"
	    "1111111111111111111111111111111111111111111111111111111111111111:1.service"};
	char address[IP_ADDRESS_SIZE];
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (bus_instance_address(NAMES[i], address))
			fail_msg("address %s in \"%s\"", address, NAMES[i]);
}

/* Appends what systemd answers to a call. */
static bool append_answer(sd_bus_message *call, sd_bus_message *answer)
{
	const char *path = sd_bus_message_get_path(call);
	if (sd_bus_message_is_method_call(call, NULL, "Get") > 0 && strstr(path, "slice") != NULL)
		return sd_bus_message_append(answer, "v", "b", 1) >= 0;
	if (sd_bus_message_is_method_call(call, NULL, "Get") > 0)
		return sd_bus_message_append(answer, "v", "s", "252.9-1") >= 0;
	if (sd_bus_message_is_method_call(call, NULL, "ListUnitFilesByPatterns") > 0)
		return sd_bus_message_append(answer, "a(ss)", 2,
		                             "/etc/systemd/system/mayfly.socket", "enabled",
		                             "mayfly.slice", "static") >= 0;
	const char *state = strstr(path, "nowhere") != NULL ? "not-found" : "loaded";
	return sd_bus_message_append(answer, "a{sv}", 6, "LoadState", "s", state, "Accept", "b", 1,
	                             "NAccepted", "u", 7, "MemoryMax", "t", UINT64_C(8), "Names",
	                             "as", 2, "a", "b", "NeedDaemonReload", "b", 1) >= 0;
}

static bool answer_call(sd_bus_message *call)
{
	sd_bus_message *answer = NULL; /* none to a signal, at the end */
	bool works = sd_bus_message_new_method_return(call, &answer) >= 0 &&
	             append_answer(call, answer) && sd_bus_send(NULL, answer, NULL) >= 0;
	sd_bus_message_unref(answer);
	return works;
}

/* The process in the place of systemd. */
static struct {
	unsigned answers;  /* so many calls get one */
	const char *error; /* what further calls get; NULL: the process ends at the first of them */
} server;

static bool answer_next(sd_bus_message *call)
{
	if (server.answers == 0)
		return server.error != NULL &&
		       sd_bus_reply_method_errorf(call, server.error, "no") >= 0;
	server.answers--;
	return answer_call(call);
}

/*
 * Asks for one property of a unit, for a unit and for the version, in a new process. Returns 0 if no information is
 * missing, 1 if some is, since the first answer.
 */
static int ask(const char *error)
{
	int status;
	(void)fflush(NULL);
	if (fork() == 0) {
		int pair[2];
		sd_bus *bus;
		struct bus_unit unit;
		bool works = socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
		if (fork() == 0) {
			(void)close(pair[0]);
			server.error = error;
			bus_server_run(pair[1], answer_next);
		}
		(void)close(pair[1]);
		(void)alarm(10);
		works = works && sd_bus_new(&bus) >= 0 &&
		        sd_bus_set_fd(bus, pair[0], pair[0]) >= 0 && sd_bus_start(bus) >= 0 &&
		        bus_find_missing() == NULL && !bus_needs_reload(bus, "mayfly.slice");
		bool is_missing = bus_find_missing() != NULL;
		works = works && bus_find(bus, "mayfly.socket", &unit) < 0 &&
		        bus_systemd_version(bus) == 0;
		const char *missing = bus_find_missing();
		if (is_missing != (missing != NULL))
			works = false;
		if (missing != NULL &&
		    strcmp(missing, "systemd did not answer: information is missing") != 0)
			works = false;
		exit(works ? missing != NULL : 2);
	}
	assert_true(wait(&status) > 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_error_of_systemd_itself_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_PROPERTY), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_INTERFACE), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_METHOD), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_OBJECT), 0);
	assert_int_equal(ask(SD_BUS_ERROR_INVALID_ARGS), 0);
	assert_int_equal(ask("org.freedesktop.systemd1.NoSuchUnit"), 0);
}

static void test_other_error_means_that_information_is_missing(void **state)
{
	(void)state;
	assert_int_equal(ask(SD_BUS_ERROR_ACCESS_DENIED), 1);
	assert_int_equal(ask(SD_BUS_ERROR_NO_REPLY), 1);
	assert_int_equal(ask("org.freedesktop.systemd10.NoSuchUnit"), 1);
	assert_int_equal(ask(NULL), 1);
}

/* The program's, to which bus.o refers. */
const char *output_escaped(const char *name)
{
	return name;
}

bool error_is_of_system(int error)
{
	return error == EIO;
}

/* In place of libsystemd's: connects to such a process. The first answers four calls, the next one, the third none. */
int sd_booted(void)
{
	return 1;
}

int sd_bus_open_system(sd_bus **bus)
{
	static unsigned answers = 4;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (fork() == 0) {
		(void)close(pair[0]);
		server.answers = answers;
		bus_server_run(pair[1], answer_next);
	}
	answers /= 3;
	(void)close(pair[1]);
	(void)alarm(60);
	assert_true(sd_bus_new(bus) >= 0);
	assert_true(sd_bus_set_fd(*bus, pair[0], pair[0]) >= 0);
	return sd_bus_start(*bus);
}

static void expect_properties(const struct bus_unit *unit)
{
	char *state = bus_string(unit, "LoadState");
	assert_string_equal(state, "loaded");
	free(state);
	assert_true(bus_string_is(unit, "LoadState", "loaded"));
	assert_false(bus_string_is(unit, "LoadState", "load"));
	assert_true(bus_bool(unit, "Accept"));
	assert_int_equal(bus_u32(unit, "NAccepted"), 7);
	assert_int_equal(bus_u64(unit, "MemoryMax"), 8);
}

static void expect_no_property(const struct bus_unit *unit, const char *name)
{
	assert_null(bus_string(unit, name));
	assert_false(bus_string_is(unit, name, ""));
	assert_false(bus_bool(unit, name));
	assert_int_equal(bus_u32(unit, name), 0);
	assert_int_equal(bus_u64(unit, name), 0);
}

/* Reading from no list is like reading at the end of one, so callers need not check whether there is one. */
static void expect_lists(const struct bus_unit *unit)
{
	const char *name;
	sd_bus_message *names = bus_list(unit, "Names", "s");
	assert_int_equal(sd_bus_message_at_end(names, 0), 0);
	assert_true(sd_bus_message_read(names, "s", &name) > 0);
	assert_string_equal(name, "a");
	assert_true(sd_bus_message_read(names, "s", &name) > 0);
	assert_string_equal(name, "b");
	assert_true(sd_bus_message_read(names, "s", &name) <= 0);
	sd_bus_message_unref(names);
	assert_null(bus_list(unit, "Names", "(ss)"));
	assert_null(bus_list(unit, "Missing", "s"));
	assert_true(sd_bus_message_read(NULL, "s", &name) <= 0);
	assert_true(sd_bus_message_skip(NULL, "s") <= 0);
	assert_true(sd_bus_message_enter_container(NULL, 'r', "s") <= 0);
	assert_true(sd_bus_message_at_end(NULL, 0) != 0);
	assert_null(sd_bus_message_unref(NULL));
}

static void test_answers_are_read_and_kept_until_the_last_connection_is_closed(void **state)
{
	sd_bus *bus, *other;
	struct bus_unit unit;
	size_t pos = 0;
	(void)state;
	assert_null(bus_open(&bus));
	assert_int_equal(bus_systemd_version(bus), 252);
	assert_int_equal(bus_find(bus, "mayfly.socket", &unit), 0);
	expect_properties(&unit);
	expect_no_property(&unit, "Missing");
	expect_no_property(&unit, "Names");
	expect_lists(&unit);
	bus_forget(&unit);
	assert_true(bus_needs_reload(bus, "mayfly.slice"));
	assert_string_equal(bus_next_unit_file(bus, "mayfly*", &pos), "mayfly.socket");
	assert_string_equal(bus_next_unit_file(bus, "mayfly*", &pos), "mayfly.slice");
	assert_null(bus_next_unit_file(bus, "mayfly*", &pos));
	/* The process answers no further call. */
	assert_null(bus_open(&other));
	assert_null(bus_close(bus));
	pos = 0;
	assert_string_equal(bus_next_unit_file(other, "*.slice", &pos), "mayfly.slice");
	assert_true(bus_property_is(other, "mayfly.socket", "LoadState", "loaded"));
	assert_true(bus_needs_reload(other, "mayfly.socket"));
	assert_false(bus_property_is(other, "nowhere.socket", "LoadState", "not-found"));
	assert_int_equal(bus_find(other, "nowhere.socket", &unit), -ENOENT);
	assert_null(bus_close(other));
}

static void test_first_cause_of_missing_information_is_reported(void **state)
{
	sd_bus *bus;
	struct bus_unit unit;
	(void)state;
	bus_note_failure("/a", ENOENT);
	assert_null(bus_find_missing());
	bus_note_failure("/a", EIO);
	bus_note_unreadable("/b", EACCES);
	assert_string_equal(bus_find_missing(),
	                    "cannot read /a: Input/output error: information is missing");
	assert_null(bus_open(&bus));
	assert_true(bus_find(bus, "mayfly.socket", &unit) < 0); /* is not kept any more */
	assert_string_equal(bus_close(bus), bus_find_missing());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_is_read_from_an_instance_name),
	    cmocka_unit_test(test_other_name_has_no_address),
	    cmocka_unit_test(test_error_of_systemd_itself_is_an_answer),
	    cmocka_unit_test(test_other_error_means_that_information_is_missing),
	    cmocka_unit_test(test_answers_are_read_and_kept_until_the_last_connection_is_closed),
	    cmocka_unit_test(test_first_cause_of_missing_information_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
