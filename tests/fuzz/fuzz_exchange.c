/*
 * The whole exchange, with a real directory, over a socketpair: for any input each response is
 * complete and well-formed, contains nothing from outside the root, yields one valid log entry, and
 * leaves at most one descriptor open.
 */
#include "base/clock.h"
#include "counter/open.h"
#include "exchange.h"
#include "fuzz.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	INPUT_MAX = 30000,
	LOG_ENTRY_MAX = 4096,
	OUTPUT_MAX = 1 << 20,
	/* Of the counter file: each of the site's 18 files by its own name and through each of 9 links. */
	HITS_SIZE_MAX = 4198400 + 18 * (1 + 9) * 96,
};

#define SECRET "no client may see this"

static char directory[] = "/tmp/mayfly-fuzz-XXXXXX";
static char root[sizeof directory + 8], hits[sizeof directory + 8];
static char robots[sizeof directory + 8];
static char output[OUTPUT_MAX + 1];
static struct server server;
static int journal;

static void write_file(const char *name, const char *content)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	HOLDS(file >= 0 && write(file, content, strlen(content)) == (ssize_t)strlen(content));
	/* An old file has a strong entity tag. */
	const struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
	HOLDS(futimens(file, times) == 0 && close(file) == 0);
}

static void make_site(void)
{
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	HOLDS(back >= 0 && mkdtemp(directory) != NULL && chdir(directory) == 0);
	HOLDS(mkdir("www", 0700) == 0 && mkdir("www/sub", 0700) == 0);
	HOLDS(mkdir("www/list", 0700) == 0 && mkdir("www/list/below", 0700) == 0);
	HOLDS(mkdir("www/.well-known", 0700) == 0 && mkdir("www.example", 0700) == 0);
	write_file("secret", SECRET);
	write_file("www.example/secret", SECRET);
	write_file("www/.hidden", SECRET);
	write_file("www/index.html", "<!DOCTYPE html><title>Home</title>\n");
	write_file("www/a.txt", "0123456789 0123456789 0123456789\n");
	write_file("www/a.txt.gz", "not really gzip");
	write_file("www/a.txt.br", "nor brotli");
	write_file("www/empty.css", "");
	write_file("www/sub/index.html", "<!DOCTYPE html><title>Below</title>\n");
	write_file("www/list/<b>&\"", "odd\n");
	write_file("www/list/file2", "two\n");
	write_file("www/.well-known/x", "known\n");
	write_file("www/page.html", "<!DOCTYPE html><title>Page</title>\n");
	write_file("www/_redirects", "/r/* /:splat/x\n/o/:a https://other.example/:a?b=:a#:a 308\n"
	                             "/s/* /sub 200\n/h/* /.hidden 200\n/u/* /out 200\n"
	                             "/g/* /page 410\n/q/* /:splat 200\n");
	write_file("www/_headers", "/*\n  X-Rule: 1\n  Vary: Origin\n/*.txt\n"
	                           "  Content-Type: text/x-rule\n/a*\n  Set-Cookie: a=b\n");
	write_file("www/404.html", "<!DOCTYPE html><title>Not here</title>\n");
	HOLDS(symlink("../secret", "www/out") == 0 && symlink("..", "www/up") == 0);
	HOLDS(symlink("/", "www/top") == 0 && symlink("round", "www/round") == 0);
	HOLDS(symlink("../../secret", "www/list/" SECRET) == 0);
	HOLDS(symlink(".", "www/here") == 0 && symlink("../sub", "www/sub/self") == 0);
	HOLDS(symlink("sub", "www/way") == 0);
	HOLDS(symlink("a.txt", "www/b.txt") == 0 && mkfifo("www/fifo", 0600) == 0);
	HOLDS(fchdir(back) == 0 && close(back) == 0);
}

