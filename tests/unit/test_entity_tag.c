/*
 * Entity tags: which changes of a file change its tag, when a tag is strong, and how tags and
 * lists are compared.
 */
#include "heap_copy.h"
#include "http/entity_tag.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct timespec NOW = {1000000, 500};

/* A file whose last change was at second 1000. */
static const struct file_state OLD_FILE = {
    .size = 0x1f4, .device = 0x803, .inode = 0xabc, .modified = {1000, 7}, .changed = {1000, 8}};

struct tag {
	char bytes[ENTITY_TAG_MAX];
	struct buffer text;
};

static struct view make(struct tag *tag, const struct file_state *file, struct view coding)
{
	tag->text = BUFFER(tag->bytes);
	entity_tag_add(&tag->text, file, coding, NOW);
	assert_false(tag->text.truncated);
	return buffer_view(&tag->text);
}

static void expect_tag(const struct file_state *file, struct view coding, const char *expected)
{
	struct tag tag;
	struct view made = make(&tag, file, coding);
	if (!view_equal(made, view_of(expected)))
		fail_msg("%.*s, not %s", (int)made.length, made.data, expected);
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

static void test_tag_is_hash_size_and_coding(void **state)
{
	(void)state;
	expect_tag(&OLD_FILE, VIEW(""), "\"72781469a2007db7-1f4\"");
	expect_tag(&OLD_FILE, VIEW("br"), "\"72781469a2007db7-1f4-br\"");
	expect_tag(&OLD_FILE, VIEW("gzip"), "\"72781469a2007db7-1f4-gzip\"");
	struct file_state empty = {0};
	expect_tag(&empty, VIEW(""), "\"c8210784d8af5a5-0\"");
}

/* A tag must not reveal the inode, the device, or nanoseconds. */
static void test_tag_reveals_no_number_except_the_size(void **state)
{
	static const struct file_state FILE_STATE = {.size = 0x5123,
	                                             .device = 0xdddd,
	                                             .inode = 0x1dea1dea,
	                                             .modified = {0x11111111, 0},
	                                             .changed = {0x22222222, 0}};
	static const char *const PARTS[] = {"dddd", "1dea", "1111", "2222"};
	struct tag tag;
	(void)state;
	struct view made = make(&tag, &FILE_STATE, VIEW(""));
	assert_non_null(memmem(made.data, made.length, "-5123\"", 6));
	for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
		assert_null(memmem(made.data, made.length, PARTS[i], strlen(PARTS[i])));
}

/* A million states with numbers as small as file systems assign: no two have the same tag. */
static void test_close_states_do_not_collide(void **state)
{
	enum { SIDE = 100 };
	static uint64_t hashes[SIDE * SIDE * SIDE];
	size_t count = 0;
	(void)state;
	for (long nsec = 0; nsec < SIDE; nsec++)
		for (uint64_t inode = 0; inode < SIDE; inode++)
			for (long later = 0; later < SIDE; later++) {
				struct file_state file = OLD_FILE;
				struct tag tag;
				file.inode = inode;
				file.modified.tv_nsec = nsec;
				file.changed.tv_nsec = nsec + later;
				make(&tag, &file, VIEW(""));
				hashes[count++] = strtoull(tag.bytes + 1, NULL, 16);
			}
	qsort(hashes, count, sizeof hashes[0], compare_hashes);
	for (size_t i = 1; i < count; i++)
		assert_true(hashes[i - 1] != hashes[i]);
}

/* A change of a single part changes the tag, also of nanoseconds and of the coding. */
static void test_every_difference_changes_the_tag(void **state)
{
	struct file_state files[] = {OLD_FILE, OLD_FILE, OLD_FILE, OLD_FILE,
	                             OLD_FILE, OLD_FILE, OLD_FILE, OLD_FILE};
	files[1].size++;
	files[2].inode++;
	files[3].modified.tv_nsec++;
	files[4].changed.tv_nsec++;
	files[5].modified.tv_sec++;
	files[6].changed.tv_sec++;
	files[7].device++;
	enum { COUNT = sizeof files / sizeof files[0] };
	struct tag tags[COUNT + 1];
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		make(&tags[i], &files[i], VIEW(""));
	make(&tags[COUNT], &OLD_FILE, VIEW("br"));
	for (size_t i = 0; i <= COUNT; i++)
		for (size_t j = 0; j <= COUNT; j++)
			assert_int_equal(i == j, entity_tag_equal(buffer_view(&tags[i].text),
			                                          buffer_view(&tags[j].text),
			                                          COMPARE_WEAK));
}

static bool is_strong_at(struct timespec modified, struct timespec changed)
{
	struct file_state file = OLD_FILE;
	struct tag tag;
	file.modified = modified;
	file.changed = changed;
	struct view made = make(&tag, &file, VIEW(""));
	return made.data[0] == '"';
}

static void test_tag_is_strong_two_seconds_after_the_last_change(void **state)
{
	const struct timespec old = {1000, 0};
	const struct timespec strong[] = {{999998, 500}, {999998, 499}, {999997, 999999999}, {0, 0},
	                                  {1, 0},        {-1, 0},       {INT64_MIN, 0}};
	const struct timespec weak[] = {{999998, 501},       {999999, 0},           {1000000, 0},
	                                {1000000, 500},      {1000000, 501},        {1000001, 500},
	                                {253402300800LL, 0}, {INT64_MAX, 999999999}};
	(void)state;
	for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++) {
		assert_true(is_strong_at(strong[i], old));
		assert_true(is_strong_at(old, strong[i]));
	}
	for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
		assert_false(is_strong_at(weak[i], old));
		assert_false(is_strong_at(old, weak[i]));
	}
}

