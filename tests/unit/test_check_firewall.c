/* Rules of nftables, as nft prints them: which of them keep clients from the port. */
#include "mayflyctl/bus.h"
#include "mayflyctl/check_firewall.h"
#include "mayflyctl/environment.h"
#include "mayflyctl/program.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PORT = 8080 };

/* --- The system, in place of the C library's and the program's functions. --- */

static struct {
	uid_t user;
	const char *ruleset; /* what nft prints; NULL: it fails */
	const char *legacy;  /* the file of iptables-legacy; NULL: there is none */
	int socket;
	int error;              /* of the functions that fail */
	int status;             /* of nft, if it fails */
	ssize_t sent, received; /* bytes */
	unsigned short type;    /* of the kernel's answer */
} machine;

uid_t getuid(void)
{
	return machine.user;
}

int socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	errno = machine.error;
	return machine.socket >= 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
}

ssize_t send(int file, const void *bytes, size_t length, int flags)
{
	(void)file;
	(void)bytes;
	(void)flags;
	return machine.sent >= 0 ? machine.sent : (ssize_t)length;
}

ssize_t recv(int file, void *bytes, size_t length, int flags)
{
	struct nlmsghdr first = {.nlmsg_type = machine.type};
	(void)file;
	(void)flags;
	assert_true(length >= sizeof first);
	memcpy(bytes, &first, sizeof first);
	return machine.received;
}

char *environment_read(const char *file_name)
{
	assert_string_equal(file_name, "/proc/net/ip_tables_names");
	errno = machine.error;
	return machine.legacy != NULL ? strdup(machine.legacy) : NULL;
}

int program_run(const struct program *program, char *output, size_t size)
{
	assert_string_equal(program->arguments[0], "/usr/sbin/nft");
	if (machine.ruleset == NULL)
		return machine.status;
	assert_true(snprintf(output, size, "%s", machine.ruleset) < (int)size);
	return 0;
}

/* --- What is found: "finding: ..." or "note: ...", and the command. --- */

static char found[1024];

static void add(const char *kind, const char *format, va_list arguments)
{
	size_t length = strlen(found);
	length += (size_t)snprintf(found + length, sizeof found - length, "%s: ", kind);
	(void)vsnprintf(found + length, sizeof found - length, format, arguments);
}

void findings_add(struct findings *findings, const char *advice, const char *command,
                  const char *format, ...)
{
	va_list arguments;
	(void)findings;
	assert_non_null(advice);
	va_start(arguments, format);
	add(command, format, arguments);
	va_end(arguments);
}

void findings_add_note(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	(void)findings;
	va_start(arguments, format);
	add("note", format, arguments);
	va_end(arguments);
}

void findings_add_unchecked(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	(void)findings;
	va_start(arguments, format);
	add("unchecked", format, arguments);
	va_end(arguments);
}

void bus_note_failure(const char *file, int error)
{
	if (error != ENOENT)
		(void)snprintf(found, sizeof found, "missing: %s: %s", file, strerror(error));
}

static const char *check(void)
{
	found[0] = '\0';
	check_firewall(PORT, NULL);
	return found;
}

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.error = ENOENT;
	machine.status = 1;
	machine.sent = -1;
	machine.received = sizeof(struct nlmsghdr);
	machine.type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE;
	return 0;
}

/* --- Rules. --- */

#define DROPPING(policy)                                                                           \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"input\","                 \
	"\"type\":\"filter\",\"hook\":\"input\",\"policy\":\"" policy "\"}}"
#define RULE_OF(family, table, chain, statements)                                                  \
	",{\"rule\":{\"family\":\"" family "\",\"table\":\"" table "\",\"chain\":\"" chain         \
	"\",\"handle\":7,\"expr\":[" statements "]}}"
#define RULE(statements) RULE_OF("inet", "filter", "input", statements)
#define WEB(statements) RULE_OF("inet", "filter", "web", statements)
#define MATCH(op, left, right)                                                                     \
	"{\"match\":{\"op\":\"" op "\",\"left\":{" left "},\"right\":" right "}}"