static void remove_site(void)
{
	char command[sizeof directory + 16];
	snprintf(command, sizeof command, "rm -rf %s", directory);
	HOLDS(system(command) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char error[200];
	struct buffer text = BUFFER(error);
	char *options[] = {"mayfly",
	                   "--root",
	                   root,
	                   "--hits",
	                   hits,
	                   "--robots",
	                   robots,
	                   "--keep-alive",
	                   "5",
	                   "--send-timeout",
	                   "1",
	                   "--cache-control",
	                   "max-age=60",
	                   "--list-hits",
	                   "--extension",
	                   "html",
	                   "--counter-path",
	                   "/counter",
	                   NULL};
	int ends[2];
	(void)argc;
	(void)argv;
	make_site();
	HOLDS(atexit(remove_site) == 0);
	snprintf(root, sizeof root, "%s/www", directory);
	snprintf(hits, sizeof hits, "%s/hits", directory);
	snprintf(robots, sizeof robots, "%s/robots", directory);
	HOLDS(options_parse(18, options, &server.options, &text));
	HOLDS(site_open(&server.site, &server.options));
	server.hits = counter_open(hits, &server.hits_error);
	server.robots = counter_open(robots, &server.robots_error);
	HOLDS(server.hits >= 0 && server.robots >= 0);
	server.robots_list = VIEW("scripts\n!person\n");
	HOLDS(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
	server.log = (struct access_log){.journal = ends[0]};
	journal = ends[1];
	return 0;
}

/* For any input, each line of an entry is `NAME=value` of printable bytes. */
static void expect_log_entries(size_t expected)
{
	static char entry[65536];
	size_t entries = 0;
	for (;; entries++) {
		ssize_t length = recv(journal, entry, sizeof entry, MSG_DONTWAIT);
		if (length < 0)
			break;
		HOLDS(length > 0 && length < LOG_ENTRY_MAX && entry[length - 1] == '\n');
		char *line = entry, *end = entry + length;
		while (line < end) {
			char *line_end = memchr(line, '\n', (size_t)(end - line));
			char *equals = memchr(line, '=', (size_t)(line_end - line));
			HOLDS(equals != NULL && equals > line);
			for (char *at = line; at < equals; at++)
				HOLDS((*at >= 'A' && *at <= 'Z') || *at == '_' ||
				      ascii_is_digit(*at));
			for (char *at = equals; at < line_end; at++)
				HOLDS(*at >= ' ' && *at < 0x7f);
			line = line_end + 1;
		}
	}
	HOLDS(entries == expected);
}

static const char *field_of(const char *head, const char *name)
{
	const char *line = strcasestr(head, name);
	return line != NULL ? line + strlen(name) : NULL;
}

/*
 * A response is a status line, field lines without control bytes, and a body of the
 * announced length. Returns whether it is logged: only counters are not.
 */
static bool expect_response(size_t length)
{
	output[length] = '\0';
	HOLDS(length > 0 && strncmp(output, "HTTP/1.1 ", 9) == 0);
	int status = atoi(output + 9);
	HOLDS(status_phrase(status).length > 0 &&
	      !view_equal(status_phrase(status), VIEW("Unknown")));
	char *head_end = memmem(output, length, "\r\n\r\n", 4);
	HOLDS(head_end != NULL);
	for (char *at = output; at < head_end; at++)
		HOLDS((*at >= ' ' && *at < 0x7f) || (*at == '\r' && at[1] == '\n') ||
		      (*at == '\n' && at[-1] == '\r'));
	size_t body_length = length - (size_t)(head_end + 4 - output);
	HOLDS(memmem(output, length, SECRET, strlen(SECRET)) == NULL);
	*head_end = '\0';
	HOLDS(field_of(output, "\r\nDate: ") != NULL);
	HOLDS(field_of(output, "\r\nX-Content-Type-Options: nosniff") != NULL);
	const char *location = field_of(output, "\r\nLocation: ");
	HOLDS(location == NULL ||
	      (location[0] == '/' && location[1] != '/' && location[1] != '\\') ||
	      strncmp(location, "https://other.example/", 22) == 0);
	const char *announced = field_of(output, "\r\nContent-Length: ");
	HOLDS(announced != NULL || status == 204 || status == 304);
	/* Without a body: HEAD, 204 and 304 (RFC 9112 6.3). */
	HOLDS(body_length == 0 ||
	      (status != 304 && announced != NULL && strtoull(announced, NULL, 10) == body_length));
	return field_of(output, "\r\nAccess-Control-Allow-Origin: *") == NULL;
}

static void serve(int client)
{
	static struct receive_buffer received;
	size_t logged = 0;
	received.length = 0;
	server.started = clock_now_us();
	server.requests = 0;
	for (;;) {
		enum next_action next =
		    exchange_serve(&server, &received, clock_now_us() + clock_us(5));
		ssize_t length = recv(client, output, OUTPUT_MAX, MSG_DONTWAIT);
		if (length > 0) {
			logged += expect_response((size_t)length);
		}
		HOLDS(length > 0 || next == NEXT_CLOSE);
		if (next != NEXT_REQUEST) {
			connection_finish(&server.connection, next == NEXT_DRAIN);
			break;
		}
	}
	expect_log_entries(logged);
}

/* Which of 64 descriptors are open, a bit for each. */
static uint64_t open_descriptors(int lowest)
{
	uint64_t set = 0;
	for (int i = 0; i < 64; i++)
		if (fcntl(lowest + i, F_GETFD) >= 0)
			set |= UINT64_C(1) << i;
	return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[2];
	if (size > INPUT_MAX)
		return 0;
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	int lowest_free = ends[0]; /* libFuzzer also opens descriptors between inputs */
	HOLDS(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
	HOLDS(dup2(ends[0], STDOUT_FILENO) == STDOUT_FILENO);
	HOLDS(close(ends[0]) == 0);
	HOLDS(connection_open(&server.connection, pace_of(1, 1000)));
	HOLDS(send(ends[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
	HOLDS(shutdown(ends[1], SHUT_WR) == 0);
	server.unavailable = size % 16 == 15 ? "options-invalid" : NULL;
	uint64_t open_before = open_descriptors(lowest_free);
	serve(ends[1]);
	/* The resource of the last exchange stays open, because a handler exits after it. */
	uint64_t left = open_descriptors(lowest_free) & ~open_before;
	HOLDS((left & (left - 1)) == 0);
	for (int i = 0; i < 64; i++)
		HOLDS((left >> i & 1) == 0 || close(lowest_free + i) == 0);
	struct stat file;
	HOLDS(fstat(server.hits, &file) == 0 && file.st_size <= HITS_SIZE_MAX);
	HOLDS(close(ends[1]) == 0);
	HOLDS(dup(STDERR_FILENO) == lowest_free); /* every other one was closed */
	HOLDS(close(lowest_free) == 0);
	return 0;
}
