/* mayflyctl status, hits and report on machines with several sites, or with none. */
#include "sites_machine.h"

/* --- status --- */

static void test_status_of_units_that_systemd_describes_incompletely(void **state)
{
	(void)state;
	memset(&fake_systemd, 0, sizeof fake_systemd);
	fake_set("mayfly.socket", "b Accept 1");
	fake_set("mayfly@mayflyctl.service", "C ExecStart /usr/bin/mayfly --root /srv/www");
	machine.is_terminal = true;
	expect(1, run_out, "Socket         \x1b[31m\x1b[0m: no client is served; result:  ()\n",
	       RUN_COMMAND("status"));
	expect_in(run_out, "Counter file   none: nothing is counted\n");
	expect(1, run_out, "\"Listen\":[", RUN_COMMAND("status", "--json"));
	expect_in(run_out, "\"ActiveState\":\"\"");
	expect_in(run_out, "\"slice\":null");
	expect_in(run_out, "\"hits\":null");
}

static void test_status_of_connections(void **state)
{
	static const char *const FEW[] = {"mayfly@1-127.0.0.1:80-192.0.2.9:1.service",
	                                  "mayfly@2-127.0.0.1:80-192.0.2.8:1.service",
	                                  "mayfly@3-127.0.0.1:80-192.0.2.7:1.service",
	                                  "mayfly@4-127.0.0.1:80-192.0.2.8:2.service", NULL};
	static const char *many[8200 + 1];
	(void)state;
	fake_systemd.connections = FEW;
	EXPECT_OUT("2 open from 192.0.2.8, ", "status");
	for (size_t i = 0; i < 8200; i++)
		many[i] = FEW[0];
	fake_systemd.connections = many;
	EXPECT_OUT("8192 open from 192.0.2.9, ", "status");
}

/* --- hits --- */

static void test_hits_of_several_sites(void **state)
{
	(void)state;
	add_blog();
	machine.is_terminal = true;
	EXPECT_OUT("Site mayfly\n", "hits");
	expect_in(run_out, "1 hit on 1 resource\n\nSite blog\nNo hits.\n");
	EXPECT_OUT("  HOST\n", "hits", "--by-host");
	EXPECT_OUT("\n]}\n", "hits", "--by", "day", "--json");
	machine.is_terminal = false;
	EXPECT_OUT("1\t/a.html\tmayfly\n", "hits", "--format", "tsv");
}

static void test_hits_of_periods_on_a_terminal(void **state)
{
	(void)state;
	add_blog();
	machine.is_terminal = true;
	EXPECT_OUT("Site mayfly\nPERIOD", "hits", "--by", "day");
	expect_in(run_out, "\n1 hit\n");
	expect_in(run_out, "\n\nSite blog\nPERIOD  HITS\n0 hits\n");
	hit_times("/b.html", 1234567);
	EXPECT_OUT("     HITS\n", "hits", "--by", "day", "--hits", counter_file);
	expect_in(run_out, "  1234568");
}

static void test_bars_without_utf8(void **state)
{
	(void)state;
	hit_times("/b.html", 999);
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	machine.is_terminal = true;
	EXPECT_OUT("   1    0.1%  \x1b[32m#\x1b[0m ", "hits", "--hits", counter_file);
	assert_int_equal(unsetenv("LC_ALL"), 0);
}

static void test_reset_asks_only_on_a_terminal(void **state)
{
	(void)state;
	machine.is_terminal = true; /* but standard input ends */
	EXPECT_ERR(1, "[y/N] \nmayflyctl: nothing was dropped\n", "hits", "reset", "--hits",
	           counter_file);
	machine.has_plain_errors = true;
	EXPECT_ERR(EXIT_USAGE, "--yes is required", "hits", "reset", "--hits", counter_file);
	assert_int_equal(sum_of("/a.html"), 1);
}