/*
 * The same state of a file just after the change and later: no comparison treats the tags as equal.
 */
static void test_weak_tag_differs_from_later_strong_tag(void **state)
{
	char weak_bytes[ENTITY_TAG_MAX], strong_bytes[ENTITY_TAG_MAX];
	struct buffer weak = BUFFER(weak_bytes), strong = BUFFER(strong_bytes);
	struct timespec later = {NOW.tv_sec + 5, 0};
	struct file_state file = OLD_FILE;
	(void)state;
	file.changed = NOW;
	entity_tag_add(&weak, &file, VIEW("br"), NOW);
	entity_tag_add(&strong, &file, VIEW("br"), later);
	assert_memory_equal(weak.data, "W/\"", 3);
	assert_int_equal(strong.data[0], '"');
	assert_false(entity_tag_equal(buffer_view(&weak), buffer_view(&strong), COMPARE_WEAK));
	assert_true(entity_tag_equal(buffer_view(&weak), buffer_view(&weak), COMPARE_WEAK));
}

static void test_longest_tag_fits(void **state)
{
	struct file_state file = {
	    .size = UINT64_MAX, .inode = UINT64_MAX, .changed = {INT64_MAX / 2, 0}};
	struct tag tag;
	(void)state;
	struct view made = make(&tag, &file, VIEW("zstd"));
	assert_int_equal(made.data[made.length - 1], '"');
	/* Another file's hash may have more digits. */
	assert_true(sizeof "W/\"w-0123456789abcdef-0123456789abcdef-zstd\"" <= ENTITY_TAG_MAX);
}