#define PORT_IS(op, right)                                                                         \
	MATCH(op, "\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}", right)
#define META(op, key, right) MATCH(op, "\"meta\":{\"key\":\"" key "\"}", right)
#define ACCEPT "{\"accept\":null}"
#define DROP "{\"drop\":null}"

#define POLICY_FINDING                                                                             \
	"nft insert rule inet filter input tcp dport 8080 accept: the chain inet filter input of " \
	"nftables accepts no client on port 8080"
#define RULE_FINDING(chain)                                                                        \
	"nft delete rule inet filter " chain " handle 7: a rule in the chain inet filter " chain   \
	" of nftables keeps clients from port 8080"
#define NOTE "note: The chain inet filter input of nftables may keep clients from port 8080"

static void expect(const char *policy_and_rules, const char *expected)
{
	char ruleset[4096];
	assert_true(snprintf(ruleset, sizeof ruleset, "{\"nftables\":[{\"metainfo\":{}},%s]}",
	                     policy_and_rules) < (int)sizeof ruleset);
	machine.ruleset = ruleset;
	if (strcmp(check(), expected) != 0)
		fail_msg("\"%s\", not \"%s\", for %s", found, expected, ruleset);
}

/* The policy is to drop: only this rule may accept. */
#define EXPECT(statements, expected) expect(DROPPING("drop") RULE(statements), expected)

static void test_policy_drops_what_no_rule_accepts(void **state)
{
	(void)state;
	expect(DROPPING("drop"), POLICY_FINDING);
	expect(DROPPING("accept"), "");
	EXPECT(ACCEPT, "");
	EXPECT("", POLICY_FINDING);
	expect(DROPPING("drop") ",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":"
	                        "\"input\",\"expr\":7}}",
	       POLICY_FINDING);
	expect(DROPPING("drop") RULE_OF("ip", "filter", "input", ACCEPT)
	           RULE_OF("inet", "other", "input", ACCEPT) WEB(ACCEPT),
	       POLICY_FINDING);
}

static void test_ports_of_a_rule(void **state)
{
	(void)state;
	EXPECT(PORT_IS("==", "8080") "," ACCEPT, "");
	EXPECT(PORT_IS("==", "80") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("!=", "80") "," ACCEPT, "");
	EXPECT(PORT_IS("!=", "8080") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "{\"set\":[80,8080]}") "," ACCEPT, "");
	EXPECT(PORT_IS("==", "{\"set\":[80,443]}") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "{\"set\":[80,{\"range\":[8080,9000]}]}") "," ACCEPT, "");
	EXPECT(PORT_IS("==", "{\"range\":[8000,8080]}") "," ACCEPT, "");
	EXPECT(PORT_IS("==", "{\"range\":[8081,9000]}") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "{\"range\":[8000,8079]}") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "{\"range\":[8080]}") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "{\"range\":8080}") "," ACCEPT, POLICY_FINDING);
	EXPECT(PORT_IS("==", "\"@web\"") "," ACCEPT, NOTE);
	EXPECT(MATCH("==", "\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}",
	             "8080") "," ACCEPT,
	       POLICY_FINDING);
}

