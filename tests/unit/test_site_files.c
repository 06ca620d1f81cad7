/* The texts of the files that `mayflyctl sites add` writes, and how they are recognized again. */
#include "mayflyctl/output.h"
#include "mayflyctl/site_files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The program's, which site_files.o refers to; no test reports an error. */
enum exit_status command_error(const char *format, ...)
{
	(void)format;
	return EXIT_FAILED;
}

const char *output_escaped(const char *name)
{
	return name;
}

static const struct site_settings BLOG = {"blog", "127.0.0.1:8081", "/srv/blog",
                                          "/usr/sbin/mayfly"};

static void test_names(void **state)
{
	(void)state;
	static const char *const GOOD[] = {"a", "blog", "blog2", "abcdefghijklmnopqrstuvwx"};
	static const char *const BAD[] = {
	    "",       "Blog", "2blog", "two-words",   "a.b",
	    "a/b",    "a b",  "..",    "blog\n",      "mayfly",
	    "report", "a%i",  "a_b",   "bl\xc3\xb6g", "abcdefghijklmnopqrstuvwxy"};
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
		assert_null(site_files_check_name(GOOD[i]));
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		if (site_files_check_name(BAD[i]) == NULL)
			fail_msg("accepted: %s", BAD[i]);
}

static const char *body_of(enum site_file_kind kind)
{
	static char text[SITE_TEXT_SIZE];
	site_file_text(&BLOG, kind, text);
	return strchr(text, '\n') + 1;
}

static void test_texts(void **state)
{
	(void)state;
	assert_string_equal(body_of(SITE_FILE_USER), "u mayfly-blog - \"Mayfly site blog\"\n");
	assert_string_equal(body_of(SITE_FILE_SOCKET),
	                    "[Unit]\nDescription=Mayfly, site blog: the port\n"
	                    "AssertPathIsDirectory=/srv/blog\n\n[Socket]\n"
	                    "ListenStream=127.0.0.1:8081\n\n[Install]\nWantedBy=sockets.target\n");
	assert_string_equal(body_of(SITE_FILE_SERVICE),
	                    "[Unit]\nDescription=Mayfly, site blog: connection %i\n\n[Service]\n"
	                    "ExecStart=/usr/sbin/mayfly --root /srv/blog --hits "
	                    "/var/lib/mayfly-blog/hits --log journal $MAYFLY_OPTIONS\n");
	assert_string_equal(body_of(SITE_FILE_DROP_IN),
	                    "[Service]\nUser=mayfly-blog\nStateDirectory=mayfly-blog\n"
	                    "StateDirectoryMode=0750\nEnvironmentFile=\n"
	                    "EnvironmentFile=-/etc/default/mayfly-blog\n");
}

static void test_longest_root_fits(void **state)
{
	(void)state;
	static char root[4096], text[SITE_TEXT_SIZE];
	memset(root, 'a', sizeof root - 1);
	const struct site_settings site = {"blog", "8081", root, root};
	for (enum site_file_kind kind = 0; kind < SITE_FILES; kind++) {
		site_file_text(&site, kind, text);
		assert_int_equal(site_file_text_state(text), SITE_FILE_ADDED);
		assert_int_equal(text[strlen(text) - 1], '\n');
	}
}

static void test_each_change_is_recognized(void **state)
{
	(void)state;
	static char text[SITE_TEXT_SIZE];
	site_file_text(&BLOG, SITE_FILE_SOCKET, text);
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++) {
		text[i] ^= 1;
		enum site_file_state found = site_file_text_state(text);
		if (found != SITE_FILE_CHANGED && found != SITE_FILE_FOREIGN)
			fail_msg("byte %zu was changed unnoticed", i);
		text[i] ^= 1;
	}
	assert_int_equal(site_file_text_state(text), SITE_FILE_ADDED);
	strcat(text, "\n");
	assert_int_equal(site_file_text_state(text), SITE_FILE_CHANGED);
	while (length > 0) {
		text[--length] = '\0';
		assert_int_not_equal(site_file_text_state(text), SITE_FILE_ADDED);
	}
	assert_int_equal(site_file_text_state("[Socket]\nListenStream=8081\n"), SITE_FILE_FOREIGN);
}

static void test_file_names(void **state)
{
	(void)state;
	assert_string_equal(site_file_name("blog", SITE_FILE_USER),
	                    "/etc/sysusers.d/mayfly-site-blog.conf");
	assert_string_equal(site_file_name("blog", SITE_FILE_DROP_IN),
	                    "/etc/systemd/system/mayfly-site-blog@.service.d/user.conf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_longest_root_fits),
	    cmocka_unit_test(test_each_change_is_recognized),
	    cmocka_unit_test(test_file_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
