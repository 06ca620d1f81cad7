/*
 * The commands about sites, with units that systemd describes incompletely or that few machines have, and with calls of
 * the C library that fail. Files below /etc and /var/lib/mayfly* are those of a directory of the test; programs are not run.
 */
#include "counter_file.h"
#include "fake_systemd.h"
#include "open_2.h"
#include "run_command.h"
#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <systemd/sd-journal.h>

enum { MAIN_USER = 400, NEW_USER = 402, TEXT_MAX = 512 };

/* --- The system. --- */

static struct {
	const char *failing; /* the function of which one call fails */
	unsigned skipped;    /* so many calls before it succeed */
	int error;
	uid_t user;                         /* this process is */
	uid_t new_user;                     /* mayfly-new; 0: there is none */
	bool is_terminal, has_plain_errors; /* standard error is no terminal */
	int program_status;                 /* of systemctl and so on */
	const char *program_output;
	const char *missing_program; /* one of /usr/bin */
	const char *certificate;     /* what openssl prints of it; NULL: it is unusable */
} machine;

/* Whether this call must fail (errno). */
static bool fails(const char *function)
{
	if (machine.failing == NULL || strcmp(machine.failing, function) != 0 ||
	    machine.skipped-- > 0)
		return false;
	machine.failing = NULL;
	errno = machine.error;
	return true;
}

/* Lets a call of the next command fail, after `skipped` others of this function. */
static void let_fail(const char *function, unsigned skipped, int error)
{
	machine.failing = function;
	machine.skipped = skipped;
	machine.error = error;
}

/* A name in the directory of the test, for one that commands use. */
static const char *placed(const char *name)
{
	static const char *const PLACES[] = {"/etc/", "/var/lib/mayfly"};
	static char path[2 * PATH_MAX];
	(void)snprintf(path, sizeof path, "%s%s", counter_directory, name);
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++)
		if (strncmp(name, PLACES[i], strlen(PLACES[i])) == 0)
			return path;
	return name;
}

/* The program's, in place of the C library's. */
int open(const char *name, int flags, ...)
{
	return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, placed(name), flags, 0644);
}

int lstat(const char *name, struct stat *status)
{
	return fails("lstat") ? -1 : fstatat(AT_FDCWD, placed(name), status, AT_SYMLINK_NOFOLLOW);
}

int stat(const char *name, struct stat *status)
{
	return fails("stat") ? -1 : fstatat(AT_FDCWD, placed(name), status, 0);
}

int mkdir(const char *name, mode_t mode)
{
	return (int)syscall(SYS_mkdirat, AT_FDCWD, placed(name), mode);
}

int chmod(const char *name, mode_t mode)
{
	return (int)syscall(SYS_fchmodat, AT_FDCWD, placed(name), mode);
}

int rmdir(const char *name)
{
	return fails("rmdir") ? -1
	                      : (int)syscall(SYS_unlinkat, AT_FDCWD, placed(name), AT_REMOVEDIR);
}

int unlinkat(int directory, const char *name, int flags)
{
	return fails("unlinkat") ? -1 : (int)syscall(SYS_unlinkat, directory, name, flags);
}

int flock(int file, int operation)
{
	return fails("flock") ? -1 : (int)syscall(SYS_flock, file, operation);
}

int faccessat(int directory, const char *name, int mode, int flags)
{
	(void)directory;
	(void)name;
	(void)mode;
	(void)flags;
	return fails("faccessat") ? -1 : 0;
}

int access(const char *name, int mode)
{
	(void)mode;
	if (fails("access"))
		return -1;
	bool exists =
	    strncmp(name, "/usr/bin/", strlen("/usr/bin/")) == 0 &&
	    (machine.missing_program == NULL || strstr(name, machine.missing_program) == NULL);
	errno = ENOENT;
	return exists ? 0 : -1;
}

int isatty(int file)
{
	return machine.is_terminal && !(file == STDERR_FILENO && machine.has_plain_errors);
}

uid_t getuid(void)
{
	return MAIN_USER;
}

uid_t geteuid(void)
{
	return machine.user;
}

struct passwd *getpwnam(const char *name)
{
	static struct passwd user;
	errno = 0;
	user.pw_uid = strcmp(name, "mayfly-new") == 0 ? machine.new_user : MAIN_USER;
	return fails("getpwnam") || user.pw_uid == 0 ? NULL : &user;
}

