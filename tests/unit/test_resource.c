/*
 * Resources: under which paths hits are counted if symbolic links lead to a file. Opens every path
 * of random trees with links of all kinds, and compares the counted paths with realpath(3), and
 * their number with the number of files and links.
 */
#include "mayfly/resource.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NAMES_MAX = 100000, DEPTH_MAX = 6, TREES = 150 };

static char root[] = "/tmp/mayfly-test-XXXXXX";
static struct options options = {.index_names = {"index.html"}, .index_name_count = 1};
static struct site site;
static struct resource resource;

static char *names[NAMES_MAX]; /* paths under which hits are counted */
static size_t name_count;

/* Removes all entries, and closes the descriptor. */
static void empty_directory(int directory)
{
	DIR *entries = fdopendir(directory);
	const struct dirent *entry;
	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR)
			empty_directory(openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY));
		assert_int_equal(
		    unlinkat(directory, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0),
		    0);
	}
	assert_int_equal(closedir(entries), 0);
}

static void empty_root(void)
{
	empty_directory(open(root, O_RDONLY | O_DIRECTORY));
	while (name_count > 0)
		free(names[--name_count]);
}

static int empty_root_after(void **state)
{
	(void)state;
	options.vhosts = options.list = false;
	empty_root();
	return 0;
}

static int make_root(void **state)
{
	(void)state;
	options.root = root;
	return mkdtemp(root) != NULL && chdir(root) == 0 ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	empty_root();
	return rmdir(root);
}

static void make_file(const char *name)
{
	int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdir(name, 0700), 0);
}

static void make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, name), 0);
}

/*
 * Opens the resource of a target; the caller calls resource_close(). Returns the status of a
 * refusal, or 0.
 */
static int open_target(const char *text)
{
	struct target target;
	assert_int_equal(target_parse(view_of(text), &target).status, 0);
	return resource_open(&site, VIEW("example.org"), &target, &resource).status;
}

/* Expects that hits of the target are counted under this path. */
static void expect_hit_path(const char *target, const char *expected)
{
	assert_true(site_open(&site, &options));
	assert_int_equal(open_target(target), 0);
	if (!view_equal(resource.hit_path, view_of(expected)))
		fail_msg("%s is counted as %.*s, not %s", target, (int)resource.hit_path.length,
		         resource.hit_path.data, expected);
	resource_close(&site, &resource);
	assert_int_equal(close(site.root), 0);
}

static void test_link_to_an_ancestor_adds_no_path(void **state)
{
	(void)state;
	make_file("x");
	make_directory("sub");
	make_file("sub/y");
	make_link(".", "a");
	make_link(".", "b");
	make_link("..", "sub/up");
	make_link("../sub", "sub/self");
	expect_hit_path("/x", "/x");
	expect_hit_path("/a/x", "/x");
	expect_hit_path("/a/b/a/b/b/x", "/x");
	expect_hit_path("/sub/up/x", "/x");
	expect_hit_path("/sub/self/y", "/sub/y");
	expect_hit_path("/a/sub/up/b/sub/self/y", "/sub/y");
}

static void test_path_through_one_link_is_kept(void **state)
{
	(void)state;
	make_directory("releases");
	make_directory("releases/1");
	make_directory("releases/1/docs");
	make_file("releases/1/index.html");
	make_file("releases/1/tool-1.txt");
	make_file("releases/1/docs/page");
	make_link("releases/1", "current");
	make_link("current", "stable"); /* one component, although two links */
	make_link("tool-1.txt", "releases/1/tool.txt");
	make_link("releases/1/tool-1.txt", "newest");
	expect_hit_path("/current/", "/current/index.html");
	expect_hit_path("/current/docs/page", "/current/docs/page");
	expect_hit_path("/stable/docs/page", "/stable/docs/page");
	expect_hit_path("/newest", "/newest");
	expect_hit_path("/releases/1/tool.txt", "/releases/1/tool.txt");
	expect_hit_path("/current/tool.txt", "/releases/1/tool-1.txt");
}

/* No directory contains itself here, but the number of paths is infinite. */
static void test_path_through_two_links_becomes_the_real_path(void **state)
{
	(void)state;
	make_directory("x");
	make_directory("y");
	make_file("x/page");
	make_file("y/index.html");
	make_link("../y", "x/to_y");
	make_link("../x", "y/to_x");
	expect_hit_path("/y/to_x/page", "/y/to_x/page");
	expect_hit_path("/x/to_y/to_x/page", "/x/page");
	expect_hit_path("/x/to_y/to_x/to_y/", "/y/index.html");
}

static void test_paths_of_hosts_and_listings(void **state)
{
	(void)state;
	make_directory("example.org");
	make_directory("example.org/sub");
	make_file("example.org/sub/page");
	make_link(".", "example.org/a");
	make_link("sub", "example.org/link");
	options.vhosts = options.list = true;
	expect_hit_path("/a/sub/page", "//example.org/sub/page");
	expect_hit_path("/link/page", "//example.org/link/page");
	expect_hit_path("/a/link/page", "//example.org/sub/page");
	expect_hit_path("/link/", "//example.org/link/");
	expect_hit_path("/a/link/", "//example.org/sub/");
	expect_hit_path("/a/", "//example.org/");
	expect_hit_path("/a", "//example.org/a"); /* redirected, and not counted */
}

