/*
 * The check that nftables lets clients connect; see check_firewall.h. It follows the rules of each chain
 * that sees incoming packets, as a new connection from another machine would: a rule with another
 * condition than the port may or may not apply to that connection.
 */
#include "check_firewall.h"
#include "bus.h"
#include "environment.h"
#include "memory.h"
#include "program.h"
#include <errno.h>
#include <json-c/json.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RULESET_SIZE = 4 << 20, DEPTH_MAX = 16 };

/* --- JSON (libnftables-json(5)). --- */

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	if (json_object_is_type(object, json_type_object))
		(void)json_object_object_get_ex(object, key, &value);
	return value;
}

static bool has_member(struct json_object *object, const char *key)
{
	struct json_object *value;
	return json_object_is_type(object, json_type_object) &&
	       json_object_object_get_ex(object, key, &value);
}

static const char *text(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* --- Conditions. --- */

static bool element_has_port(struct json_object *element, unsigned port)
{
	struct json_object *range = member(element, "range");
	if (json_object_is_type(element, json_type_int))
		return json_object_get_int64(element) == port;
	return json_object_is_type(range, json_type_array) &&
	       json_object_array_length(range) == 2 &&
	       json_object_get_int64(json_object_array_get_idx(range, 0)) <= port &&
	       port <= json_object_get_int64(json_object_array_get_idx(range, 1));
}

static bool value_has_port(struct json_object *value, unsigned port)
{
	struct json_object *set = member(value, "set");
	size_t count =
	    json_object_is_type(set, json_type_array) ? json_object_array_length(set) : 0;
	for (size_t i = 0; i < count; i++)
		if (element_has_port(json_object_array_get_idx(set, i), port))
			return true;
	return element_has_port(value, port);
}

enum condition {
	CONDITION_TRUE,    /* the port is in it */
	CONDITION_FALSE,   /* another port, or no new connection from another machine */
	CONDITION_UNKNOWN, /* it depends on the client, or is not understood */
};

static enum condition condition_of_port(struct json_object *match, unsigned port)
{
	struct json_object *right = member(match, "right");
	if (json_object_is_type(right, json_type_string)) /* a named set */
		return CONDITION_UNKNOWN;
	bool is_negated = strcmp(text(match, "op"), "!=") == 0;
	return value_has_port(right, port) != is_negated ? CONDITION_TRUE : CONDITION_FALSE;
}

static enum condition condition_of(struct json_object *match, unsigned port)
{
	struct json_object *left = member(match, "left"), *payload = member(left, "payload");
	struct json_object *meta = member(left, "meta"), *right = member(match, "right");
	const char *key = text(meta, "key");
	if (strcmp(text(payload, "field"), "dport") == 0)
		return strcmp(text(payload, "protocol"), "udp") == 0
		           ? CONDITION_FALSE
		           : condition_of_port(match, port);
	if (strncmp(text(payload, "protocol"), "icmp", 4) == 0 || has_member(left, "ct"))
		return CONDITION_FALSE;
	if (strncmp(key, "iif", 3) == 0 && json_object_is_type(right, json_type_string) &&
	    strcmp(json_object_get_string(right), "lo") == 0)
		return strcmp(text(match, "op"), "!=") == 0 ? CONDITION_TRUE : CONDITION_FALSE;
	if (strcmp(key, "l4proto") == 0 && json_object_is_type(right, json_type_string))
		return strcmp(json_object_get_string(right), "tcp") == 0 ? CONDITION_TRUE
		                                                         : CONDITION_FALSE;
	return CONDITION_UNKNOWN;
}

/* --- Rules and chains. --- */

enum verdict {
	VERDICT_NONE,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO
};

struct ruleset {
	struct json_object *list;
	unsigned port;
	bool is_unclear; /* a rule that may apply is not understood, or depends on the client */
	struct json_object *dropping; /* the rule that drops, NULL if the policy does */
	const char *target;           /* of the last jump or goto */
};

/* The verdict of a statement that applies. */
static enum verdict statement_verdict(struct ruleset *ruleset, struct json_object *rule,
                                      struct json_object *statement)
{
	struct json_object *jump = member(statement, "jump"), *go = member(statement, "goto");
	if (has_member(statement, "accept"))
		return VERDICT_ACCEPT;
	if (has_member(statement, "return"))
		return VERDICT_RETURN;
	if (has_member(statement, "drop") || has_member(statement, "reject")) {
		ruleset->dropping = rule;
		return VERDICT_DROP;
	}
	if (has_member(statement, "xt") || has_member(statement, "vmap"))
		ruleset->is_unclear = true;
	if (jump == NULL && go == NULL)
		return VERDICT_NONE;
	ruleset->target = text(jump != NULL ? jump : go, "target");
	return jump != NULL ? VERDICT_JUMP : VERDICT_GOTO;
}

static enum verdict rule_verdict(struct ruleset *ruleset, struct json_object *rule)
{
	struct json_object *statements = member(rule, "expr");
	enum verdict verdict = VERDICT_NONE;
	bool is_unclear = false;
	size_t count = json_object_is_type(statements, json_type_array)
	                   ? json_object_array_length(statements)
	                   : 0;
	for (size_t i = 0; i < count && verdict == VERDICT_NONE; i++) {
		struct json_object *statement = json_object_array_get_idx(statements, i);
		enum condition condition =
		    has_member(statement, "match")
		        ? condition_of(member(statement, "match"), ruleset->port)
		        : CONDITION_TRUE;
		if (condition == CONDITION_FALSE)
			return VERDICT_NONE;
		is_unclear = is_unclear || condition == CONDITION_UNKNOWN ||
		             has_member(statement, "xt") || has_member(statement, "limit");
		verdict = statement_verdict(ruleset, rule, statement);
	}
	if (!is_unclear)
		return verdict;
	ruleset->is_unclear = ruleset->is_unclear || verdict != VERDICT_NONE;
	return VERDICT_NONE;
}

/* Where the packet is in a chain. */
struct position {
	const char *chain;
	size_t next; /* index in the list */
};

/* Returns the next rule of the chain, or NULL after the last. */
static struct json_object *position_next_rule(struct position *position,
                                              const struct ruleset *ruleset,
                                              struct json_object *table)
{
	while (position->next < json_object_array_length(ruleset->list)) {
		struct json_object *rule =
		    member(json_object_array_get_idx(ruleset->list, position->next++), "rule");
		if (rule != NULL && strcmp(text(rule, "chain"), position->chain) == 0 &&
		    strcmp(text(rule, "family"), text(table, "family")) == 0 &&
		    strcmp(text(rule, "table"), text(table, "table")) == 0)
			return rule;
	}
	return NULL;
}

/* Follows the rules from the start of this base chain. */
static enum verdict chain_verdict(struct ruleset *ruleset, struct json_object *chain)
{
	struct position stack[DEPTH_MAX] = {{text(chain, "name"), 0}};
	size_t depth = 1;
	while (depth > 0) {
		struct json_object *rule = position_next_rule(&stack[depth - 1], ruleset, chain);
		enum verdict verdict = rule != NULL ? rule_verdict(ruleset, rule) : VERDICT_RETURN;
		if (verdict == VERDICT_ACCEPT || verdict == VERDICT_DROP)
			return verdict;
		if (verdict == VERDICT_RETURN || verdict == VERDICT_GOTO)
			depth--;
		if ((verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) && depth < DEPTH_MAX)
			stack[depth++] = (struct position){ruleset->target, 0};
	}
	return VERDICT_NONE;
}

static void add_dropping_rule(const struct ruleset *ruleset, struct findings *findings)
{
	struct json_object *rule = ruleset->dropping;
	char command[CHECK_COMMAND_SIZE];
	(void)snprintf(command, sizeof command, "nft delete rule %s %s %s handle %jd",
	               text(rule, "family"), text(rule, "table"), text(rule, "chain"),
	               (intmax_t)json_object_get_int64(member(rule, "handle")));
	findings_add(findings,
	             "remove the rule, also where it is written (/etc/nftables.conf, for example)",
	             command, "a rule in the chain %s %s %s of nftables keeps clients from port %u",
	             text(rule, "family"), text(rule, "table"), text(rule, "chain"), ruleset->port);
}

static void add_dropping_policy(const struct ruleset *ruleset, struct json_object *chain,
                                struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	(void)snprintf(command, sizeof command, "nft insert rule %s %s %s tcp dport %u accept",
	               text(chain, "family"), text(chain, "table"), text(chain, "name"),
	               ruleset->port);
	findings_add(findings,
	             "accept the port, also where the rules are written (/etc/nftables.conf, for "
	             "example)",
	             command, "the chain %s %s %s of nftables accepts no client on port %u",
	             text(chain, "family"), text(chain, "table"), text(chain, "name"),
	             ruleset->port);
}

/* Whether the rule is about this port, rather than about all that no other rule accepts. */
static bool names_port(struct json_object *rule)
{
	const char *words = json_object_to_json_string(rule);
	return strstr(words, "\"dport\"") != NULL;
}

static void check_chain(struct ruleset *ruleset, struct json_object *chain,
                        struct findings *findings)
{
	ruleset->is_unclear = false;
	ruleset->dropping = NULL;
	enum verdict verdict = chain_verdict(ruleset, chain);
	bool is_dropped = verdict == VERDICT_DROP ||
	                  (verdict == VERDICT_NONE && strcmp(text(chain, "policy"), "drop") == 0);
	if (is_dropped && ruleset->is_unclear)
		findings_add_note(findings,
		                  "The chain %s %s %s of nftables may keep clients from port %u",
		                  text(chain, "family"), text(chain, "table"), text(chain, "name"),
		                  ruleset->port);
	else if (is_dropped && ruleset->dropping != NULL && names_port(ruleset->dropping))
		add_dropping_rule(ruleset, findings);
	else if (is_dropped)
		add_dropping_policy(ruleset, chain, findings);
}

static bool sees_clients(struct json_object *chain)
{
	const char *family = text(chain, "family");
	return strcmp(text(chain, "type"), "filter") == 0 &&
	       strcmp(text(chain, "hook"), "input") == 0 &&
	       (strcmp(family, "inet") == 0 || strcmp(family, "ip") == 0 ||
	        strcmp(family, "ip6") == 0);
}

static void check_ruleset(struct json_object *list, unsigned port, struct findings *findings)
{
	struct ruleset ruleset = {.list = list, .port = port};
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *chain = member(json_object_array_get_idx(list, i), "chain");
		if (chain != NULL && sees_clients(chain))
			check_chain(&ruleset, chain, findings);
	}
}