/* The machine may be without IPv6. */
int socket(int family, int type, int protocol)
{
	bool is_tried = family == AF_INET6;
	return is_tried && fails("socket")
	           ? -1
	           : (int)syscall(SYS_socket, is_tried ? AF_INET : family, type, protocol);
}

int bind(int file, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	(void)file;
	(void)address;
	(void)length;
	return fails("bind") ? -1 : 0;
}

int posix_spawnp(pid_t *child, const char *program, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *arguments,
                 char *const *environment)
{
	(void)program;
	(void)actions;
	(void)attributes;
	(void)arguments;
	(void)environment;
	*child = fork();
	if (*child == 0)
		_exit(machine.program_status);
	return 0;
}

/* Writes its arguments to the file "executed". */
int execvp(const char *program, char *const *arguments)
{
	char name[TEXT_MAX];
	(void)program;
	(void)snprintf(name, sizeof name, "%s/executed", counter_directory);
	bool reads = strcmp(arguments[1], "x509") == 0;
	FILE *file = fopen(name, "w");
	for (size_t i = 0; arguments[i] != NULL; i++)
		(void)fprintf(file, "%s ", arguments[i]);
	(void)fclose(file);
	if (reads && machine.certificate == NULL)
		_exit(1);
	(void)dprintf(STDOUT_FILENO, "%s", reads ? machine.certificate : machine.program_output);
	_exit(0);
}

/* Sets *function to that of the C library. */
static void find_original(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	assert_non_null(found);
	memcpy(function, &found, sizeof found);
}

/* Each name has two addresses. */
int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
	static int (*find)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (find == NULL)
		find_original("getaddrinfo", &find);
	if (name == NULL || (hints->ai_flags & AI_NUMERICHOST) != 0)
		return find(name, port, hints, found);
	if (strstr(name, "example") == NULL)
		return EAI_NONAME;
	int error = find("::1", port, hints, found);
	return error != 0 ? error : find("192.0.2.1", port, hints, &(*found)->ai_next);
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                socklen_t host_size, char *restrict port, socklen_t port_size, int flags)
{
	static int (*find)(const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t,
	                   int);
	if (find == NULL)
		find_original("getnameinfo", &find);
	return fails("getnameinfo")
	           ? EAI_FAIL
	           : find(address, length, host, host_size, port, port_size, flags);
}

#ifndef __SANITIZE_ADDRESS__ /* it has a malloc of its own */
/* Fails for large blocks, of lists of counts. */
void *malloc(size_t size)
{
	return size > 1 << 20 && fails("malloc") ? NULL : aligned_alloc(16, (size + 15) / 16 * 16);
}
#endif

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)journal;
	(void)name;
	(void)flags;
	return -EIO;
}

/* --- A good machine. --- */

static char main_command[TEXT_MAX], blog_command[TEXT_MAX];

