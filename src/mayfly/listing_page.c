/* Writing the page of a listing; see listing_page.h. */
#include "listing_page.h"
#include "base/fnv.h"
#include "base/html.h"
#include "base/parse.h"
#include "http/date.h"
#include "http/media_type.h"
#include "page.h"

enum { NAME_BYTES_MAX = 255 };

#define STYLE                                                                                      \
	VIEW("body{max-width:60rem}table{border-collapse:collapse;width:100%}"                     \
	     "th,td{padding:.2rem .75rem .2rem 0;text-align:left;vertical-align:top}"              \
	     "td{border-top:1px solid #8886}td:first-child{overflow-wrap:anywhere}"                \
	     ".n,.t{text-align:right}.n{white-space:nowrap}"                                       \
	     "[aria-sort=ascending] a::after{content:\"\\00a0\\2191\"}"                            \
	     "[aria-sort=descending] a::after{content:\"\\00a0\\2193\"}"                           \
	     "@media(min-width:40rem){.t{white-space:nowrap}}"                                     \
	     "@media(max-width:40rem){.k{display:none}}\n")

static void add_title(struct buffer *page, struct view path)
{
	buffer_add(page, VIEW("Index of "));
	buffer_add_html(page, path);
}

/* Appends a column's heading: a link to the listing sorted by it, or in the opposite order. */
static void add_heading(struct buffer *page, struct order order, enum order_key key,
                        const char *words)
{
	bool current = order.key == key;
	buffer_add(page, key == ORDER_NAME ? VIEW("<th scope=\"col\"")
	                                   : VIEW("<th scope=\"col\" class=\"t\""));
	if (current)
		buffer_add(page, order.descending ? VIEW(" aria-sort=\"descending\"")
		                                  : VIEW(" aria-sort=\"ascending\""));
	buffer_add(page, VIEW("><a href=\"?sort="));
	buffer_add(page, order_key_name(key));
	buffer_add(page, current && !order.descending ? VIEW("&amp;order=desc\">")
	                                              : VIEW("&amp;order=asc\">"));
	buffer_add_string(page, words);
	buffer_add(page, VIEW("</a></th>\n"));
}

static void add_table_head(struct buffer *page, const struct listing *listing)
{
	buffer_add(page, VIEW("<table>\n<thead>\n<tr>\n"));
	add_heading(page, listing->order, ORDER_NAME, "Name");
	buffer_add(page, VIEW("<th scope=\"col\" class=\"k\">Kind</th>\n"));
	add_heading(page, listing->order, ORDER_SIZE, "Size");
	add_heading(page, listing->order, ORDER_TIME, "Modified (UTC)");
	if (listing->shows_hits)
		add_heading(page, listing->order, ORDER_HITS, "Hits");
	buffer_add(page, VIEW("</tr>\n</thead>\n<tbody>\n"));
}

static void add_head(struct buffer *page, const struct listing *listing)
{
	page_begin(page);
	add_title(page, listing->path);
	page_begin_content(page, STYLE);
	buffer_add(page, VIEW("<h1>"));
	add_title(page, listing->path);
	buffer_add(page, VIEW("</h1>\n"));
	if (listing->path.length > 1)
		buffer_add(page, VIEW("<p><a href=\"../\">Parent folder</a></p>\n"));
	if (listing->is_cut) {
		buffer_add(page,
		           VIEW("<p>This folder holds more than a page can show: the first "));
		buffer_add_number(page, listing->count);
		buffer_add(page, VIEW(" entries are listed.</p>\n"));
	}
	if (listing->count > 0)
		add_table_head(page, listing);
	else
		buffer_add(page, VIEW("<p>This folder is empty.</p>\n"));
}

/* Appends a link. It begins with "./": else a name like "a:b" would be an absolute URL. */
static void add_link(struct buffer *page, const struct listing_row *row)
{
	char buffer[3 * NAME_BYTES_MAX];
	struct buffer address = BUFFER(buffer);
	buffer_add_path(&address, row->name);
	struct view slash = row->is_directory ? VIEW("/") : VIEW("");
	buffer_add(page, VIEW("<a href=\"./"));
	buffer_add_html(page, buffer_view(&address));
	buffer_add(page, slash);
	/* bdi: a name in a right-to-left script must not reverse the text around it. */
	buffer_add(page, VIEW("\"><bdi>"));
	buffer_add_html(page, row->name);
	buffer_add(page, VIEW("</bdi>"));
	buffer_add(page, slash);
	buffer_add(page, VIEW("</a>"));
}

