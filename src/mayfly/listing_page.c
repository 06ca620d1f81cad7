/* Writing the page of a listing; see listing_page.h. */
#include "listing_page.h"
#include "base/fnv.h"
#include "base/html.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "http/date.h"
#include "http/media_type.h"
#include "page.h"

enum { NAME_BYTES_MAX = 255 };

enum {
	/* Bytes of a README in one piece: each may become HTML_CHARACTER_MAX, and headings are added. */
	README_PIECE_SIZE = LISTING_PIECE_MAX / HTML_CHARACTER_MAX - 200,
};

/* On a phone the columns stack: the name has the full width, so that it breaks between words. */
#define STYLE                                                                                      \
	VIEW("body{max-width:60rem}table{border-collapse:collapse;width:100%}"                     \
	     "th,td{padding:.2rem .75rem .2rem 0;text-align:left;vertical-align:top}"              \
	     "td{border-top:1px solid #8886}td:first-child{overflow-wrap:anywhere}"                \
	     ".n,.t{text-align:right}.n{white-space:nowrap}form{margin:0}"                         \
	     "button{border:0;padding:0;background:none;color:var(--wing);font:inherit;"           \
	     "text-decoration:underline;cursor:pointer}"                                           \
	     "[aria-sort=ascending] button::after{content:\"\\00a0\\2191\"}"                       \
	     "[aria-sort=descending] button::after{content:\"\\00a0\\2193\"}"                      \
	     "h2{margin:2rem 0 0;font-size:1.0625rem;overflow-wrap:anywhere}"                      \
	     "pre{margin:.5rem 0 0;padding-top:.5rem;border-top:1px solid #8886;font-size:.9rem;"  \
	     "white-space:pre-wrap;overflow-wrap:anywhere}"                                        \
	     "@media(min-width:40rem){.t{white-space:nowrap}}"                                     \
	     "@media(max-width:40rem){.k{display:none}tr{display:flex;flex-wrap:wrap;"             \
	     "column-gap:1.25rem;padding:.35rem 0;border-top:1px solid #8886}thead tr{border:0}"   \
	     "th,td{padding:0;border:0}td:first-child{flex:1 0 100%}td:empty{display:none}}\n")

static void add_title(struct buffer *page, struct view path)
{
	buffer_add(page, VIEW("Index of "));
	buffer_add_html(page, path);
}

/*
 * Appends a column's heading: a button that leads to the listing sorted by it, or in the opposite order. Not
 * a link: wget follows links with rel=nofollow, and would fetch each listing once per heading.
 */