static int make_machine(void **state)
{
	static const char *const DIRECTORIES[] = {
	    "/etc", "/etc/systemd", "/etc/systemd/system", "/etc/sysusers.d",
	    "/var", "/var/lib",     "/var/lib/mayfly",     "/root"};
	char name[TEXT_MAX];
	if (make_directory(state) != 0)
		return -1;
	for (size_t i = 0; i < sizeof DIRECTORIES / sizeof DIRECTORIES[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s", counter_directory, DIRECTORIES[i]);
		if (syscall(SYS_mkdirat, AT_FDCWD, name, 0755) != 0)
			return -1;
	}
	(void)hit("/a.html");
	(void)snprintf(main_command, sizeof main_command,
	               "C ExecStart /usr/bin/mayfly --root /srv/www --hits %s", counter_file);
	(void)snprintf(blog_command, sizeof blog_command,
	               "C ExecStart /usr/bin/mayfly --root /srv/blog --hits %s-blog", counter_file);
	memset(&machine, 0, sizeof machine);
	memset(&fake_systemd, 0, sizeof fake_systemd);
	fake_set("mayfly.socket", "s ActiveState active");
	fake_set("mayfly.socket", "s UnitFileState enabled");
	fake_set("mayfly.socket", "s Result success");
	fake_set("mayfly.socket", "L Listen [::]:80");
	fake_set("mayfly.socket", "b Accept 1");
	fake_set("mayfly@mayflyctl.service", "s User mayfly");
	fake_set("mayfly@mayflyctl.service", main_command);
	return 0;
}

static int remove_entry(const char *name, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(name);
}

static int remove_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return nftw(counter_directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void add_blog(void)
{
	fake_set("mayfly-site-blog.socket", "s ActiveState active");
	fake_set("mayfly-site-blog.socket", "s UnitFileState enabled");
	fake_set("mayfly-site-blog.socket", "L Listen [::]:8081 127.0.0.1:8081");
	fake_set("mayfly-site-blog.socket", "b Accept 1");
	fake_set("mayfly-site-blog@mayflyctl.service", "s User mayfly-blog");
	fake_set("mayfly-site-blog@mayflyctl.service", blog_command);
}

static const struct command *const COMMANDS[] = {&command_hits,  &command_https,  &command_report,
                                                 &command_sites, &command_status, NULL};

#define RUN_COMMAND(...)                                                                           \
	run_command(COMMANDS, NULL, (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

/* `result`: the exit status of a command, which has printed `part`. The next one has no failing call. */
static void expect(int status, const char *text, const char *part, int result)
{
	machine.failing = NULL;
	if (result != status)
		fail_msg("exit status %d, \"%s\"", result, run_err);
	expect_in(text, part);
}

#define EXPECT_OUT(part, ...) expect(0, run_out, part, RUN_COMMAND(__VA_ARGS__))
#define EXPECT_ERR(status, part, ...) expect(status, run_err, part, RUN_COMMAND(__VA_ARGS__))

/* --- sites --- */

static unsigned count_lines(void)
{
	unsigned lines = 0;
	for (const char *c = run_out; *c != '\0'; c++)
		lines += *c == '\n';
	return lines;
}

static void test_sites_that_count_nothing_or_nothing_yet(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-site-bare.socket", "b Accept 1");
	fake_set("mayfly-site-bare@mayflyctl.service", "C ExecStart /usr/bin/mayfly");
	fake_set("mayfly-site-lost.socket", "b Accept 1");
	EXPECT_OUT("bare\t-\t\t-\troot\t-\n"
	           "blog\tactive\t[::]:8081, 127.0.0.1:8081\t/srv/blog\tmayfly-blog\t0\n"
	           "lost\t-\t\t-\t-\t?\n",
	           "sites", "--format", "tsv");
}

static void test_machine_without_sites(void **state)
{
	(void)state;
	memset(&fake_systemd, 0, sizeof fake_systemd);
	EXPECT_ERR(1, "mayfly.socket is not installed", "sites");
	EXPECT_ERR(1, "mayfly.socket is not installed", "status");
}

static void test_sockets_that_are_no_sites(void **state)
{
	(void)state;
	fake_set("mayfly-gone.socket", "s LoadState not-found");
	fake_set("mayfly-other.socket", "b Accept 1");
	fake_set("mayfly-other@mayflyctl.service", "C ExecStart /usr/bin/python3");
	fake_set("mayfly-site-blog@.socket", "b Accept 1");
	fake_set("mayflyother.socket", "b Accept 1");
	EXPECT_OUT("mayfly\tactive\t", "sites", "--format", "tsv");
	assert_int_equal(count_lines(), 2);
}

static void test_number_of_sites_is_limited(void **state)
{
	static char names[300][32];
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(names[i], sizeof names[i], "mayfly-site-a%zu.socket", i);
		(void)fake_unit(names[i]);
	}
	EXPECT_OUT("mayfly\tactive\t", "sites", "--format", "tsv");
	assert_int_equal(count_lines(), 1 + 256);
}

/* --- sites add --- */

static char root[TEXT_MAX];

/* Runs sites add for the site "new", with its directory at `root`, and with this option if it is not NULL. */
static int add(const char *listen, const char *option)
{
	(void)snprintf(root, sizeof root, "%s/root", counter_directory);
	return RUN_COMMAND("sites", "add", "new", "--listen", listen, "--root", root, option);
}

#define EXPECT_ADDED(listen) expect(0, run_out, "Site new serves ", add(listen, NULL))
#define EXPECT_REFUSED(status, part, listen) expect(status, run_err, part, add(listen, NULL))

static void expect_no_files(void)
{
	assert_int_equal(RUN_COMMAND("sites", "remove", "new"), 1);
	expect_in(run_err, "no site new");
}

static void test_site_without_its_arguments_is_refused(void **state)
{
	static char longest[PATH_MAX + 1];
	(void)state;
	memset(longest, 'a', PATH_MAX);
	longest[0] = '/';
	EXPECT_ERR(EXIT_USAGE, "requires --listen and --root", "sites", "add", "new", "--root",
	           "/srv");
	EXPECT_ERR(EXIT_USAGE, "requires --listen and --root", "sites", "add", "new", "--listen",
	           "8081");
	EXPECT_ERR(1, "--root: File name too long", "sites", "add", "new", "--listen", "8081",
	           "--root", longest);
	EXPECT_ERR(1, "--root: /: a directory of the system", "sites", "add", "new", "--listen",
	           "8081", "--root", "//");
}

static void test_only_root_changes_units(void **state)
{
	(void)state;
	machine.user = MAIN_USER;
	EXPECT_REFUSED(1, "only root can change units", "8081");
	EXPECT_ERR(1, "only root can change units", "sites", "remove", "new");
	machine.user = 0;
	let_fail("flock", 0, EWOULDBLOCK);
	EXPECT_REFUSED(1, "another mayflyctl adds or removes a site", "8081");
	expect_no_files();
}

static void test_port_must_be_one(void **state)
{
	static const char *const WRONG[] = {"/run/mayfly:80", "[127.0.0.1]:8081", "::1:8081",
	                                    "localhost:8081", "127.0.0.1:0",      "0"};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		EXPECT_REFUSED(EXIT_USAGE, "is not a port such as 8081 or an address", WRONG[i]);
	expect_no_files();
}

static void test_port_of_another_socket_is_refused(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-gone.socket", "s LoadState not-found");
	fake_set("mayfly-site-off.socket", "L Listen 127.0.0.1:8082");
	fake_set("mayfly-site-unix.socket", "s UnitFileState enabled");
	fake_set("mayfly-site-unix.socket", "L Listen /run/mayfly 127.0.0.1:8083 [::]:9000");
	fake_set("mayfly-site-vague.socket", "s ActiveState active");
	EXPECT_REFUSED(1, "mayfly-site-blog.socket has port 8081", "8081");
	EXPECT_REFUSED(1, "mayfly-site-unix.socket has port 8083", "8083");
	expect_no_files();
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8082"); /* of a socket that is neither enabled nor active */
}

static void test_port_is_tried(void **state)
{
	(void)state;
	let_fail("bind", 0, EADDRINUSE);
	EXPECT_REFUSED(1, "port 47 is taken", "47");
	let_fail("bind", 0, EADDRNOTAVAIL);
	EXPECT_REFUSED(1, "cannot listen on [2001:db8::1]:8081: Cannot assign requested address",
	               "[2001:db8::1]:8081");
	let_fail("socket", 0, EAFNOSUPPORT);
	EXPECT_REFUSED(1, "cannot listen on [::1]:8081: Address family not supported",
	               "[::1]:8081");
	expect_no_files();
	let_fail("bind", 0, EACCES);
	expect(0, run_out, "run systemctl enable", add("81", "--dry-run"));
	machine.new_user = NEW_USER;
	let_fail("socket", 0, EAFNOSUPPORT);
	EXPECT_ADDED("8081"); /* by IPv4 alone */
}

static void test_user_of_another_owner_is_refused(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	(void)snprintf(name, sizeof name, "%s/var/lib/mayfly-new", counter_directory);
	assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, name, 0755), 0);
	EXPECT_REFUSED(1, "/var/lib/mayfly-new exists and belongs to another user", "8081");
	machine.new_user = NEW_USER; /* the owner is the user of this test */
	EXPECT_REFUSED(1, "/var/lib/mayfly-new exists and belongs to another user", "8081");
	let_fail("lstat", 0, EIO);
	EXPECT_REFUSED(1, "/var/lib/mayfly-new: Input/output error", "8081");
	let_fail("getpwnam", 0, EIO);
	EXPECT_REFUSED(1, "user mayfly-new: Input/output error", "8081");
	assert_int_equal(syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR), 0);
	machine.new_user = 1000;
	EXPECT_REFUSED(1, "user mayfly-new is not a system user", "8081");
	expect_no_files();
}