/* The media type without its parameters. That of a file with an unknown name depends on its bytes. */
static struct view kind_of(const struct listing_row *row)
{
	if (row->is_directory)
		return VIEW("folder");
	struct view type = media_type_of(row->name), kind;
	(void)parse_cut(&type, ';', &kind);
	return kind.length > 0 ? kind : VIEW("file");
}

static void add_time(struct buffer *page, int64_t seconds)
{
	char buffer[sizeof "0000-00-00T00:00" - 1];
	struct buffer machine = BUFFER(buffer);
	if (!date_format_iso(&machine, seconds, 'T'))
		return;
	buffer_add(page, VIEW("<time datetime=\""));
	buffer_add(page, buffer_view(&machine));
	buffer_add(page, VIEW("Z\">"));
	date_format_iso(page, seconds, ' ');
	buffer_add(page, VIEW("</time>"));
}

static void add_row(struct buffer *page, const struct listing *listing,
                    const struct listing_row *row)
{
	buffer_add(page, VIEW("<tr><td>"));
	add_link(page, row);
	buffer_add(page, VIEW("</td><td class=\"k\">"));
	buffer_add_html(page, kind_of(row));
	buffer_add(page, VIEW("</td><td class=\"n\">"));
	if (!row->is_directory)
		buffer_add_size(page, row->size, SIZE_DECIMAL);
	buffer_add(page, VIEW("</td><td class=\"t\">"));
	add_time(page, row->modified.tv_sec);
	if (listing->shows_hits) {
		buffer_add(page, VIEW("</td><td class=\"n\">"));
		if (!row->is_directory)
			buffer_add_number(page, row->hits);
	}
	buffer_add(page, VIEW("</td></tr>\n"));
}

bool listing_page_add(const struct listing *listing, size_t piece, struct buffer *page)
{
	if (piece == 0) {
		add_head(page, listing);
	} else if (piece <= listing->count) {
		add_row(page, listing, &listing->rows[piece - 1]);
	} else if (piece == listing->count + 1) {
		if (listing->count > 0)
			buffer_add(page, VIEW("</tbody>\n</table>\n"));
		page_end(page);
	} else {
		return false;
	}
	return true;
}

uint64_t listing_page_length(const struct listing *listing)
{
	static char buffer[LISTING_PIECE_MAX];
	struct buffer piece = BUFFER(buffer);
	uint64_t length = 0;
	for (size_t i = 0; listing_page_add(listing, i, &piece); i++) {
		length += piece.length;
		piece.length = 0;
	}
	return length;
}

static uint64_t hash_row(uint64_t hash, const struct listing_row *row)
{
	hash = fnv_add(hash, row->name.data, row->name.length + 1);
	hash = fnv_add_number(hash, row->is_directory);
	hash = fnv_add_number(hash, row->size);
	hash = fnv_add_number(hash, (uint64_t)row->modified.tv_sec);
	hash = fnv_add_number(hash, (uint64_t)row->modified.tv_nsec);
	return fnv_add_number(hash, row->hits);
}

void listing_page_add_tag(const struct listing *listing, struct buffer *tag)
{
	uint64_t hash = fnv_add(FNV_START, MAYFLY_VERSION, sizeof MAYFLY_VERSION);
	hash = fnv_add_number(hash, listing->order.key);
	hash = fnv_add_number(hash, listing->order.descending);
	hash = fnv_add_number(hash, listing->shows_hits);
	hash = fnv_add_number(hash, listing->is_cut);
	for (size_t i = 0; i < listing->count; i++)
		hash = hash_row(hash, &listing->rows[i]);
	buffer_add(tag, VIEW("W/\"l-"));
	buffer_add_hex(tag, hash);
	buffer_add(tag, VIEW("\""));
}