static void test_link_to_no_file_is_refused(void **state)
{
	(void)state;
	make_file("x");
	make_directory("sub");
	make_link("x/../x", "over_a_file");
	make_link("x/", "file_with_a_slash");
	make_link("x/.", "file_with_a_dot");
	make_link("sub/./../x", "over_a_directory");
	make_link("../../tmp", "out");
	make_link("/", "absolute");
	make_link("loop", "loop");
	make_link("missing", "dangling");
	static const char *const REFUSED[] = {"/over_a_file",     "/file_with_a_slash",
	                                      "/file_with_a_dot", "/out",
	                                      "/absolute",        "/loop",
	                                      "/dangling",        "/out/x"};
	assert_true(site_open(&site, &options));
	for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
		assert_int_equal(open_target(REFUSED[i]), 404);
		resource_close(&site, &resource);
	}
	assert_int_equal(close(site.root), 0);
	expect_hit_path("/over_a_directory", "/over_a_directory");
}

/* As many consecutive links as the kernel follows, and one more. */
static void test_more_links_than_the_kernel_follows_are_refused(void **state)
{
	char name[16], before[16] = "x";
	(void)state;
	make_file("x");
	make_link(".", "a");
	for (int i = 0; i < 41; i++) {
		(void)snprintf(name, sizeof name, "link%d", i);
		make_link(before, name);
		memcpy(before, name, sizeof before);
	}
	expect_hit_path("/link39", "/link39");
	expect_hit_path("/a/link38", "/x");
	assert_true(site_open(&site, &options));
	assert_int_equal(open_target("/link40"), 404);
	assert_int_equal(open_target("/a/link39"), 404);
	assert_int_equal(close(site.root), 0);
}

/* A real path above the limit yields 404, like a requested path of that length. */
static void test_real_path_above_the_limit_is_refused(void **state)
{
	enum { LEVELS = 3, PARTS = 25 };
	static const char PART[] =
	    "0123456789012345678901234567890123456789012345678901234567890123456789";
	char way[PARTS * sizeof PART + 1] = "", expected[2 * sizeof way + 8] = "";
	(void)state;
	for (int i = 0; i < PARTS; i++)
		(void)strcat(strcat(way, PART), "/");
	for (int i = 0; i < LEVELS; i++) {
		make_link(way, "way");
		for (int j = 0; j < PARTS; j++) {
			make_directory(PART);
			assert_int_equal(chdir(PART), 0);
		}
		make_file("x");
	}
	assert_int_equal(chdir(root), 0);
	(void)snprintf(expected, sizeof expected, "/%s%sx", way, way);
	expect_hit_path("/way/way/x", expected);
	assert_true(site_open(&site, &options));
	assert_int_equal(open_target("/way/way/way/x"), 404);
	resource_close(&site, &resource);
	assert_int_equal(close(site.root), 0);
}

/* The directories, files and links of a random tree. */
struct tree {
	char directories[8][64]; /* "" is the root, others end with a slash */
	size_t directory_count, file_count, link_count;
};

static unsigned random_below(unsigned limit)
{
	return (unsigned)random() % limit;
}

static const char *random_directory(const struct tree *tree)
{
	return tree->directories[random_below((unsigned)tree->directory_count)];
}

static void add_directory(struct tree *tree)
{
	char *name = tree->directories[tree->directory_count];
	const char *parent = random_directory(tree);
	if (strlen(parent) > 8)
		parent = "";
	(void)snprintf(name, sizeof tree->directories[0], "%sd%zu/", parent, tree->directory_count);
	make_directory(name);
	tree->directory_count++;
}

static void add_file(struct tree *tree)
{
	char name[80];
	(void)snprintf(name, sizeof name, "%sf%zu", random_directory(tree), tree->file_count++);
	make_file(name);
}

/*
 * Makes a link to a directory, a file, another link or nothing: a relative one, by way of "..", and
 * sometimes "."; or an absolute one.
 */
static void add_link(struct tree *tree)
{
	static const char *const LAST[] = {"", "", ".", "f0", "f1", "f2", "l0", "l1", "missing"};
	const char *from = random_directory(tree), *to = random_directory(tree);
	char name[80], target[160] = "";
	if (random_below(3) == 0)
		(void)snprintf(target, sizeof target, "%s/", root);
	else
		for (const char *slash = strchr(from, '/'); slash != NULL;
		     slash = strchr(slash + 1, '/'))
			(void)strcat(target, "../");
	(void)strcat(strcat(target, to), LAST[random_below(sizeof LAST / sizeof LAST[0])]);
	(void)snprintf(name, sizeof name, "%sl%zu", from, tree->link_count++);
	make_link(target[0] != '\0' ? target : ".", name);
}