static void test_handler_must_be_known(void **state)
{
	(void)state;
	fake_set("mayfly@mayflyctl.service", "C ExecStart /usr/bin/python3");
	EXPECT_REFUSED(1, "mayfly@.service does not name the handler", "8081");
	fake_set("mayfly@mayflyctl.service", "s LoadState not-found");
	EXPECT_REFUSED(1, "mayfly@.service does not name the handler", "8081");
	expect_no_files();
}

static void test_units_made_by_hand_are_refused(void **state)
{
	(void)state;
	fake_set("mayfly-site-new.socket", "L Listen 8081");
	EXPECT_REFUSED(1, "mayfly-site-new.socket exists already; choose another name", "8082");
	expect_no_files();
}

/* Writes a text to the socket unit of the new site. */
static void write_socket(const char *text, size_t length)
{
	int file = open("/etc/systemd/system/mayfly-site-new.socket",
	                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, length), length);
	(void)close(file);
}

static void test_files_changed_by_hand_are_kept(void **state)
{
	static char large[16384];
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	EXPECT_REFUSED(1, "site new exists with other settings", "8082");
	write_socket("# mine\n", 7);
	EXPECT_REFUSED(1, "mayfly-site-new.socket was changed by hand", "8081");
	EXPECT_ERR(1, "mayfly-site-new.socket was changed since", "sites", "remove", "new");
	EXPECT_OUT("remove /etc/systemd/system/mayfly-site-new.socket", "sites", "remove", "new",
	           "--changed");
	memset(large, '#', sizeof large);
	write_socket(large, sizeof large);
	EXPECT_REFUSED(1, "\"mayflyctl sites add\" has not written it; choose another name",
	               "8081");
	EXPECT_ERR(1, "has not written /etc/systemd/system/mayfly-site-new.socket", "sites",
	           "remove", "new", "--changed");
}

