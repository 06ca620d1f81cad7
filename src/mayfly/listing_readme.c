/* Reading the README of a directory; see listing_readme.h. */
#include "listing_readme.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "counter/file.h"
#include "http/media_type.h"
#include <unistd.h>

/* The row with this name, or NULL: a file that the listing does not show is not read either. */
static const struct listing_row *find_row(const struct listing *listing, struct view name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (!listing->rows[i].is_directory && view_equal(listing->rows[i].name, name))
			return &listing->rows[i];
	return NULL;
}

/* Returns the number of bytes, or -1 if the file cannot be read. */
static ssize_t read_file(const struct listing_row *row, const struct resource *directory,
                         char *bytes)
{
	char buffer[PATH_MAX];
	struct buffer name = BUFFER(buffer);
	struct stat stat;
	buffer_add(&name, view_from(directory->path, 1));
	buffer_add(&name, (struct view){row->name.data, row->name.length + 1});
	int file = resource_open_beside(directory, buffer, &stat);
	if (file < 0)
		return -1;
	ssize_t length = counter_read(file, bytes, LISTING_README_MAX, 0);
	close(file);
	return length;
}

/* The length without a character that is cut off at the end; of more than UTF8_LENGTH_MAX bytes. */
static size_t whole_characters(struct view bytes)
{
	size_t end = bytes.length;
	while (bytes.length - end < UTF8_LENGTH_MAX && (bytes.data[end - 1] & 0xc0) == 0x80)
		end--;
	uint32_t character;
	if ((unsigned char)bytes.data[end - 1] < 0x80)
		return bytes.length;
	return utf8_read(view_from(bytes, end - 1), &character) > 0 ? bytes.length : end - 1;
}

void listing_read_readme(struct listing *listing, const struct resource *directory)
{
	const struct listing_row *row = find_row(listing, VIEW("README.md"));
	if (row == NULL)
		row = find_row(listing, VIEW("README.txt"));
	if (row == NULL)
		return;
	ssize_t length = read_file(row, directory, listing->readme_bytes);
	listing->lacks_some = listing->lacks_some || length < 0;
	struct view text = {listing->readme_bytes, length > 0 ? (size_t)length : 0};
	bool is_cut = text.length == LISTING_README_MAX;
	if (is_cut)
		text.length = whole_characters(text);
	if (text.length == 0 || !media_type_is_text(text))
		return;
	listing->readme_name = row->name;
	listing->readme_is_cut = is_cut;
	listing->readme = text;
}