static void test_hits_of_sites_are_written_whole_or_not_at_all(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	add_blog();
	EXPECT_ERR(1, "this is a counter file", "hits", "--output", counter_file);
	EXPECT_ERR(1, "cannot write: No such file or directory", "hits", "--output",
	           "/nowhere/list");
	(void)snprintf(name, sizeof name, "%s/list", counter_directory);
	/* that of the default, then those of the sites */
	EXPECT_OUT("", "hits", "--output", name);
	let_fail("stat", 3, EIO);
	EXPECT_ERR(1, "cannot compare", "hits", "--output", name);
	fake_systemd.ended_after = 3;
	EXPECT_ERR(1, "systemd did not answer: information is missing", "hits", "--output", name);
}

static void test_hits_of_a_site_that_cannot_be_queried(void **state)
{
	(void)state;
	add_blog();
	fake_systemd.ended_after = 2;
	EXPECT_ERR(1, "site mayfly: systemd did not answer: information is missing", "hits",
	           "verify");
	EXPECT_ERR(1, "site blog: systemd did not answer: information is missing", "hits", "verify",
	           "--site", "blog");
	EXPECT_ERR(1, "site mayfly: systemd did not answer: information is missing", "hits",
	           "verify", "--robots");
	fake_systemd.ended_after = 0;
	EXPECT_ERR(1, "no site shop", "hits", "verify", "--robots", "--site", "shop");
	EXPECT_ERR(1, "site mayfly counts nothing for robots: its handler has no --robots", "hits",
	           "verify", "--robots");
}

static void test_hits_of_a_machine_without_units(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	machine.user = MAIN_USER; /* root would look up each directory of a name */
	memset(&fake_systemd, 0, sizeof fake_systemd);
	EXPECT_ERR(1, "/var/lib/mayfly/hits: no such file", "hits");
	(void)snprintf(name, sizeof name, "%s/var/lib/mayfly/hits", counter_directory);
	assert_int_equal(link(counter_file, name), 0);
	EXPECT_OUT("1\t100.0%\t/a.html\n", "hits");
	fake_systemd.is_absent = true;
	EXPECT_ERR(1, "/var/lib/mayfly/robots: no such file", "hits", "verify", "--robots");
	EXPECT_ERR(1, "site blog: systemd is not running", "report", "--site", "blog");
	let_fail("open", 1, EPERM);
	EXPECT_ERR(1, "permission denied; try as root", "hits", "--hits", counter_file);
}

#ifndef __SANITIZE_ADDRESS__
static void test_missing_memory_is_an_error(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	(void)snprintf(name, sizeof name, "%s/list", counter_directory);
	for (unsigned done = 0; done < 2; done++) {
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file);
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file, "--by-host");
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file, "--output", name);
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "reset", "--yes", "--hits", counter_file,
		           "/a*");
		let_fail("malloc", done, ENOMEM);
		EXPECT_OUT("out of memory", "report", "--hits", counter_file);
	}
	assert_int_equal(sum_of("/a.html"), 1);
}
#endif

static void test_report_of_several_sites(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-site-bare.socket", "b Accept 1");
	fake_set("mayfly-site-bare@mayflyctl.service", "C ExecStart /usr/bin/mayfly");
	EXPECT_OUT("\"total\":1,", "report", "--json");
	assert_null(strstr(run_out, "\"file\":"));
	poke(0, "no counter file", 15);
	EXPECT_OUT("\"error\":\"not a counter file", "report", "--json");
	expect_in(run_out, "\"file\":\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MACHINE(test_status_of_units_that_systemd_describes_incompletely),
	    ON_MACHINE(test_status_of_connections),
	    ON_MACHINE(test_hits_of_several_sites),
	    ON_MACHINE(test_hits_of_periods_on_a_terminal),
	    ON_MACHINE(test_bars_without_utf8),
	    ON_MACHINE(test_reset_asks_only_on_a_terminal),
	    ON_MACHINE(test_hits_of_sites_are_written_whole_or_not_at_all),
	    ON_MACHINE(test_hits_of_a_site_that_cannot_be_queried),
	    ON_MACHINE(test_hits_of_a_machine_without_units),
#ifndef __SANITIZE_ADDRESS__
	    ON_MACHINE(test_missing_memory_is_an_error),
#endif
	    ON_MACHINE(test_report_of_several_sites),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