static void test_site_is_added_again(void **state)
{
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	(void)fake_unit("mayfly-site-new.socket"); /* its state is not known */
	EXPECT_ADDED("8081");
	fake_set("mayfly-site-new.socket", "s ActiveState active");
	fake_set("mayfly-site-new.socket", "s UnitFileState disabled");
	EXPECT_ADDED("8081");
	expect_in(run_out, "run systemctl enable --now mayfly-site-new.socket");
	fake_set("mayfly-site-new.socket", "s UnitFileState enabled");
	expect(0, run_out, "Site new is there already; nothing to do.\n", add("8081", NULL));
}

static void test_new_user_that_cannot_enter_is_reported(void **state)
{
	(void)state;
	EXPECT_ADDED("8081");
	expect_in(run_err, "cannot act as user mayfly-new: there is no such user");
	let_fail("getpwnam", 2, EIO);
	EXPECT_ADDED("8081");
	expect_in(run_err, "cannot act as user mayfly-new: Input/output error");
	machine.new_user = NEW_USER;
	let_fail("faccessat", 0, EACCES);
	EXPECT_ADDED("8081");
	expect_in(run_err, "mayfly-new cannot enter ");
	expect_in(run_err, "Permission denied; run \"mayflyctl check --site new\"");
	EXPECT_ADDED("8081");
	assert_string_equal(run_err, "");
}

/* --- sites remove --- */

static void test_removal_ends_at_the_first_failure(void **state)
{
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	machine.program_status = 1;
	EXPECT_ERR(1, "systemctl failed; correct the cause", "sites", "remove", "new");
	assert_null(strstr(run_out, "remove /"));
	machine.program_status = 0;
	for (unsigned done = 0; done < 8; done++) {
		let_fail("unlinkat", done, EIO);
		EXPECT_ERR(1, ": Input/output error", "sites", "remove", "new");
		EXPECT_ADDED("8081");
	}
	let_fail("rmdir", 0, EIO);
	EXPECT_ERR(1, "@.service.d: Input/output error", "sites", "remove", "new");
	EXPECT_ADDED("8081");
	/* lock, then the states of all files, of the socket, of the socket before it is removed */
	let_fail("open", 1 + 4 + 1 + 1, EIO);
	EXPECT_ERR(1, ": Input/output error", "sites", "remove", "new");
	EXPECT_OUT("remove /", "sites", "remove", "new");
	expect_no_files();
	EXPECT_ERR(EXIT_USAGE, "no site that \"mayflyctl sites add\" has added", "sites", "remove",
	           "N");
}

/* --- status --- */

static void test_status_of_units_that_systemd_describes_incompletely(void **state)
{
	(void)state;
	memset(&fake_systemd, 0, sizeof fake_systemd);
	fake_set("mayfly.socket", "b Accept 1");
	fake_set("mayfly@mayflyctl.service", "C ExecStart /usr/bin/mayfly --root /srv/www");
	machine.is_terminal = true;
	expect(1, run_out, "Socket         \x1b[31m\x1b[0m: no client is served; result:  ()\n",
	       RUN_COMMAND("status"));
	expect_in(run_out, "Counter file   none: nothing is counted\n");
	expect(1, run_out, "\"Listen\":[", RUN_COMMAND("status", "--json"));
	expect_in(run_out, "\"ActiveState\":\"\"");
	expect_in(run_out, "\"slice\":null");
	expect_in(run_out, "\"hits\":null");
}