static void make_tree(struct tree *tree, unsigned seed)
{
	*tree = (struct tree){.directory_count = 1};
	srandom(seed);
	for (unsigned i = random_below(6); i > 0; i--)
		add_directory(tree);
	for (unsigned i = 3 + random_below(4); i > 0; i--)
		add_file(tree);
	for (unsigned i = 1 + random_below(6); i > 0; i--)
		add_link(tree);
}

static void remember(struct view name)
{
	for (size_t i = 0; i < name_count; i++)
		if (view_equal(name, view_of(names[i])))
			return;
	assert_true(name_count < NAMES_MAX);
	names[name_count++] = strndup(name.data, name.length);
}

/* Whether no directory occurs twice in the path. */
static bool is_free_of_loops(const char *name)
{
	struct stat seen[DEPTH_MAX + 8];
	size_t count = 0;
	char prefix[512] = ".";
	for (const char *slash = name; slash != NULL; slash = strchr(slash + 1, '/')) {
		(void)snprintf(prefix, sizeof prefix, ".%.*s", (int)(slash - name), name);
		assert_int_equal(stat(prefix, &seen[count]), 0);
		for (size_t i = 0; i < count; i++)
			if (seen[i].st_ino == seen[count].st_ino)
				return false;
		count++;
	}
	return true;
}

static size_t links_in(const char *name)
{
	struct stat status;
	size_t count = 0;
	char prefix[512];
	for (const char *end = name + 1; *end != '\0';) {
		end = strchrnul(end + 1, '/');
		(void)snprintf(prefix, sizeof prefix, ".%.*s", (int)(end - name), name);
		assert_int_equal(lstat(prefix, &status), 0);
		count += S_ISLNK(status.st_mode);
	}
	return count;
}

/*
 * Checks the counted path of a file that was opened by the path `given`: it leads to the same file,
 * and yields itself.
 */
static void check_name(const char *given)
{
	char counted[512], real[PATH_MAX], below[520];
	struct stat status;
	(void)snprintf(counted, sizeof counted, "%.*s", (int)resource.hit_path.length,
	               resource.hit_path.data);
	(void)snprintf(below, sizeof below, ".%s", counted);
	assert_int_equal(stat(below, &status), 0);
	assert_true(status.st_ino == resource.stat.st_ino);
	(void)snprintf(below, sizeof below, ".%s", given);
	assert_int_equal(stat(below, &status), 0);
	assert_true(status.st_ino == resource.stat.st_ino);
	assert_true(links_in(counted) <= 1);
	assert_true(is_free_of_loops(counted));
	assert_non_null(realpath(below, real));
	if (strcmp(counted, given) != 0)
		assert_string_equal(counted, real + strlen(root));
	else
		assert_true(links_in(given) <= 1);
	remember(view_of(counted));
	resource_close(&site, &resource);
	assert_int_equal(open_target(counted), 0);
	assert_true(view_equal(resource.hit_path, view_of(counted)));
}

/*
 * Opens every path below the directory that a client can request, also through links, to a limited
 * depth. Returns the number of files.
 */
static size_t open_all(const char *directory, int depth)
{
	char name[512], below[520];
	size_t files = 0;
	(void)snprintf(below, sizeof below, ".%s", directory);
	DIR *entries = opendir(below);
	const struct dirent *entry;
	if (entries == NULL || depth == DEPTH_MAX)
		return entries == NULL ? 0 : (size_t)closedir(entries);
	while ((entry = readdir(entries)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s%s", directory, entry->d_name);
		bool opened = open_target(name) == 0;
		bool is_directory = opened && resource.is_directory;
		if (opened && !is_directory) {
			check_name(name);
			files++;
		}
		resource_close(&site, &resource);
		if (is_directory)
			files += open_all(strcat(name, "/"), depth + 1);
	}
	assert_int_equal(closedir(entries), 0);
	return files;
}

static void test_counted_paths_are_at_most_files_times_links_plus_one(void **state)
{
	size_t given = 0, counted = 0;
	(void)state;
	for (unsigned seed = 0; seed < TREES; seed++) {
		struct tree tree;
		make_tree(&tree, seed);
		assert_true(site_open(&site, &options));
		given += open_all("/", 0);
		if (name_count > tree.file_count * (1 + tree.link_count))
			fail_msg("seed %u: %zu names", seed, name_count);
		counted += name_count;
		assert_int_equal(close(site.root), 0);
		empty_root();
	}
	/* The test is meaningful only if links add many paths. */
	assert_true(given > 5 * counted);
}

#define TEST(test) cmocka_unit_test_teardown(test, empty_root_after)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_link_to_an_ancestor_adds_no_path),
	    TEST(test_path_through_one_link_is_kept),
	    TEST(test_path_through_two_links_becomes_the_real_path),
	    TEST(test_paths_of_hosts_and_listings),
	    TEST(test_link_to_no_file_is_refused),
	    TEST(test_more_links_than_the_kernel_follows_are_refused),
	    TEST(test_real_path_above_the_limit_is_refused),
	    TEST(test_counted_paths_are_at_most_files_times_links_plus_one),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
