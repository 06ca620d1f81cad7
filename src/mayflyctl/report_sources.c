/* Where visitors came from; see report_sources.h. */
#include "report_sources.h"
#include "base/fnv.h"
#include "base/parse.h"
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>

enum { OK = 200, PARTIAL = 206, NOT_MODIFIED = 304 };

static const uint64_t HOUR_US = UINT64_C(3600000000);
static const uint64_t SUBSCRIBERS_MAX = 1000000000;

/* --- Parsing. --- */

struct view report_host(struct view url)
{
	struct view host;
	if (!parse_prefix(&url, VIEW("https://")) && !parse_prefix(&url, VIEW("http://")))
		return VIEW("");
	(void)parse_cut(&url, '/', &host);
	bool is_ipv6 = host.length > 0 && host.data[0] == '[';
	if (is_ipv6)
		return host;
	struct view rest = host;
	(void)parse_cut(&rest, ':', &host);
	return host;
}

uint64_t report_subscribers(struct view user_agent, struct view *name)
{
	static const char WORD[] = " subscriber";
	struct view rest = user_agent;
	*name = parse_word(&rest);
	for (size_t i = 1; i + sizeof WORD - 1 <= user_agent.length; i++) {
		if (memcmp(user_agent.data + i, WORD, sizeof WORD - 1) != 0)
			continue;
		size_t first = i;
		uint64_t number;
		while (first > 0 && ascii_is_digit(user_agent.data[first - 1]))
			first--;
		struct view digits = {user_agent.data + first, i - first};
		if (parse_number(digits, 1, SUBSCRIBERS_MAX, &number))
			return number;
	}
	return 0;
}

/* The target without its query. */
static struct view path_of(struct view target)
{
	struct view path;
	(void)parse_cut(&target, '?', &path);
	return path;
}

/* The path of an http or https URL that has a host. */
static struct view path_of_url(struct view url)
{
	struct view authority;
	if (!parse_prefix(&url, VIEW("https://")))
		(void)parse_prefix(&url, VIEW("http://"));
	(void)parse_cut(&url, '/', &authority);
	/* With the slash before it, which may be missing. */
	return url.length > 0 ? path_of((struct view){url.data - 1, url.length + 1}) : VIEW("/");
}

/* Whether pages load a target: then it is not what a visitor came for. */
static bool is_part_of_page(struct view path)
{
	static const char *const ENDINGS[] = {".css",  ".js",    ".mjs", ".png", ".jpg",
	                                      ".jpeg", ".gif",   ".svg", ".ico", ".webp",
	                                      ".avif", ".woff2", ".woff"};
	for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
		struct view ending = view_of(ENDINGS[i]);
		if (path.length > ending.length &&
		    view_equal_nocase(view_from(path, path.length - ending.length), ending))
			return true;
	}
	return false;
}

/* --- Counting. --- */

static bool is_found(const struct entry *entry)
{
	uint64_t status = entry_number(entry, ENTRY_STATUS);
	return view_equal(entry->fields[ENTRY_METHOD], VIEW("GET")) &&
	       (status == OK || status == PARTIAL || status == NOT_MODIFIED);
}

static bool is_of_robot(const struct entry *entry)
{
	return entry_number(entry, ENTRY_ROBOT) > 0;
}

static void add_arrival(struct report_sources *sources, struct view host, struct view path)
{
	char *text =
	    memory_print("%.*s %.*s", (int)host.length, host.data, (int)path.length, path.data);
	tally_add(&sources->arrivals, view_of(text), 1);
	free(text);
}

static void add_subscribers(struct report_sources *sources, struct view user_agent,
                            struct view path)
{
	struct view name;
	uint64_t number = report_subscribers(user_agent, &name);
	if (number == 0)
		return;
	char *text =
	    memory_print("%.*s %.*s", (int)path.length, path.data, (int)name.length, name.data);
	tally_raise(&sources->subscribers, view_of(text), number);
	free(text);
}

/* Returns where to remember that the client of this entry was served this path. */
static struct report_page *find_page(struct report_sources *sources, const struct entry *entry,
                                     struct view path, uint64_t *hash)
{
	struct view address = entry->fields[ENTRY_ADDRESS];
	struct view user_agent = entry->fields[ENTRY_USER_AGENT];
	*hash = fnv_add(FNV_START, address.data, address.length);
	*hash =
	    fnv_add(fnv_add_number(*hash, user_agent.length), user_agent.data, user_agent.length);
	*hash = fnv_add(*hash, path.data, path.length);
	return &sources->pages[*hash % REPORT_PAGES_MAX];
}

static void remember_page(struct report_sources *sources, const struct entry *entry)
{
	uint64_t hash;
	struct view path = path_of(entry->fields[ENTRY_TARGET]);
	struct report_page *page = find_page(sources, entry, path, &hash);
	*page = (struct report_page){hash, entry->time_us};
}

/* Whether the client was served the page that the Referer names in the hour before. */
static bool was_served_referer(struct report_sources *sources, const struct entry *entry)
{
	uint64_t hash;
	struct view path = path_of_url(entry->fields[ENTRY_REFERER]);
	const struct report_page *page = find_page(sources, entry, path, &hash);
	return page->hash == hash && entry->time_us - page->time_us <= HOUR_US;
}

static void add_referer(struct report_sources *sources, const struct entry *entry, struct view host)
{
	tally_add(&sources->linked, host, 1);
	if (view_equal_nocase(host, entry->fields[ENTRY_HOST]) ||
	    was_served_referer(sources, entry))
		tally_add(&sources->followed, host, 1);
}

void report_sources_add(struct report_sources *sources, const struct entry *entry,
                        struct view target)
{
	struct view path = path_of(target);
	struct view host = report_host(entry->fields[ENTRY_REFERER]);
	if (!is_found(entry) || path.length == 0)
		return;
	add_subscribers(sources, entry->fields[ENTRY_USER_AGENT], path);
	if (is_of_robot(entry))
		return;
	if (host.length > 0)
		add_referer(sources, entry, host);
	remember_page(sources, entry);
	if (!is_part_of_page(path))
		add_arrival(sources, host, path);
}

static bool is_own(const struct report_sources *sources, struct view host)
{
	uint64_t linked = tally_get(&sources->linked, host);
	return linked > 0 && 2 * tally_get(&sources->followed, host) > linked;
}

void report_sources_finish(struct report_sources *sources)
{
	for (size_t i = 0; i < sources->arrivals.count; i++) {
		const struct tally_row *row = &sources->arrivals.rows[i];
		struct view path = view_of(row->text), host = parse_word(&path);
		if (is_own(sources, host))
			continue;
		tally_add(&sources->entry_pages, path, row->count);
		if (host.length > 0)
			tally_add(&sources->referrers, host, row->count);
	}
	tally_rank(&sources->referrers);
	tally_rank(&sources->entry_pages);
	tally_rank(&sources->subscribers);
}