static void test_status_of_connections(void **state)
{
	static const char *const FEW[] = {"mayfly@1-127.0.0.1:80-192.0.2.9:1.service",
	                                  "mayfly@2-127.0.0.1:80-192.0.2.8:1.service",
	                                  "mayfly@3-127.0.0.1:80-192.0.2.7:1.service",
	                                  "mayfly@4-127.0.0.1:80-192.0.2.8:2.service", NULL};
	static const char *many[8200 + 1];
	(void)state;
	fake_systemd.connections = FEW;
	EXPECT_OUT("2 open from 192.0.2.8, ", "status");
	for (size_t i = 0; i < 8200; i++)
		many[i] = FEW[0];
	fake_systemd.connections = many;
	EXPECT_OUT("8192 open from 192.0.2.9, ", "status");
}

/* --- hits --- */

static void test_hits_of_several_sites(void **state)
{
	(void)state;
	add_blog();
	machine.is_terminal = true;
	EXPECT_OUT("Site mayfly\n", "hits");
	expect_in(run_out, "1 hit on 1 resource\n\nSite blog\nNo hits.\n");
	EXPECT_OUT("  HOST\n", "hits", "--by-host");
	EXPECT_OUT("\n]}\n", "hits", "--by", "day", "--json");
	machine.is_terminal = false;
	EXPECT_OUT("1\t/a.html\tmayfly\n", "hits", "--format", "tsv");
}

static void test_hits_of_periods_on_a_terminal(void **state)
{
	(void)state;
	add_blog();
	machine.is_terminal = true;
	EXPECT_OUT("Site mayfly\nPERIOD", "hits", "--by", "day");
	expect_in(run_out, "\n1 hit\n");
	expect_in(run_out, "\n\nSite blog\nPERIOD  HITS\n0 hits\n");
	hit_times("/b.html", 1234567);
	EXPECT_OUT("     HITS\n", "hits", "--by", "day", "--hits", counter_file);
	expect_in(run_out, "  1234568");
}

static void test_bars_without_utf8(void **state)
{
	(void)state;
	hit_times("/b.html", 999);
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	machine.is_terminal = true;
	EXPECT_OUT("   1    0.1%  \x1b[32m#\x1b[0m ", "hits", "--hits", counter_file);
	assert_int_equal(unsetenv("LC_ALL"), 0);
}

static void test_reset_asks_only_on_a_terminal(void **state)
{
	(void)state;
	machine.is_terminal = true; /* but standard input ends */
	EXPECT_ERR(1, "[y/N] \nmayflyctl: nothing was dropped\n", "hits", "reset", "--hits",
	           counter_file);
	machine.has_plain_errors = true;
	EXPECT_ERR(EXIT_USAGE, "--yes is required", "hits", "reset", "--hits", counter_file);
	assert_int_equal(sum_of("/a.html"), 1);
}

static void test_hits_of_sites_are_written_whole_or_not_at_all(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	add_blog();
	EXPECT_ERR(1, "this is a counter file", "hits", "--output", counter_file);
	EXPECT_ERR(1, "cannot write: No such file or directory", "hits", "--output",
	           "/nowhere/list");
	(void)snprintf(name, sizeof name, "%s/list", counter_directory);
	/* that of the default, then those of the sites */
	EXPECT_OUT("", "hits", "--output", name);
	let_fail("stat", 3, EIO);
	EXPECT_ERR(1, "cannot compare", "hits", "--output", name);
	fake_systemd.ended_after = 3;
	EXPECT_ERR(1, "systemd did not answer: information is missing", "hits", "--output", name);
}

static void test_hits_of_a_site_that_cannot_be_queried(void **state)
{
	(void)state;
	add_blog();
	fake_systemd.ended_after = 2;
	EXPECT_ERR(1, "site mayfly: systemd did not answer: information is missing", "hits",
	           "verify");
	EXPECT_ERR(1, "site blog: systemd did not answer: information is missing", "hits", "verify",
	           "--site", "blog");
	EXPECT_ERR(1, "site mayfly: systemd did not answer: information is missing", "hits",
	           "verify", "--robots");
	fake_systemd.ended_after = 0;
	EXPECT_ERR(1, "no site shop", "hits", "verify", "--robots", "--site", "shop");
	EXPECT_ERR(1, "site mayfly counts nothing for robots: its handler has no --robots", "hits",
	           "verify", "--robots");
}