static void test_other_conditions_of_a_rule(void **state)
{
	(void)state;
	EXPECT(
	    MATCH("==", "\"payload\":{\"protocol\":\"icmpv6\",\"field\":\"type\"}", "8") "," ACCEPT,
	    POLICY_FINDING);
	EXPECT(MATCH("==", "\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}",
	             "\"192.0.2.1\"") "," ACCEPT,
	       NOTE);
	EXPECT(MATCH("in", "\"ct\":{\"key\":\"state\"}", "[\"established\"]") "," ACCEPT,
	       POLICY_FINDING);
	EXPECT(META("==", "iifname", "\"lo\"") "," ACCEPT, POLICY_FINDING);
	EXPECT(META("!=", "iif", "\"lo\"") "," ACCEPT, "");
	EXPECT(META("==", "iifname", "\"eth0\"") "," ACCEPT, NOTE);
	EXPECT(META("==", "iif", "2") "," ACCEPT, NOTE);
	EXPECT(META("==", "l4proto", "\"tcp\"") "," ACCEPT, "");
	EXPECT(META("==", "l4proto", "\"udp\"") "," ACCEPT, POLICY_FINDING);
	EXPECT(META("==", "l4proto", "{\"set\":[\"tcp\"]}") "," ACCEPT, NOTE);
	EXPECT(META("==", "mark", "7") "," ACCEPT, NOTE);
	EXPECT("{\"limit\":{\"rate\":5}}," ACCEPT, NOTE);
	expect(DROPPING("drop") RULE("{\"limit\":{\"rate\":5}}," ACCEPT) RULE("{\"xt\":null}"),
	       NOTE);
	EXPECT("{\"xt\":null}," ACCEPT, NOTE);
	EXPECT("{\"xt\":null}", NOTE);
	EXPECT("{\"limit\":{\"rate\":5}}", POLICY_FINDING);
	EXPECT("{\"vmap\":{}}", NOTE);
	EXPECT("{\"counter\":{}}," ACCEPT, "");
	EXPECT("7," ACCEPT, "");
}

static void test_rule_that_drops(void **state)
{
	(void)state;
	expect(DROPPING("accept") RULE(PORT_IS("==", "8080") "," DROP), RULE_FINDING("input"));
	expect(DROPPING("accept") RULE(PORT_IS("==", "8080") ",{\"reject\":null}"),
	       RULE_FINDING("input"));
	expect(DROPPING("accept") RULE(DROP), POLICY_FINDING);
	EXPECT(ACCEPT "," DROP, "");
	EXPECT(DROP "," ACCEPT, POLICY_FINDING);
	expect(DROPPING("accept") RULE(PORT_IS("==", "80") "," DROP), "");
	expect(DROPPING("accept") RULE(META("==", "mark", "7") "," DROP), "");
}

static void test_chains_of_chains(void **state)
{
	(void)state;
#define JUMP RULE("{\"jump\":{\"target\":\"web\"}}")
#define GOTO RULE("{\"goto\":{\"target\":\"web\"}}")
	expect(DROPPING("drop") JUMP WEB(ACCEPT), "");
	expect(DROPPING("drop") GOTO WEB(ACCEPT), "");
	expect(DROPPING("drop") JUMP RULE(ACCEPT) WEB(PORT_IS("==", "80") "," ACCEPT), "");
	expect(DROPPING("drop") GOTO RULE(ACCEPT) WEB(PORT_IS("==", "80") "," ACCEPT),
	       POLICY_FINDING);
	expect(DROPPING("drop") JUMP RULE(ACCEPT) WEB("{\"return\":null}") WEB(DROP), "");
	expect(DROPPING("drop") RULE("{\"return\":null}") RULE(ACCEPT), POLICY_FINDING);
	expect(DROPPING("accept") JUMP WEB(PORT_IS("==", "8080") "," DROP), RULE_FINDING("web"));
	expect(DROPPING("drop") JUMP WEB("{\"jump\":{\"target\":\"web\"}}") RULE(ACCEPT), "");
	expect(DROPPING("drop") JUMP, POLICY_FINDING);
}

