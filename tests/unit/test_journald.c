/*
 * Writing to journald: the bytes of an entry, fields with any byte, JOURNAL_STREAM, and a socket
 * whose peer does not read, is closed, or refuses a datagram of that size.
 */
#include "base/journald.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_entry_is_lines_of_fields),
	    cmocka_unit_test(test_message_ids_and_priorities_are_those_of_earlier_entries),
	    cmocka_unit_test(test_no_byte_of_an_escaped_value_begins_a_field),
	    cmocka_unit_test(test_journal_stream_matches_one_file_exactly),
	    cmocka_unit_test(test_descriptor_is_compared_with_journal_stream),
	    cmocka_unit_test(test_namespace_name_is_valid_or_refused),
	    cmocka_unit_test(test_full_queue_does_not_block),
	    cmocka_unit_test(test_entry_that_cannot_be_delivered_is_dropped),
	};
	return cmocka_run_group_tests_name("journald", tests, NULL, NULL);
}