static void test_hits_of_a_machine_without_units(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	machine.user = MAIN_USER; /* root would look up each directory of a name */
	memset(&fake_systemd, 0, sizeof fake_systemd);
	EXPECT_ERR(1, "/var/lib/mayfly/hits: no such file", "hits");
	(void)snprintf(name, sizeof name, "%s/var/lib/mayfly/hits", counter_directory);
	assert_int_equal(link(counter_file, name), 0);
	EXPECT_OUT("1\t100.0%\t/a.html\n", "hits");
	fake_systemd.is_absent = true;
	EXPECT_ERR(1, "/var/lib/mayfly/robots: no such file", "hits", "verify", "--robots");
	EXPECT_ERR(1, "site blog: systemd is not running", "report", "--site", "blog");
	let_fail("open", 1, EPERM);
	EXPECT_ERR(1, "permission denied; try as root", "hits", "--hits", counter_file);
}

#ifndef __SANITIZE_ADDRESS__
static void test_missing_memory_is_an_error(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	(void)snprintf(name, sizeof name, "%s/list", counter_directory);
	for (unsigned done = 0; done < 2; done++) {
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file);
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file, "--by-host");
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "--hits", counter_file, "--output", name);
		let_fail("malloc", done, ENOMEM);
		EXPECT_ERR(1, "out of memory", "hits", "reset", "--yes", "--hits", counter_file,
		           "/a*");
		let_fail("malloc", done, ENOMEM);
		EXPECT_OUT("out of memory", "report", "--hits", counter_file);
	}
	assert_int_equal(sum_of("/a.html"), 1);
}
#endif

static void test_report_of_several_sites(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-site-bare.socket", "b Accept 1");
	fake_set("mayfly-site-bare@mayflyctl.service", "C ExecStart /usr/bin/mayfly");
	EXPECT_OUT("\"total\":1,", "report", "--json");
	assert_null(strstr(run_out, "\"file\":"));
	poke(0, "no counter file", 15);
	EXPECT_OUT("\"error\":\"not a counter file", "report", "--json");
	expect_in(run_out, "\"file\":\"");
}

/* --- https --- */

#define CERTIFICATE                                                                                \
	"notBefore=Nov 29 00:00:00 2026 GMT\nnotAfter=Nov 29 00:00:00 2036 GMT\n"                  \
	"X509v3 Subject Alternative Name:\n    DNS:a.example, DNS:b.example, DNS:c.example\n"

/* The ports are those of the units that are to serve by HTTPS. */
static void add_https(void)
{
	fake_set("mayfly-http.socket", "s ActiveState active");
	fake_set("mayfly-https.socket", "s ActiveState active");
	machine.certificate = CERTIFICATE;
	machine.program_output = "HTTP/1.1 200 OK\r\n";
}

static void test_host_names(void **state)
{
	static char longest[257];
	static const char *const WRONG[] = {"-a.example",  ".example",   "example",
	                                    "example.",    "a..example", "192.0.2.1",
	                                    "a_b.example", "",           longest};
	(void)state;
	memset(longest, 'a', 256);
	longest[1] = '.';
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		EXPECT_ERR(EXIT_USAGE, "\" is not a host name such as example.org", "https",
		           "--dry-run", "--", WRONG[i]);
}

static void test_https_needs_programs(void **state)
{
	(void)state;
	add_https();
	machine.missing_program = "uacme";
	EXPECT_ERR(1, "run \"apt-get install uacme\"", "https", "a.example");
	let_fail("access", 1, EIO);
	EXPECT_ERR(1, "/usr/bin/uacme: Input/output error", "https", "a.example");
}

