/* The handler's options: the defaults are those that --help names, each option is in --help, and limits are kept. */
#include "base/parse.h"
#include "mayfly/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct options parse(char **arguments)
{
	static struct options options;
	char array[200];
	struct buffer error = BUFFER(array);
	int count = 0;
	while (arguments[count] != NULL)
		count++;
	options = (struct options){0};
	optind = 0;
	assert_true(options_parse(count, arguments, &options, &error));
	return options;
}

/* Returns the line of --help that begins with the option, or an empty view. */
static struct view help_of(const char *option)
{
	static char array[OPTIONS_HELP_MAX];
	struct buffer help = BUFFER(array);
	options_add_help(&help);
	assert_false(help.truncated);
	struct view rest = buffer_view(&help);
	while (rest.length > 0) {
		struct view line = parse_line(&rest);
		struct view words = view_trim(line);
		if (view_equal(parse_word(&words), view_of(option)))
			return line;
	}
	return VIEW("");
}

/* Returns the number of "(default N)" at the end of the option's help. */
static uint64_t default_in_help(const char *option)
{
	uint64_t number = 0;
	struct view line = help_of(option), before;
	while (parse_cut(&line, '(', &before))
		continue;
	struct view text = before;
	assert_true(parse_prefix(&text, VIEW("default ")));
	assert_true(text.length > 0 && text.data[text.length - 1] == ')');
	text.length--;
	assert_true(parse_number(text, 0, UINT32_MAX, &number));
	return number;
}

static void test_defaults_are_those_of_help(void **state)
{
	(void)state;
	struct options options = parse((char *[]){"mayfly", "--root", ".", NULL});
	assert_int_equal(options.header_timeout, 10);
	assert_int_equal(options.send_timeout, 60);
	assert_int_equal(options.min_rate, 1000);
	assert_int_equal(options.keep_alive, 0);
	assert_int_equal(options.keep_alive_requests, 1000);
	assert_int_equal(options.keep_alive_time, 300);
	assert_int_equal(options.header_timeout, default_in_help("--header-timeout"));
	assert_int_equal(options.send_timeout, default_in_help("--send-timeout"));
	assert_int_equal(options.min_rate, default_in_help("--min-rate"));
	assert_int_equal(options.keep_alive, default_in_help("--keep-alive"));
	assert_int_equal(options.keep_alive_requests, default_in_help("--keep-alive-requests"));
	assert_int_equal(options.keep_alive_time, default_in_help("--keep-alive-time"));
	assert_int_equal(options.sandbox, SANDBOX_AUTO);
	assert_int_equal(options.log.target, LOG_AUTO);
	assert_int_equal(options.index_name_count, 1);
	assert_string_equal(options.index_names[0], "index.html");
	assert_true(options.hits == NULL && options.robots == NULL && options.robots_list == NULL);
	assert_false(options.vhosts || options.list || options.list_hits || options.no_rules ||
	             options.proxy_protocol);
	assert_true(options.extension_count == 0 && options.extra_field_count == 0 &&
	            options.cache_control.length == 0 && options.health_path.length == 0 &&
	            options.counter_path.length == 0);
}

