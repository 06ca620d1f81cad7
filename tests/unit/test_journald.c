/*
 * Writing to journald: the bytes of an entry, fields with any byte, JOURNAL_STREAM, which socket an
 * entry goes to, and a socket whose peer does not read, is closed, or refuses a datagram of that size.
 */
#include "base/journald.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* The system calls of journald_connect and journald_send, which replace the C library's. */
static struct {
	int socket_error;  /* errno of socket; 0: it succeeds */
	int connect_error; /* errno of connect */
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path]; /* that connect was called with */
	unsigned interruptions;                                  /* of the next calls of send */
} calls;

int socket(int domain, int type, int protocol)
{
	if (calls.socket_error != 0) {
		errno = calls.socket_error;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int connect(int file, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	assert_true(file >= 0);
	assert_int_equal(size, sizeof(struct sockaddr_un));
	memcpy(calls.path, address.__sockaddr_un__->sun_path, sizeof calls.path);
	errno = calls.connect_error;
	return calls.connect_error != 0 ? -1 : 0;
}

ssize_t send(int file, const void *data, size_t length, int flags)
{
	if (calls.interruptions > 0) {
		calls.interruptions--;
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_sendto, file, data, length, flags, NULL, 0);
}

static int reset_calls(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof calls);
	return 0;
}

static void expect_entry(const struct buffer *entry, const char *expected)
{
	assert_false(entry->truncated);
	assert_int_equal(entry->length, strlen(expected));
	assert_memory_equal(entry->data, expected, entry->length);
}

static void test_entry_is_lines_of_fields(void **state)
{
	(void)state;
	char buffer[1024];
	struct buffer entry = BUFFER(buffer);
	journald_begin(&entry, MESSAGE_ID_REQUEST, PRIORITY_NOTICE);
	journald_add(&entry, VIEW("MESSAGE="), VIEW("/a = b | - | - | 1"));
	journald_add(&entry, VIEW("EMPTY="), VIEW(""));
	journald_add_number(&entry, VIEW("HTTP_BYTES="), 0);
	journald_add_number(&entry, VIEW("HITS="), UINT64_MAX);
	journald_add_escaped(&entry, VIEW("HTTP_REFERER="), VIEW(""), 10);
	expect_entry(&entry, "SYSLOG_IDENTIFIER=mayfly\n"
	                     "MESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf\n"
	                     "PRIORITY=5\n"
	                     "MESSAGE=/a = b | - | - | 1\n"
	                     "HTTP_BYTES=0\n"
	                     "HITS=18446744073709551615\n");
}

static void test_message_ids_and_priorities_are_those_of_earlier_entries(void **state)
{
	(void)state;
	char buffer[256];
	struct buffer entry = BUFFER(buffer);
	journald_begin(&entry, MESSAGE_ID_ERROR, PRIORITY_ERROR);
	expect_entry(&entry, "SYSLOG_IDENTIFIER=mayfly\n"
	                     "MESSAGE_ID=f6aa8d4055ca453aaa89000f7370d71c\nPRIORITY=3\n");
	assert_int_equal(PRIORITY_WARNING, 4);
}

static void test_no_byte_of_an_escaped_value_begins_a_field(void **state)
{
	(void)state;
	char bytes[256], buffer[2048];
	for (int byte = 0; byte < 256; byte++)
		bytes[byte] = (char)byte;
	struct buffer entry = BUFFER(buffer);
	journald_add_escaped(&entry, VIEW("X="), (struct view){bytes, sizeof bytes}, SIZE_MAX);
	assert_false(entry.truncated);
	assert_memory_equal(entry.data, "X=\\x00\\x01", 10);
	for (size_t i = 0; i < entry.length - 1; i++)
		assert_in_range(entry.data[i], ' ', '~');
	assert_int_equal(entry.data[entry.length - 1], '\n');
}

static void test_journal_stream_matches_one_file_exactly(void **state)
{
	static const struct {
		const char *stream;
		bool names;
	} CASES[] = {
	    {"8:4711", true},   {"8:4712", false},  {"9:4711", false},  {"", false},
	    {"8:471", false},   {"8:47110", false}, {"8", false},       {":", false},
	    {"08:4711", false}, {" 8:4711", false}, {"8:4711 ", false},
	};
	const struct stat file = {.st_dev = 8, .st_ino = 4711};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (journald_names(view_of(CASES[i].stream), &file) != CASES[i].names)
			fail_msg("\"%s\"", CASES[i].stream);
}

static void test_descriptor_is_compared_with_journal_stream(void **state)
{
	(void)state;
	int ends[2];
	struct stat file;
	char name[64];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[0], &file), 0);
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);

	unsetenv("JOURNAL_STREAM");
	assert_false(journald_has(ends[0]));
	setenv("JOURNAL_STREAM", name, 1);
	assert_true(journald_has(ends[0]));
	assert_false(journald_has(STDIN_FILENO));
	close(ends[0]);
	close(ends[1]);
	assert_false(journald_has(ends[0]));
	unsetenv("JOURNAL_STREAM");
}