static void test_https_is_set_up_and_verified(void **state)
{
	(void)state;
	add_https();
	EXPECT_ERR(1, "a DNS record that leads to this machine", "https", "nowhere.test");
	EXPECT_OUT("https://a.example/ is served.\nhttps://b.example/ is served.\n", "https",
	           "a.example", "b.example", "C.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	machine.program_output = "HTTP/1.1 503 Service Unavailable\r\n";
	EXPECT_ERR(1, "https://a.example/: status 503", "https", "a.example", "b.example",
	           "c.example");
	machine.program_status = 1;
	EXPECT_ERR(1, "systemctl failed", "https", "a.example", "b.example", "c.example");
}

static void test_address_of_another_machine_is_noted(void **state)
{
	(void)state;
	add_https();
	let_fail("bind", 0, EADDRNOTAVAIL);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	let_fail("bind", 1, EADDRNOTAVAIL);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	let_fail("getnameinfo", 0, 0);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
}

static void test_no_name_loses_https_unasked(void **state)
{
	(void)state;
	add_https();
	EXPECT_ERR(1, "also for a.example, c.example, which would be without HTTPS", "https",
	           "b.example");
	expect_in(run_err, "\"mayflyctl https b.example a.example c.example\", or add --replace");
	EXPECT_OUT("The certificate will not be for a.example, c.example any longer.\n", "https",
	           "--replace", "b.example");
	machine.certificate = NULL;
	EXPECT_OUT("https://b.example/ is served", "https", "b.example"); /* there is none */
	let_fail("access", 3, EIO);
	EXPECT_ERR(1, "cannot read the names of the certificate", "https", "b.example");
	let_fail("access", 3, EIO);
	EXPECT_OUT("The names of the present certificate are not known.\n", "https", "--replace",
	           "b.example");
	machine.user = MAIN_USER;
	let_fail("access", 3, EACCES);
	EXPECT_OUT("Only root can see which names the present certificate has.\n", "https",
	           "--dry-run", "b.example");
}

/* Expects that a request is sent to this address. */
static void expect_request_to(const char *address)
{
	static char text[4096];
	char name[TEXT_MAX];
	EXPECT_OUT("https://a.example/ is served", "https", "--replace", "a.example");
	(void)snprintf(name, sizeof name, "%s/executed", counter_directory);
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	run_read_back(file, text, sizeof text);
	expect_in(text, address);
}

static void test_request_is_sent_to_the_address_of_the_socket(void **state)
{
	(void)state;
	add_https();
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen /run/mayfly");
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen ");
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen 192.0.2.7:4443");
	expect_request_to(" -connect 192.0.2.7:4443 ");
	fake_set("mayfly-https.socket", "L Listen 0.0.0.0:4444");
	expect_request_to(" -connect 127.0.0.1:4444 ");
	fake_set("mayfly-https.socket", "L Listen [::]:4445");
	expect_request_to(" -connect 127.0.0.1:4445 ");
}

#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, make_machine, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MACHINE(test_sites_that_count_nothing_or_nothing_yet),
	    ON_MACHINE(test_machine_without_sites),
	    ON_MACHINE(test_sockets_that_are_no_sites),
	    ON_MACHINE(test_number_of_sites_is_limited),
	    ON_MACHINE(test_site_without_its_arguments_is_refused),
	    ON_MACHINE(test_only_root_changes_units),
	    ON_MACHINE(test_port_must_be_one),
	    ON_MACHINE(test_port_of_another_socket_is_refused),
	    ON_MACHINE(test_port_is_tried),
	    ON_MACHINE(test_user_of_another_owner_is_refused),
	    ON_MACHINE(test_handler_must_be_known),
	    ON_MACHINE(test_units_made_by_hand_are_refused),
	    ON_MACHINE(test_files_changed_by_hand_are_kept),
	    ON_MACHINE(test_site_is_added_again),
	    ON_MACHINE(test_new_user_that_cannot_enter_is_reported),
	    ON_MACHINE(test_removal_ends_at_the_first_failure),
	    ON_MACHINE(test_status_of_units_that_systemd_describes_incompletely),
	    ON_MACHINE(test_status_of_connections),
	    ON_MACHINE(test_hits_of_several_sites),
	    ON_MACHINE(test_hits_of_periods_on_a_terminal),
	    ON_MACHINE(test_bars_without_utf8),
	    ON_MACHINE(test_reset_asks_only_on_a_terminal),
	    ON_MACHINE(test_hits_of_sites_are_written_whole_or_not_at_all),
	    ON_MACHINE(test_hits_of_a_site_that_cannot_be_queried),
	    ON_MACHINE(test_hits_of_a_machine_without_units),
#ifndef __SANITIZE_ADDRESS__
	    ON_MACHINE(test_missing_memory_is_an_error),
#endif
	    ON_MACHINE(test_report_of_several_sites),
	    ON_MACHINE(test_host_names),
	    ON_MACHINE(test_https_needs_programs),
	    ON_MACHINE(test_https_is_set_up_and_verified),
	    ON_MACHINE(test_address_of_another_machine_is_noted),
	    ON_MACHINE(test_no_name_loses_https_unasked),
	    ON_MACHINE(test_request_is_sent_to_the_address_of_the_socket),
	};
	if (freopen("/dev/null", "r", stdin) == NULL || setenv("TERM", "xterm", 1) != 0 ||
	    unsetenv("NO_COLOR") != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
