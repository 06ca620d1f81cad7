/* `mayflyctl hits --by`; see hits_by.h. */
#include "hits_by.h"
#include "bar.h"
#include "output.h"
#include <inttypes.h>
#include <json-c/json.h>

enum { GAP = 2 };

static uint64_t largest_of(const struct history_rows *rows)
{
	uint64_t largest = 0;
	for (size_t i = 0; i < rows->count; i++)
		largest = rows->rows[i].hits > largest ? rows->rows[i].hits : largest;
	return largest;
}

/* --- The table. --- */

struct columns {
	size_t period, hits;
	struct bar bar; /* of width 0: there is none */
};

static size_t width_of(uint64_t number)
{
	char digits[32];
	return (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
}

static struct columns measure(const struct history_rows *rows)
{
	struct columns columns = {.period = strlen("PERIOD"), .hits = strlen("HITS")};
	uint64_t largest = largest_of(rows);
	size_t available = output_columns();
	for (size_t i = 0; i < rows->count; i++) {
		size_t length = strlen(history_row_name(rows, &rows->rows[i]));
		columns.period = length > columns.period ? length : columns.period;
	}
	columns.hits = width_of(largest) > columns.hits ? width_of(largest) : columns.hits;
	size_t used = columns.period + GAP + columns.hits + GAP;
	columns.bar = (struct bar){.width = available > used ? available - used : 0,
	                           .max = largest,
	                           .utf8 = output_has_utf8(),
	                           .coloured = output_has_colour()};
	if (columns.bar.width < BAR_WIDTH_MIN)
		columns.bar.width = 0;
	if (columns.bar.width > BAR_WIDTH_MAX)
		columns.bar.width = BAR_WIDTH_MAX;
	return columns;
}

static void print_notes(const struct history_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct history_row *row = &rows->rows[i];
		if (row->dropped > 0)
			printf("%s: reset, or replaced by an older copy: %" PRIu64
			       " hits less in the counter file\n",
			       history_row_name(rows, row), row->dropped);
	}
}

void hits_by_print_table(const struct history_rows *rows, const char *site)
{
	const struct columns columns = measure(rows);
	if (site != NULL)
		printf("Site %s\n", output_escaped(site));
	printf("%-*s%*s\n", (int)columns.period, "PERIOD", (int)(columns.hits + GAP), "HITS");
	for (size_t i = 0; i < rows->count; i++) {
		const struct history_row *row = &rows->rows[i];
		printf("%-*s%*" PRIu64, (int)columns.period, history_row_name(rows, row),
		       (int)(columns.hits + GAP), row->hits);
		if (columns.bar.width > 0 && row->hits > 0) {
			printf("%*s", GAP, "");
			(void)bar_print(&columns.bar, row->hits);
		}
		puts("");
	}
	printf("%" PRIu64 " hit%s\n", rows->hits, rows->hits == 1 ? "" : "s");
	print_notes(rows);
}

/* --- For other programs. --- */

/* A date, or "" if it is unknown. */
static const char *date_of(int date, char name[static CALENDAR_NAME_SIZE])
{
	if (date == HISTORY_UNKNOWN)
		return "";
	return calendar_name(date, CALENDAR_DAY, name);
}

void hits_by_print_tsv_names(bool has_site)
{
	printf("period\tfirst\tlast\thits\tdropped%s\n", has_site ? "\tsite" : "");
}

void hits_by_print_tsv(const struct history_rows *rows, const char *site)
{
	char first[CALENDAR_NAME_SIZE], last[CALENDAR_NAME_SIZE];
	for (size_t i = 0; i < rows->count; i++) {
		const struct history_row *row = &rows->rows[i];
		printf("%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "%s%s\n", history_row_name(rows, row),
		       date_of(row->first, first), date_of(row->last, last), row->hits,
		       row->dropped, site != NULL ? "\t" : "", site != NULL ? site : "");
	}
}

static struct json_object *row_to_json(const struct history_rows *rows,
                                       const struct history_row *row)
{
	char name[CALENDAR_NAME_SIZE];
	struct json_object *object = json_object_new_object();
	bool is_known = row->first != HISTORY_UNKNOWN;
	output_json_add_string(object, "period", history_row_name(rows, row));
	output_json_add_string(object, "first", is_known ? date_of(row->first, name) : NULL);
	output_json_add_string(object, "last", date_of(row->last, name));
	output_json_add_number(object, "hits", row->hits);
	output_json_add_number(object, "dropped", row->dropped);
	json_object_object_add(object, "open", json_object_new_boolean(row->is_open));
	return object;
}

void hits_by_print_json(const struct history_rows *rows, const char *site, const char *file)
{
	static const char *const UNITS[] = {"day", "week", "month", "year"};
	struct json_object *object = json_object_new_object();
	struct json_object *periods = json_object_new_array();
	if (site != NULL)
		output_json_add_string(object, "site", site);
	output_json_add_string(object, "file", file);
	output_json_add_string(object, "by", UNITS[rows->unit]);
	output_json_add_number(object, "hits", rows->hits);
	output_json_add_number(object, "damaged", rows->damaged);
	for (size_t i = 0; i < rows->count; i++)
		json_object_array_add(periods, row_to_json(rows, &rows->rows[i]));
	json_object_object_add(object, "periods", periods);
	output_json(object);
}
