/* Writing a listing as JSON; see listing_json.h. */
#include "listing_json.h"
#include "base/json.h"
#include "http/date.h"

/* Appends nothing if the time says nothing about the file. */
static void add_time(struct buffer *text, struct timespec modified)
{
	if (!date_is_of_change(modified) || !date_is_writable(modified.tv_sec))
		return;
	buffer_add(text, VIEW(", \"mtime\":\""));
	(void)date_format(text, modified.tv_sec);
	buffer_add(text, VIEW("\""));
}

static void add_row(struct buffer *text, const struct listing *listing,
                    const struct listing_row *row)
{
	buffer_add(text, VIEW("{ \"name\":"));
	buffer_add_json(text, row->name);
	buffer_add_string(text,
	                  row->is_directory ? ", \"type\":\"directory\"" : ", \"type\":\"file\"");
	add_time(text, row->modified);
	if (!row->is_directory) {
		buffer_add(text, VIEW(", \"size\":"));
		buffer_add_number(text, row->size);
	}
	if (!row->is_directory && listing->shows_hits) {
		buffer_add(text, VIEW(", \"hits\":"));
		buffer_add_number(text, row->hits);
	}
	buffer_add(text, VIEW(" }"));
}

bool listing_json_add(const struct listing *listing, size_t piece, struct buffer *text)
{
	if (piece > listing->count)
		return false;
	buffer_add_string(text, piece == 0 ? "[" : piece == 1 ? "\n" : ",\n");
	if (piece > 0)
		add_row(text, listing, &listing->rows[piece - 1]);
	if (piece == listing->count)
		buffer_add(text, VIEW("\n]\n"));
	return true;
}