static void test_namespace_name_is_valid_or_refused(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} CASES[] = {
	    {"mayfly", true}, {"a", true},    {"A-z_0.9", true}, {"", false},
	    {".", false},     {"..", false},  {".a", false},     {"a/b", false},
	    {"a b", false},   {"a\n", false}, {"a@b", false},    {"a\xff", false},
	};
	(void)state;
	char name[JOURNALD_NAMESPACE_MAX + 1];
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (journald_is_namespace(view_of(CASES[i].name)) != CASES[i].valid)
			fail_msg("\"%s\"", CASES[i].name);
	memset(name, 'a', sizeof name);
	assert_true(journald_is_namespace((struct view){name, JOURNALD_NAMESPACE_MAX}));
	assert_false(journald_is_namespace((struct view){name, sizeof name}));
}

static void expect_journal_at(struct view name_space, const char *path)
{
	int journal = journald_connect(name_space);
	assert_true(journal >= 0);
	assert_string_equal(calls.path, path);
	close(journal);
}

static void test_entries_of_a_namespace_go_to_its_socket(void **state)
{
	(void)state;
	char name[JOURNALD_NAMESPACE_MAX], path[128];
	expect_journal_at(VIEW(""), "/run/systemd/journal/socket");
	expect_journal_at(VIEW("mayfly"), "/run/systemd/journal.mayfly/socket");
	memset(name, 'a', sizeof name);
	snprintf(path, sizeof path, "/run/systemd/journal.%.*s/socket", (int)sizeof name, name);
	expect_journal_at((struct view){name, sizeof name}, path);
}

/* The lowest free descriptor. */
static int next_descriptor(void)
{
	int file = dup(STDIN_FILENO);
	close(file);
	return file;
}

static void test_missing_journald_leaves_no_socket_open(void **state)
{
	(void)state;
	int next = next_descriptor();
	calls.connect_error = ENOENT;
	assert_int_equal(journald_connect(VIEW("")), -1);
	calls.socket_error = EMFILE;
	assert_int_equal(journald_connect(VIEW("")), -1);
	assert_int_equal(next_descriptor(), next);
}

static void test_interrupted_send_is_repeated(void **state)
{
	(void)state;
	int ends[2];
	char received[16];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	calls.interruptions = 3;
	assert_true(journald_send(ends[0], VIEW("entry")));
	assert_int_equal(calls.interruptions, 0);
	assert_int_equal(recv(ends[1], received, sizeof received, MSG_DONTWAIT), 5);
	close(ends[0]);
	close(ends[1]);
}

static void test_full_queue_does_not_block(void **state)
{
	(void)state;
	int ends[2];
	char received[16];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	int sent = 0;
	while (journald_send(ends[0], VIEW("entry")))
		assert_in_range(++sent, 1, 100000);
	assert_int_equal(recv(ends[1], received, sizeof received, 0), 5);
	assert_memory_equal(received, "entry", 5);
	assert_true(journald_send(ends[0], VIEW("again")));
	close(ends[0]);
	close(ends[1]);
}

static void test_entry_that_cannot_be_delivered_is_dropped(void **state)
{
	(void)state;
	static char huge[1 << 24];
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	assert_true(journald_send(ends[0], (struct view){huge, sizeof huge}));
	close(ends[1]);
	assert_true(journald_send(ends[0], VIEW("entry")));
	close(ends[0]);
	assert_true(journald_send(-1, VIEW("entry")));
}

#define TEST(test) cmocka_unit_test_setup(test, reset_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_entry_is_lines_of_fields),
	    TEST(test_message_ids_and_priorities_are_those_of_earlier_entries),
	    TEST(test_no_byte_of_an_escaped_value_begins_a_field),
	    TEST(test_journal_stream_matches_one_file_exactly),
	    TEST(test_descriptor_is_compared_with_journal_stream),
	    TEST(test_namespace_name_is_valid_or_refused),
	    TEST(test_entries_of_a_namespace_go_to_its_socket),
	    TEST(test_missing_journald_leaves_no_socket_open),
	    TEST(test_interrupted_send_is_repeated),
	    TEST(test_full_queue_does_not_block),
	    TEST(test_entry_that_cannot_be_delivered_is_dropped),
	};
	return cmocka_run_group_tests_name("journald", tests, NULL, NULL);
}
