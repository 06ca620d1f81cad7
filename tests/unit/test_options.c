/* The handler's options: the defaults are those that --help names, and each option is in --help. */
#include "base/parse.h"
#include "mayfly/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults_are_those_of_help),
	    cmocka_unit_test(test_each_option_is_in_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
