/* Writing a listing as JSON; see listing_json.h. */
#include "listing_json.h"
#include "base/json.h"
#include "http/date.h"

static void add_row(struct buffer *text, const struct listing *listing,
                    const struct listing_row *row)
{
	buffer_add(text, VIEW("{ \"name\":"));
	buffer_add_json(text, row->name);
	buffer_add_string(text, row->is_directory ? ", \"type\":\"directory\", \"mtime\":\""
	                                          : ", \"type\":\"file\", \"mtime\":\"");
	(void)date_format(text, row->modified.tv_sec);
	buffer_add(text, VIEW("\""));
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