/* The first four rows are the table of RFC 9110 8.8.3.2. */
static void test_tags_are_compared_strongly_or_weakly(void **state)
{
	static const struct {
		const char *a, *b;
		bool strong, weak;
	} CASES[] = {
	    {"W/\"1\"", "W/\"1\"", false, true},
	    {"W/\"1\"", "W/\"2\"", false, false},
	    {"W/\"1\"", "\"1\"", false, true},
	    {"\"1\"", "\"1\"", true, true},
	    {"\"1\"", "W/\"1\"", false, true},
	    {"\"1\"", "\"2\"", false, false},
	    {"\"a\"", "\"A\"", false, false},
	    {"\"1\"", "\"11\"", false, false},
	    {"\"\"", "\"\"", true, true},
	    {"\"1\"", "w/\"1\"", false, false},
	    {"\"1\"", "1", false, false},
	    {"", "", false, false},
	    {"W/", "", false, false},
	    {"W/", "W/", false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view a = view_of(CASES[i].a), b = view_of(CASES[i].b);
		if (entity_tag_equal(a, b, COMPARE_STRONG) != CASES[i].strong)
			fail_msg("strong: %s and %s", CASES[i].a, CASES[i].b);
		if (entity_tag_equal(a, b, COMPARE_WEAK) != CASES[i].weak)
			fail_msg("weak: %s and %s", CASES[i].a, CASES[i].b);
	}
}

static void test_tag_is_found_in_a_valid_list(void **state)
{
	static const struct {
		const char *list;
		bool strong, weak; /* whether it contains "x" */
	} CASES[] = {
	    {"\"x\"", true, true},
	    {"W/\"x\"", false, true},
	    {"\"x\", \"y\"", true, true},
	    {"\"y\", \"x\"", true, true},
	    {"\"y\",\"x\"", true, true},
	    {"\"y\"\t,\t \"x\"", true, true},
	    {"\"y\", W/\"x\", \"z\"", false, true},
	    {"W/\"x\", \"x\"", true, true},
	    {", ,\"x\",,", true, true},
	    {"\"y\"", false, false},
	    {"", false, false},
	    {",", false, false},
	    /* Commas and obs-text can be part of a tag; there is no escape character. */
	    {"\"y,\", \"x\"", true, true},
	    {"\",x,\"", false, false},
	    {"\"y, \"x\"", false, false},
	    {"\"\xc3\xa9\", \"x\"", true, true},
	    {"\"y\\\", \"x\"", true, true},
	    {"\"\", \"x\"", true, true},
	    {"\"!#~\", \"x\"", true, true},
	    /* Anything else anywhere in the list makes it invalid. */
	    {"x", false, false},
	    {"\"x", false, false},
	    {"x\"", false, false},
	    {"\"x\"x", false, false},
	    {"\"x\" \"x\"", false, false},
	    {"\"x\"; \"y\"", false, false},
	    {"w/\"x\"", false, false},
	    {"W\"x\"", false, false},
	    {"W/ \"x\"", false, false},
	    {"W/", false, false},
	    {"W/x", false, false},
	    {"\"x\", y", false, false},
	    {"y, \"x\"", false, false},
	    {"\"x\", W/", false, false},
	    {"\"x\", *", false, false},
	    {"*", false, false},
	    {"\"y z\", \"x\"", false, false},
	    {"\"y\tz\", \"x\"", false, false},
	    {"\"y\x7f\", \"x\"", false, false},
	    {"'x', \"x\"", false, false},
	    {"\" , \"x\"", false, false},
	    {"\"x\", \"", false, false},
	    {"\"x\", \"y", false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view list = view_of(CASES[i].list);
		if (entity_tag_in_list(list, VIEW("\"x\""), COMPARE_STRONG) != CASES[i].strong)
			fail_msg("strong: %s", CASES[i].list);
		if (entity_tag_in_list(list, VIEW("\"x\""), COMPARE_WEAK) != CASES[i].weak)
			fail_msg("weak: %s", CASES[i].list);
	}
}

static void test_list_is_searched_for_weak_tag_or_none(void **state)
{
	struct view list = VIEW("\"y\", \"x\", W/\"z\"");
	(void)state;
	assert_true(entity_tag_in_list(list, VIEW("W/\"x\""), COMPARE_WEAK));
	assert_false(entity_tag_in_list(list, VIEW("W/\"x\""), COMPARE_STRONG));
	assert_true(entity_tag_in_list(list, VIEW("W/\"z\""), COMPARE_WEAK));
	assert_false(entity_tag_in_list(list, VIEW("W/\"z\""), COMPARE_STRONG));
	assert_false(entity_tag_in_list(list, VIEW(""), COMPARE_WEAK));
	assert_false(entity_tag_in_list(VIEW("\"\""), VIEW(""), COMPARE_WEAK));
}

/* A quote after the end of the view closes nothing, and no byte there is read. */
static void test_bytes_after_the_view_are_not_read(void **state)
{
	static const char LIST[] = "\"x\"";
	(void)state;
	assert_true(entity_tag_in_list((struct view){LIST, 3}, VIEW("\"x\""), COMPARE_STRONG));
	assert_false(entity_tag_in_list((struct view){LIST, 2}, VIEW("\"x\""), COMPARE_STRONG));
	static const char *const CUT[] = {"\"",   "\"x",   "W",      "W/",
	                                  "W/\"", "W/\"x", "\"y\",", "\"y\", "};
	for (size_t i = 0; i < sizeof CUT / sizeof CUT[0]; i++) {
		struct view copy = heap_copy(view_of(CUT[i]));
		assert_false(entity_tag_in_list(copy, VIEW("\"x\""), COMPARE_WEAK));
		heap_free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tag_is_hash_size_and_coding),
	    cmocka_unit_test(test_tag_reveals_no_number_except_the_size),
	    cmocka_unit_test(test_close_states_do_not_collide),
	    cmocka_unit_test(test_every_difference_changes_the_tag),
	    cmocka_unit_test(test_tag_is_strong_two_seconds_after_the_last_change),
	    cmocka_unit_test(test_weak_tag_differs_from_later_strong_tag),
	    cmocka_unit_test(test_longest_tag_fits),
	    cmocka_unit_test(test_tags_are_compared_strongly_or_weakly),
	    cmocka_unit_test(test_tag_is_found_in_a_valid_list),
	    cmocka_unit_test(test_list_is_searched_for_weak_tag_or_none),
	    cmocka_unit_test(test_bytes_after_the_view_are_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