static void test_only_chains_that_see_clients_count(void **state)
{
	(void)state;
#define CHAIN(family, type, hook)                                                                  \
	"{\"chain\":{\"family\":\"" family "\",\"table\":\"t\",\"name\":\"c\",\"type\":\"" type    \
	"\",\"hook\":\"" hook "\",\"policy\":\"drop\"}}"
#define FINDING(family)                                                                            \
	"nft insert rule " family " t c tcp dport 8080 accept: the chain " family                  \
	" t c of nftables accepts no client on port 8080"
	expect(CHAIN("ip", "filter", "input"), FINDING("ip"));
	expect(CHAIN("ip6", "filter", "input"), FINDING("ip6"));
	expect(CHAIN("inet", "filter", "input"), FINDING("inet"));
	expect(CHAIN("bridge", "filter", "input"), "");
	expect(CHAIN("ip", "nat", "input"), "");
	expect(CHAIN("ip", "filter", "forward"), "");
}

#define UNREAD "note: The firewall is not checked: nft does not show its rules"

static void test_rules_that_cannot_be_read_are_noted(void **state)
{
	static const char *const INVALID[] = {NULL, "", "x", "{}", "[]", "{\"nftables\":7}"};
	(void)state;
	for (size_t i = 0; i < sizeof INVALID / sizeof INVALID[0]; i++) {
		machine.ruleset = INVALID[i];
		assert_string_equal(check(), UNREAD);
	}
}

/* Rules that cannot be read would be a note. */
static void test_nothing_is_read_without_tables_of_nftables(void **state)
{
	static const int NO_NFTABLES[] = {EAFNOSUPPORT, EPROTONOSUPPORT};
	(void)state;
	assert_string_equal(check(), UNREAD);
	machine.type = NLMSG_DONE;
	assert_string_equal(check(), "");
	(void)reset_machine(state);
	machine.user = 1000;
	assert_string_equal(check(), "");
	for (size_t i = 0; i < sizeof NO_NFTABLES / sizeof NO_NFTABLES[0]; i++) {
		(void)reset_machine(state);
		machine.legacy = "";
		machine.socket = -1;
		machine.error = NO_NFTABLES[i];
		assert_string_equal(check(), "");
	}
}

#define UNCHECKED "unchecked: the firewall is not checked: "

static void test_a_failure_of_the_system_is_a_finding(void **state)
{
	(void)state;
	machine.received = 8;
	assert_string_equal(check(), UNCHECKED "Bad message");
	(void)reset_machine(state);
	machine.sent = 0;
	assert_string_equal(check(), UNCHECKED "Bad message");
	(void)reset_machine(state);
	machine.legacy = "";
	machine.socket = -1;
	machine.error = EMFILE;
	assert_string_equal(check(), UNCHECKED "Too many open files");
	(void)reset_machine(state);
	machine.status = -1;
	assert_string_equal(check(), UNCHECKED "nft could not be run, or did not end");
	(void)reset_machine(state);
	machine.type = NLMSG_DONE;
	machine.error = EIO;
	assert_string_equal(check(), "missing: /proc/net/ip_tables_names: Input/output error");
}

static void test_tables_of_iptables_legacy_are_noted(void **state)
{
	(void)state;
	machine.type = NLMSG_DONE;
	machine.legacy = "";
	assert_string_equal(check(), "");
	machine.legacy = "filter\n";
	assert_string_equal(check(), "note: The rules of iptables-legacy are not checked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_policy_drops_what_no_rule_accepts, reset_machine),
	    cmocka_unit_test_setup(test_ports_of_a_rule, reset_machine),
	    cmocka_unit_test_setup(test_other_conditions_of_a_rule, reset_machine),
	    cmocka_unit_test_setup(test_rule_that_drops, reset_machine),
	    cmocka_unit_test_setup(test_chains_of_chains, reset_machine),
	    cmocka_unit_test_setup(test_only_chains_that_see_clients_count, reset_machine),
	    cmocka_unit_test_setup(test_rules_that_cannot_be_read_are_noted, reset_machine),
	    cmocka_unit_test_setup(test_nothing_is_read_without_tables_of_nftables, reset_machine),
	    cmocka_unit_test_setup(test_a_failure_of_the_system_is_a_finding, reset_machine),
	    cmocka_unit_test_setup(test_tables_of_iptables_legacy_are_noted, reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