static void add_heading(struct buffer *page, struct order order, enum order_key key,
                        const char *words)
{
	bool current = order.key == key;
	buffer_add(page, key == ORDER_NAME ? VIEW("<th scope=\"col\"")
	                                   : VIEW("<th scope=\"col\" class=\"t\""));
	if (current)
		buffer_add(page, order.descending ? VIEW(" aria-sort=\"descending\"")
		                                  : VIEW(" aria-sort=\"ascending\""));
	buffer_add(page, VIEW("><form rel=\"nofollow\"><button name=\"sort\" value=\""));
	buffer_add(page, order_key_name(key));
	buffer_add(page, VIEW("\">"));
	buffer_add_string(page, words);
	buffer_add(page, VIEW("</button><input type=\"hidden\" name=\"order\" value=\""));
	buffer_add(page, current && !order.descending ? VIEW("desc") : VIEW("asc"));
	buffer_add(page, VIEW("\"></form></th>\n"));
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
	/* All that a variant shows is also on the page without a query. */
	page_begin(page, listing->is_variant
	                     ? VIEW("<meta name=\"robots\" content=\"noindex,nofollow\">\n")
	                     : VIEW(""));
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

/* Appends nothing if the time says nothing about the file. */
static void add_time(struct buffer *page, struct timespec modified)
{
	char buffer[sizeof "0000-00-00T00:00" - 1];
	struct buffer machine = BUFFER(buffer);
	int64_t seconds = modified.tv_sec;
	if (!date_is_of_change(modified) || !date_format_iso(&machine, seconds, 'T'))
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
	add_time(page, row->modified);
	if (listing->shows_hits) {
		buffer_add(page, VIEW("</td><td class=\"n\">"));
		if (!row->is_directory)
			buffer_add_number(page, row->hits);
	}
	buffer_add(page, VIEW("</td></tr>\n"));
}

/* A position in the README that is not within a character, at or a little before `pos`. */
static size_t readme_boundary(struct view readme, size_t pos)
{
	if (pos >= readme.length)
		return readme.length;
	for (size_t i = 1; i < UTF8_LENGTH_MAX && pos > 0 && (readme.data[pos] & 0xc0) == 0x80; i++)
		pos--;
	return pos;
}

static size_t readme_pieces(const struct listing *listing)
{
	return (listing->readme.length + README_PIECE_SIZE - 1) / README_PIECE_SIZE;
}

/* Whether it gives a text its shape: buffer_add_html would replace it. */
static bool is_layout(char c)
{
	return c == '\t' || c == '\r' || c == '\n';
}

/* Appends text of several lines: without CR, which HTML would turn into another line end. */
static void add_lines(struct buffer *page, struct view text)
{
	while (text.length > 0) {
		size_t length = 0;
		while (length < text.length && !is_layout(text.data[length]))
			length++;
		buffer_add_html(page, (struct view){text.data, length});
		if (length < text.length && text.data[length] != '\r')
			buffer_add_byte(page, text.data[length]);
		text = view_from(text, length < text.length ? length + 1 : length);
	}
}

static void add_readme_piece(struct buffer *page, const struct listing *listing, size_t index)
{
	struct view readme = listing->readme;
	size_t begin = readme_boundary(readme, index * README_PIECE_SIZE);
	size_t end = readme_boundary(readme, (index + 1) * README_PIECE_SIZE);
	if (index == 0) {
		buffer_add(page, VIEW("<h2>"));
		buffer_add_html(page, listing->readme_name);
		/* HTML ignores a line end at the beginning of pre. */
		buffer_add(page, VIEW("</h2>\n<pre>\n"));
	}
	add_lines(page, (struct view){readme.data + begin, end - begin});
	if (index + 1 < readme_pieces(listing))
		return;
	buffer_add(page, VIEW("</pre>\n"));
	if (listing->readme_is_cut)
		buffer_add(page, VIEW("<p>This file has more than a page can show.</p>\n"));
}

/* The pieces: head, rows, the end of the table, the README in pieces, the end of the page. */
bool listing_page_add(const struct listing *listing, size_t piece, struct buffer *page)
{
	size_t first_readme = listing->count + 2;
	size_t last = first_readme + readme_pieces(listing);
	if (piece > last)
		return false;
	if (piece == 0)
		add_head(page, listing);
	else if (piece <= listing->count)
		add_row(page, listing, &listing->rows[piece - 1]);
	else if (piece == listing->count + 1 && listing->count > 0)
		buffer_add(page, VIEW("</tbody>\n</table>\n"));
	else if (piece >= first_readme && piece < last)
		add_readme_piece(page, listing, piece - first_readme);
	else if (piece == last)
		page_end(page);
	return true;
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
	hash = fnv_add_number(hash, listing->order.as_json);
	hash = fnv_add_number(hash, listing->is_variant);
	hash = fnv_add_number(hash, listing->shows_hits);
	hash = fnv_add_number(hash, listing->is_cut);
	for (size_t i = 0; i < listing->count; i++)
		hash = hash_row(hash, &listing->rows[i]);
	hash = fnv_add(hash, listing->readme_name.data, listing->readme_name.length);
	hash = fnv_add(hash, listing->readme.data, listing->readme.length);
	hash = fnv_add_number(hash, listing->readme_is_cut);
	buffer_add(tag, VIEW("W/\"l-"));
	buffer_add_hex(tag, hash);
	buffer_add(tag, VIEW("\""));
}