/* Each of these is accepted, so that a name which --help lacks cannot be a mistake of this list. */
static void test_each_option_is_in_help(void **state)
{
	static char *arguments[][2] = {
	    {"--root", "."},
	    {"--hits", "hits"},
	    {"--robots", "robots"},
	    {"--robots-list", "list"},
	    {"--index", "a"},
	    {"--vhosts"},
	    {"--extension", "html"},
	    {"--no-rules"},
	    {"--list"},
	    {"--list-hits"},
	    {"--counter-path", "/counter"},
	    {"--cache-control", "no-cache"},
	    {"--header", "a: b"},
	    {"--log", "off"},
	    {"--header-timeout", "1"},
	    {"--send-timeout", "1"},
	    {"--min-rate", "1"},
	    {"--keep-alive", "1"},
	    {"--keep-alive-requests", "1"},
	    {"--keep-alive-time", "1"},
	    {"--proxy-protocol"},
	    {"--proxy-from", "unix"},
	    {"--health-path", "/healthz"},
	    {"--https"},
	    {"--https-redirect"},
	    {"--sandbox", "off"},
	    {"--check-config"},
	    {"--version"},
	    {"--help"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
		(void)parse((char *[]){"mayfly", "--root", ".", "--hits", "hits", "--robots",
		                       "robots", "--health-path", "/h", "--proxy-from", "unix",
		                       arguments[i][0], arguments[i][1], NULL});
		struct view line = help_of(arguments[i][0]);
		if (line.length == 0)
			fail_msg("%s is not in --help", arguments[i][0]);
	}
}

enum { ARGUMENTS_MAX = 24 };

/* Expects that options which follow --root are rejected with this message, or accepted if it is NULL. */
static void expect_message(const char *expected, char **more)
{
	char array[200];
	struct buffer error = BUFFER(array);
	struct options options = {0};
	char *arguments[ARGUMENTS_MAX] = {"mayfly", "--root", "."};
	int count = 3;
	for (; *more != NULL; more++)
		arguments[count++] = *more;
	optind = 0;
	bool valid = options_parse(count, arguments, &options, &error);
	buffer_add_byte(&error, '\0');
	if (expected == NULL)
		assert_true(valid);
	else
		assert_string_equal(array, expected);
}

#define OPTIONS(...) ((char *[]){__VA_ARGS__, NULL})

static void test_values_outside_their_limits_are_rejected(void **state)
{
	static char name[257];
	char message[200];
	(void)state;
	memset(name, 'a', 255);
	expect_message(NULL, OPTIONS("--index", name));
	name[255] = 'a';
	(void)snprintf(message, sizeof message,
	               "--index: \"%.77s...\" is not a file name without a slash or leading dot",
	               name);
	expect_message(message, OPTIONS("--index", name));
	expect_message("--index: \"\" is not a file name without a slash or leading dot",
	               OPTIONS("--index", ""));
	expect_message("--index: \"a/b\" is not a file name without a slash or leading dot",
	               OPTIONS("--index", "a/b"));
	expect_message("--index: \".a\" is not a file name without a slash or leading dot",
	               OPTIONS("--index", ".a"));
	expect_message("--extension: \"a/b\" is not an extension without its dot, such as html",
	               OPTIONS("--extension", "a/b"));
	expect_message(NULL, OPTIONS("--extension", "X1-._"));
	expect_message("--sandbox: \"on\" is not auto, require or off", OPTIONS("--sandbox", "on"));
	expect_message("--cache-control: \" \" is not a field value",
	               OPTIONS("--cache-control", " "));
	expect_message("--cache-control: \"\\x01\" is not a field value",
	               OPTIONS("--cache-control", "\x01"));
	expect_message("--header: \"a\" is not a field (Name: value)", OPTIONS("--header", "a"));
	expect_message("--header: \"Content-Length: 1\" is a field that only the server may send",
	               OPTIONS("--header", "Content-Length: 1"));
	expect_message("--counter-path: \"/a/\" is not a canonical path such as /counter",
	               OPTIONS("--hits", "hits", "--counter-path", "/a/"));
	expect_message("--counter-path: \"/../a\" is not a canonical path such as /counter",
	               OPTIONS("--hits", "hits", "--counter-path", "/../a"));
}

/* Expects that an option may be given so often, and not once more. */
static void expect_count_max(int max, char *name, char *value, const char *problem)
{
	char message[100], *arguments[2 * TRUSTED_PROXIES_MAX + 9] = {"mayfly", "--root", ".",
	                                                              "--health-path", "/h"};
	int count = 5;
	(void)snprintf(message, sizeof message, "%s: \"%s\" exceeds the limit of %s", name, value,
	               problem);
	for (int i = 0; i < max; i++) {
		arguments[count++] = name;
		arguments[count++] = value;
	}
	for (int i = 0; i < 2; i++) {
		char array[200] = "";
		struct buffer error = {array, sizeof array - 1, 0, false};
		struct options options = {0};
		optind = 0;
		assert_true(options_parse(count, arguments, &options, &error) == (i == 0));
		assert_string_equal(array, i == 0 ? "" : message);
		arguments[count++] = name;
		arguments[count++] = value;
	}
}

static void test_repeated_options_have_a_limit(void **state)
{
	(void)state;
	expect_count_max(8, "--index", "a", "8 names");
	expect_count_max(4, "--extension", "html", "4 extensions");
	expect_count_max(16, "--header", "a: b", "16 fields");
	expect_count_max(16, "--proxy-from", "::1", "16 networks");
}

static void test_fields_have_room_for_16_kib(void **state)
{
	static char field[EXTRA_BYTES_MAX + 2] = "a:";
	(void)state;
	memset(field + 2, 'b', EXTRA_BYTES_MAX - 2);
	expect_message(NULL, OPTIONS("--header", field));
	expect_message(NULL, OPTIONS("--cache-control", field));
	expect_message("--cache-control: \"c\" exceeds the limit of 16 KiB of fields",
	               OPTIONS("--header", field, "--cache-control", "c"));
	expect_message("--header: \"c:\" exceeds the limit of 16 KiB of fields",
	               OPTIONS("--header", field, "--header", "c:"));
}

static void test_options_require_others(void **state)
{
	(void)state;
	expect_message("--robots requires --hits", OPTIONS("--robots", "a"));
	expect_message("--robots and --hits name the same file",
	               OPTIONS("--robots", "a", "--hits", "a"));
	expect_message("--robots-list requires --robots", OPTIONS("--robots-list", "a"));
	expect_message(NULL, OPTIONS("--robots-list", "a", "--robots", "b", "--hits", "c"));
	expect_message("--list-hits requires --hits", OPTIONS("--list-hits"));
	expect_message("--counter-path requires --hits", OPTIONS("--counter-path", "/a"));
	expect_message("--proxy-protocol requires --proxy-from", OPTIONS("--proxy-protocol"));
	expect_message("--proxy-from requires --proxy-protocol or --health-path",
	               OPTIONS("--proxy-from", "unix"));
	expect_message("--https-redirect cannot be combined with --https",
	               OPTIONS("--https", "--https-redirect"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults_are_those_of_help),
	    cmocka_unit_test(test_each_option_is_in_help),
	    cmocka_unit_test(test_values_outside_their_limits_are_rejected),
	    cmocka_unit_test(test_repeated_options_have_a_limit),
	    cmocka_unit_test(test_fields_have_room_for_16_kib),
	    cmocka_unit_test(test_options_require_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
