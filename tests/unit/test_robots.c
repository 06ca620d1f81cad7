/* Which User-Agent fields are those of robots, by the generic words and by the owner's list. */
#include "heap_copy.h"
#include "http/robots.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FIREFOX "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
#define CHROME                                                                                     \
	"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "               \
	"Chrome/126.0.0.0 Mobile Safari/537.36"

static const struct {
	const char *agent, *list;
	bool is_robot;
} CASES[] = {
    {"", "", true},
    {" \t", "", true},
    {FIREFOX, "", false},
    {CHROME, "", false},
    {"Lynx/2.9.0 libwww-FM/2.14", "", false},
    {"Mozilla/5.0 (compatible; Somebot/2.1; +http://example.org/bot.html)", "", true},
    {"BOT", "", true},
    {"a robot", "", true},
    {"bo", "", false},
    {"b o t", "", false},
    {"bbbot", "", true},
    {"bobot", "", true},
    {"Crawler/1", "", true},
    {"crawl", "", true},
    {"craw", "", false},
    {"SPIDER", "", true},
    {"reader (https://example.org)", "", true},
    {"reader (https:/example.org)", "", false},
    {"curl/8.5.0", "", true},
    {"curly", "", false},
    {"Wget/1.21.3", "", true},
    {"wget", "", false},
    {"python-requests/2.32", "", true},
    {"Python/3.11 aiohttp/3.9", "", false},
    {"Go-http-client/1.1", "", true},
    {"Java/17.0.1", "", true},
    {"javascript", "", false},
    {"HeadlessChrome/126", "", true},
    /* The list. */
    {"Python/3.11 aiohttp/3.9", "aiohttp", true},
    {"Python/3.11 AIOHTTP/3.9", "# scripts\r\n\r\n  aioHTTP/ \r\n", true},
    {FIREFOX, "aiohttp\n# firefox\n\n!firefox\n", false},
    {FIREFOX, "firefox", true},
    {FIREFOX, "firefox\n!linux x86", false},
    {FIREFOX, "!linux x86\nfirefox", false},
    {FIREFOX, "!", false},
    {"curl/8.5.0", "!", true},
    {"curl/8.5.0", "firefox\ncurl\n", true},
    {"curl/8.5.0", "!curl", false},
    {"curl/8.5.0", "! CURL/8 ", false},
    {"curl/8.5.0", "#!curl", true},
    {"a # firefox", "# firefox", false},
    {"", "!curl\n!", true},
    {"CUBOT X18", "!cubot", false},
    {"ab", "abc", false},
    {"xab", "b\n", true},
    {"xab", "a", true},
};

static void test_words_and_list_mark_robots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view agent = heap_copy(view_of(CASES[i].agent));
		struct view list = heap_copy(view_of(CASES[i].list));
		if (robots_match(agent, list) != CASES[i].is_robot)
			fail_msg("\"%s\" with \"%s\"", CASES[i].agent, CASES[i].list);
		heap_free(agent);
		heap_free(list);
	}
}

/* The limits that mayfly(8) documents. */
enum { AGENT_LIMIT = 512, LINES_LIMIT = 1000 };

static void test_agent_is_searched_up_to_its_limit(void **state)
{
	(void)state;
	char agent[AGENT_LIMIT + 3];
	memset(agent, 'x', sizeof agent);
	memcpy(agent + AGENT_LIMIT - 3, "bot", 3);
	assert_true(robots_match((struct view){agent, sizeof agent}, VIEW("")));
	memset(agent, 'x', sizeof agent);
	memcpy(agent + AGENT_LIMIT - 2, "bot", 3);
	assert_false(robots_match((struct view){agent, sizeof agent}, VIEW("")));
}

static void test_lines_beyond_the_limit_are_ignored(void **state)
{
	(void)state;
	static char list[LINES_LIMIT + 8];
	memset(list, '\n', LINES_LIMIT);
	memcpy(list + LINES_LIMIT, "firefox", 7);
	assert_false(robots_match(VIEW(FIREFOX), view_of(list)));
	assert_int_equal(robots_list_check(view_of(list)), LINES_LIMIT + 1);
	assert_true(robots_match(VIEW(FIREFOX), view_of(list + 1)));
	assert_int_equal(robots_list_check(view_of(list + 1)), 0);
}

static void test_first_invalid_line_is_found(void **state)
{
	(void)state;
	assert_int_equal(robots_list_check(VIEW("")), 0);
	assert_int_equal(robots_list_check(VIEW("a\n!b\n# !\n\n")), 0);
	assert_int_equal(robots_list_check(VIEW("!")), 1);
	assert_int_equal(robots_list_check(VIEW("a\r\n ! \r\nb\r\n!")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words_and_list_mark_robots),
	    cmocka_unit_test(test_agent_is_searched_up_to_its_limit),
	    cmocka_unit_test(test_lines_beyond_the_limit_are_ignored),
	    cmocka_unit_test(test_first_invalid_line_is_found)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