/* --- Reading the rules. --- */

static void add_unchecked_firewall(const char *problem, struct findings *findings)
{
	findings_add_unchecked(findings, "the firewall is not checked: %s", problem);
}

/* Whether the kernel has any table of nftables, which iptables may have made (iptables-nft(8)). */
static bool has_tables(struct findings *findings)
{
	const struct {
		struct nlmsghdr header;
		struct nfgenmsg body;
	} request = {.header = {.nlmsg_len = sizeof request,
	                        .nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE,
	                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	char response[8192];
	struct nlmsghdr first = {.nlmsg_type = NLMSG_DONE};
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (netlink < 0) {
		if (errno != EAFNOSUPPORT && errno != EPROTONOSUPPORT)
			add_unchecked_firewall(strerror(errno), findings);
		return false;
	}
	errno = EBADMSG; /* if the answer is too short */
	bool is_read = send(netlink, &request, sizeof request, 0) == (ssize_t)sizeof request &&
	               recv(netlink, response, sizeof response, 0) >= (ssize_t)sizeof first;
	if (is_read)
		memcpy(&first, response, sizeof first);
	else
		add_unchecked_firewall(strerror(errno), findings);
	(void)close(netlink);
	return first.nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE);
}

/* The tables of iptables-legacy(8), which nft does not show. */
static bool has_legacy_tables(void)
{
	static const char NAMES[] = "/proc/net/ip_tables_names";
	char *names = environment_read(NAMES);
	if (names == NULL)
		bus_note_failure(NAMES, errno);
	bool has_name = names != NULL && *names != '\0';
	free(names);
	return has_name;
}

/* Returns the rules, which the caller releases; NULL if they cannot be read. *status: of program_run. */
static struct json_object *read_ruleset(int *status)
{
	static const char *const ARGUMENTS[] = {"/usr/sbin/nft", "--json", "list", "ruleset", NULL};
	static const char *const NO_ENVIRONMENT[] = {NULL};
	const struct program program = {ARGUMENTS, NO_ENVIRONMENT, NULL, STDOUT_FILENO};
	char *output = memory_allocate(RULESET_SIZE, 1);
	struct json_object *rules = NULL;
	*status = program_run(&program, output, RULESET_SIZE);
	if (*status == 0)
		rules = json_tokener_parse(output);
	free(output);
	return rules;
}

void check_firewall(unsigned port, struct findings *findings)
{
	if (getuid() != 0)
		return;
	if (has_legacy_tables())
		findings_add_note(findings, "The rules of iptables-legacy are not checked");
	if (!has_tables(findings))
		return;
	int status;
	struct json_object *rules = read_ruleset(&status), *list = member(rules, "nftables");
	if (json_object_is_type(list, json_type_array))
		check_ruleset(list, port, findings);
	else if (status < 0)
		add_unchecked_firewall("nft could not be run, or did not end", findings);
	else
		findings_add_note(findings,
		                  "The firewall is not checked: nft does not show its rules");
	json_object_put(rules);
}
