/*
 * mayflyctl check on machines that no test machine is: their units, users, files and errors of the system are the test's.
 * Firewalls and HTTPS have tests of their own.
 */
#include "counter/layout.h"
#include "mayflyctl/check_firewall.h"
#include "mayflyctl/check_https.h"
#include "mayflyctl/command.h"
#include "mayflyctl/program.h"
#include "mayflyctl/user.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus_texts.h"
#include "open_2.h"
#include "run_command.h"

/* --- The machine. --- */

enum { FAULTS_MAX = 4, DROP_INS_MAX = 4 };

/* A call of a function for a file whose name contains this fails. */
struct fault {
	const char *call, *file;
	int error;
	unsigned skipped; /* this many calls before it succeed */
	bool is_last;     /* and those after it */
};

static char directory[] = "/tmp/test_check-XXXXXX", root[64], hits[64];

static struct {
	uid_t user;  /* that runs the command */
	uid_t owner; /* of all files, as fts(3) sees them */
	mode_t mode; /* of all directories */
	const char *missing_user;
	struct fault faults[FAULTS_MAX];
	const char *response; /* to each request */
	size_t received;
	const char *drop_ins[DROP_INS_MAX]; /* what glob(3) finds */
	int glob_error;
	const char *analysis; /* what systemd-analyze prints */
	int analyze_status;
	const char *handler_error;
	int handler_status;
	bool has_package;
	bool is_mounted;       /* each open file is of another file system than its directory */
	unsigned short unread; /* what fts(3) says of a file if fts_read fails */
	const char
	    *redirected; /* files whose names contain this are the test's file "redirected" */
} machine;

static bool fails(const char *call, const char *file)
{
	for (size_t i = 0; i < FAULTS_MAX; i++) {
		struct fault *fault = &machine.faults[i];
		if (fault->call == NULL || strcmp(fault->call, call) != 0 ||
		    (fault->file != NULL && strstr(file, fault->file) == NULL))
			continue;
		if (fault->skipped > 0) {
			fault->skipped--;
			continue;
		}
		errno = fault->error;
		if (fault->is_last)
			fault->call = NULL;
		return true;
	}
	return false;
}

static const char *path_of(const char *name)
{
	static char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static const char *redirect(const char *name)
{
	bool is_redirected = machine.redirected != NULL && strstr(name, machine.redirected) != NULL;
	return is_redirected ? path_of("redirected") : name;
}

/* The C library's function, of which this program has its own. */
#define LIBRARY(function, ...)                                                                     \
	(*__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))(__VA_ARGS__)

int open(const char *name, int flags, ...)
{
	return fails("open", name)
	           ? -1
	           : (int)syscall(SYS_openat, AT_FDCWD, redirect(name), flags, 0600);
}

long syscall(long number, ...)
{
	long a[6];
	va_list arguments;
	va_start(arguments, number);
	for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_landlock_create_ruleset)
		return 6;
	if (number == SYS_openat2 && fails("openat2", (const char *)a[1]))
		return -1;
	return LIBRARY(syscall, number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int stat(const char *name, struct stat *status)
{
	return fails("stat", name) ? -1 : fstatat(AT_FDCWD, name, status, 0);
}

int fstat(int file, struct stat *status)
{
	if (fails("fstat", "") || fstatat(file, "", status, AT_EMPTY_PATH) != 0)
		return -1;
	status->st_dev += machine.is_mounted;
	return 0;
}

int fstatvfs(int file, struct statvfs *space)
{
	return fails("fstatvfs", "") ? -1 : LIBRARY(fstatvfs, file, space);
}

int access(const char *name, int mode)
{
	if (strstr(name, "/usr/share/doc/mayfly") == name)
		return machine.has_package ? 0 : -1;
	return fails("access", name) ? -1 : faccessat(AT_FDCWD, name, mode, 0);
}

int faccessat(int from, const char *name, int mode, int flags)
{
	return fails("faccessat", name) ? -1 : LIBRARY(faccessat, from, name, mode, flags);
}

FILE *fopen(const char *name, const char *mode)
{
	return fails("fopen", name) ? NULL : LIBRARY(fopen, redirect(name), mode);
}

int ferror(FILE *file)
{
	return fails("ferror", "") || LIBRARY(ferror, file) != 0;
}

int flock(int file, int how)
{
	return fails("flock", "") ? -1 : (int)syscall(SYS_flock, file, how);
}

DIR *opendir(const char *name)
{
	return fails("opendir", name) ? NULL : LIBRARY(opendir, name);
}

struct dirent *readdir(DIR *names)
{
	return fails("readdir", "") ? NULL : LIBRARY(readdir, names);
}

FTSENT *fts_read(FTS *files)
{
	FTSENT *entry = LIBRARY(fts_read, files);
	if (entry == NULL || entry->fts_statp == NULL)
		return entry;
	entry->fts_statp->st_uid = machine.owner;
	if (S_ISDIR(entry->fts_statp->st_mode))
		entry->fts_statp->st_mode |= machine.mode;
	if (fails("fts_read", entry->fts_path)) {
		entry->fts_info = machine.unread;
		entry->fts_errno = errno;
	}
	return entry;
}

int glob(const char *pattern, int flags, int (*note)(const char *, int), glob_t *found)
{
	(void)flags;
	(void)pattern;
	if (machine.glob_error == GLOB_ABORTED)
		(void)note("/etc/systemd/system", EIO);
	if (machine.glob_error != 0)
		return machine.glob_error;
	bool is_of_units = strstr(pattern, "/mayfly*.d") != NULL;
	*found = (glob_t){.gl_pathv = (char **)(void *)machine.drop_ins};
	while (machine.drop_ins[found->gl_pathc] != NULL)
		found->gl_pathc++;
	if (is_of_units == (found->gl_pathc > 0 && strstr(machine.drop_ins[0], ".conf") != NULL))
		return GLOB_NOMATCH;
	return found->gl_pathc > 0 ? 0 : GLOB_NOMATCH;
}

void globfree(glob_t *found)
{
	(void)found;
}

uid_t getuid(void)
{
	return machine.user;
}

int seteuid(uid_t user)
{
	return fails("seteuid", user == 0 ? "root" : "mayfly") ? -1 : 0;
}

int setegid(gid_t group)
{
	(void)group;
	return 0;
}

int setgroups(size_t count, const gid_t *groups)
{
	(void)count;
	(void)groups;
	return 0;
}

int initgroups(const char *name, gid_t group)
{
	(void)group;
	return fails("initgroups", name) ? -1 : 0;
}

const struct passwd *user_find(const char *name)
{
	static struct passwd user;
	user = (struct passwd){.pw_uid = strcmp(name, "mayfly") == 0 ? 400 : 401};
	errno = ENOENT;
	bool is_missing = machine.missing_user != NULL && strcmp(machine.missing_user, name) == 0;
	return is_missing || fails("getpwnam", name) ? NULL : &user;
}

int socket(int family, int type, int protocol)
{
	(void)family;
	(void)type;
	(void)protocol;
	machine.received = 0;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int connect(int client, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	(void)client;
	(void)length;
	const struct sockaddr_un *local = address.__sockaddr_un__;
	return fails("connect", local->sun_family == AF_UNIX ? local->sun_path : "tcp") ? -1 : 0;
}

ssize_t read(int file, void *bytes, size_t size)
{
	return fails("read", "") ? -1 : syscall(SYS_read, file, bytes, size);
}

ssize_t send(int client, const void *bytes, size_t length, int flags)
{
	(void)client;
	(void)bytes;
	(void)flags;
	return fails("send", "") ? -1 : (ssize_t)length;
}

ssize_t recv(int client, void *bytes, size_t length, int flags)
{
	(void)client;
	(void)flags;
	size_t rest = strlen(machine.response) - machine.received;
	if (fails("recv", ""))
		return -1;
	length = length < rest ? length : rest;
	memcpy(bytes, machine.response + machine.received, length);
	machine.received += length;
	return (ssize_t)length;
}

/* The program's, in place of other parts of it. */
int program_run(const struct program *program, char *text, size_t size)
{
	bool is_analysis = strcmp(program->arguments[0], "/usr/bin/systemd-analyze") == 0;
	(void)snprintf(text, size, "%s", is_analysis ? machine.analysis : machine.handler_error);
	return is_analysis ? machine.analyze_status : machine.handler_status;
}

int program_wait(pid_t child)
{
	(void)child;
	return -1;
}

_Noreturn void program_not_executed(int error)
{
	exit(error);
}

void check_firewall(unsigned port, struct findings *findings)
{
	(void)port;
	(void)findings;
}

void check_https(sd_bus *bus, struct findings *findings)
{
	(void)bus;
	(void)findings;
}

/* Adds a site without problems. */
static void add_site(const char *socket, const char *service, const char *user)
{
	bus_texts_add("%s.socket FragmentPath /etc", socket);
	bus_texts_add("%s.socket LoadState loaded", socket);
	bus_texts_add("%s.socket ActiveState active", socket);
	bus_texts_add("%s.socket UnitFileState enabled", socket);
	bus_texts_add("%s.socket Accept 1", socket);
	bus_texts_add("%s.socket Listen Stream 192.0.2.7:80", socket);
	bus_texts_add("%s.socket MaxConnections 1024", socket);
	bus_texts_add("%s.socket MaxConnectionsPerSource 64", socket);
	bus_texts_add("%s.socket Backlog 1024", socket);
	bus_texts_add("%s FragmentPath /etc", service);
	bus_texts_add("%s LoadState loaded", service);
	bus_texts_add(
	    "%s ExecStart /usr/bin/mayfly /usr/bin/mayfly --root %s --hits %s --log journal",
	    service, root, hits);
	bus_texts_add("%s User %s", service, user);
	bus_texts_add("%s NoNewPrivileges 1", service);
	bus_texts_add("%s StandardError journal", service);
	bus_texts_add("%s CollectMode inactive-or-failed", service);
}

/* A machine without problems. */
static int reset_machine(void **state)
{
	(void)state;
	bus_texts_reset();
	memset(&machine, 0, sizeof machine);
	machine.response = "HTTP/1.1 200 OK\r\n";
	machine.analysis = machine.handler_error = "";
	machine.owner = 70007;
	add_site("mayfly", "mayfly@mayflyctl.service", "mayfly");
	bus_texts_add("mayfly.slice LoadState loaded");
	bus_texts_add("mayfly.slice MemoryMax 536870912");
	bus_texts_add("mayfly.slice TasksMax 2200");
	return 0;
}

static void add_blog(void)
{
	add_site("mayfly-site-blog", "mayfly-site-blog@mayflyctl.service", "mayfly-blog");
}

static void make_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdir(path_of(name), 0755), 0);
}

static void make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, path_of(name)), 0);
}

static void remove_file(const char *name)
{
	assert_int_equal(remove(path_of(name)), 0);
}

/* Runs check, which finds this. */
static void finds(const char *expected)
{
	(void)RUN(command_check, "check");
	expect_in(run_out, expected);
}

static void finds_nothing(void)
{
	assert_int_equal(RUN(command_check, "check"), 0);
	assert_string_equal(run_err, "");
	assert_string_equal(run_out, "No problems found.\n");
}

/* --- Tests: the machine. --- */

static void test_good_machine(void **state)
{
	(void)state;
	finds_nothing();
	add_blog();
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	assert_int_equal(RUN(command_check, "check", "--site", "shop"), 1);
	expect_in(run_err, "no site shop");
}

static void test_machine_without_a_bus(void **state)
{
	(void)state;
	bus_texts.error = ENOENT;
	assert_int_equal(RUN(command_check, "check"), 3);
	assert_string_equal(run_out,
	                    "there is no bus\n"
	                    "    without systemd, start handlers by inetd; see mayfly(8)\n");
}

/* --- The command line of the service. --- */

#define EXEC "mayfly@mayflyctl.service ExecStart /usr/bin/mayfly /usr/bin/mayfly "

static void test_values_of_variables(void **state)
{
	(void)state;
	bus_texts_add("mayfly@mayflyctl.service Environment A_ROOT=/nowhere ROOT=%s ROOTS=/a",
	              root);
	bus_texts_add(EXEC "--root ${ROOT}");
	finds_nothing();
	bus_texts_add(EXEC "--root %s --log ${NOTHING}", root);
	finds_nothing();
	bus_texts_add(EXEC "--rootless --root ${A_ROOT}");
	finds("the root directory /nowhere: No such file or directory\n"
	      "    create it, or set another --root:\n    mkdir -p /nowhere\n");
	bus_texts_add(EXEC "--root=/nowhere/either $NOTHING");
	finds("the root directory /nowhere/either: No such file or directory");
}

static void test_command_line_with_other_dollar_signs_is_unclear(void **state)
{
	static const char *const WORDS[] = {"$$", "a$B", "$A$B"};
	(void)state;
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	finds("user mayfly cannot execute /usr/bin/mayfly\n");
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		bus_texts_add(EXEC "--root %s %s", root, WORDS[i]);
		finds_nothing();
	}
}

static void test_user_is_that_of_the_unit_or_of_a_program_before_the_handler(void **state)
{
	(void)state;
	machine.missing_user = "web";
	bus_texts_add("mayfly@mayflyctl.service ExecStart /usr/bin/tlswrapper /usr/bin/tlswrapper "
	              "-u web /usr/bin/mayfly --root %s",
	              root);
	bus_texts_add("mayfly@mayflyctl.service User ");
	finds("there is no user web\n    useradd --system web\n");
	bus_texts_add("mayfly@mayflyctl.service User ?");
	finds("there is no user web\n");
	bus_texts_add("mayfly@mayflyctl.service ExecStart /bin/other /bin/other -u web");
	machine.missing_user = "root";
	finds("there is no user root\n    useradd --system root\n");
	machine.missing_user = "mayfly";
	bus_texts_add("mayfly@mayflyctl.service User mayfly");
	finds("there is no user mayfly\n    systemd-sysusers mayfly.conf\n");
}

static void test_busy_site_is_checked_if_only_its_socket_is_enabled(void **state)
{
	(void)state;
	add_site("mayfly-busy", "mayfly-busy.service", "mayfly");
	bus_texts_add("mayfly-busy.socket Accept 0");
	bus_texts_add("mayfly-busy.socket ActiveState inactive");
	bus_texts_add("mayfly.socket ActiveState inactive");
	finds("mayfly.socket is inactive: no client is served\n"
	      "    systemctl enable --now mayfly.socket\n");
	bus_texts_add("mayfly.socket UnitFileState disabled");
	finds("mayfly-busy.socket is inactive: no client is served\n");
	bus_texts_add("mayfly-busy.socket UnitFileState disabled");
	finds("mayfly.socket is inactive: no client is served\n");
}

static void test_configuration_that_cannot_be_read(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly@mayflyctl.service ERROR -5");
	bus_texts_add("mayfly-site-blog@mayflyctl.service ERROR -5");
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "the configuration of mayfly.socket cannot be read: "
	                   "Input/output error\n    check again:\n    mayflyctl check\n");
	expect_in(run_out, "the configuration of mayfly-site-blog.socket cannot be read: ");
}

static void test_each_failing_query_is_reported(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly.socket IPAddressDeny 8 0");
	for (bus_texts.failing_query = 1; RUN(command_check, "check") != 1;
	     bus_texts.failing_query++) {
		assert_int_equal(RUN(command_check, "check"), 3);
		expect_in(run_out, "no answer\n    check again:\n    mayflyctl check\n");
	}
	assert_true(bus_texts.failing_query > 40);
}

static void test_names_of_sockets_that_are_no_sites(void **state)
{
	char name[300];
	(void)state;
	memset(name, 'a', sizeof name - 1);
	for (size_t length = sizeof name - 1; length > 200; length -= 50) {
		name[length] = '\0';
		bus_texts_add("mayfly-site-%s.socket FragmentPath /etc", name);
	}
	bus_texts_add("mayfly-site-b@.socket FragmentPath /etc");
	add_blog();
	bus_texts_add("mayfly-https-blog.socket FragmentPath /etc");
	finds_nothing();
	while (bus_texts.count < BUS_LINES_MAX)
		bus_texts_add("mayfly-site-a%zu.socket FragmentPath /etc", bus_texts.count);
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "a511"), 1);
	expect_in(run_err, "no site a511");
}

/* --- The handler's user. --- */

static void test_user_without_rights(void **state)
{
	static const char RUN_AS_ROOT[] =
	    "Run this as root to check what the handler's user may read and write.\n";
	(void)state;
	machine.user = 400;
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_not_in(run_out, RUN_AS_ROOT);
	machine.user = 1000;
	add_blog();
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	assert_int_equal(RUN(command_check, "check", "--quiet"), 0);
	assert_string_equal(run_out, "");
	assert_int_equal(RUN(command_check, "check", "--json"), 0);
	expect_not_in(run_out, RUN_AS_ROOT);
	machine.missing_user = "mayfly";
	finds("there is no user mayfly");
	expect_in(run_out, RUN_AS_ROOT);
	machine.missing_user = NULL;
	machine.user = 400;
	add_site("mayfly-site-wiki", "mayfly-site-wiki@mayflyctl.service", "mayfly");
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	machine.user = 0;
	machine.missing_user = "mayfly-blog";
	bus_texts_add("mayfly-site-wiki@mayflyctl.service ExecStart /usr/bin/mayfly "
	              "/usr/bin/mayfly");
	assert_int_equal(RUN(command_check, "check"), 2);
	assert_string_equal(run_out,
	                    "there is no user mayfly-blog\n    useradd --system mayfly-blog\n");
}

static void test_user_that_this_process_cannot_become(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "initgroups", .error = EPERM};
	finds("the root directory is not checked: cannot act as user mayfly: Operation not "
	      "permitted\n");
	expect_in(run_out, "the counter file is not checked: cannot act as user mayfly");
	machine.faults[0] = (struct fault){.call = "seteuid", .error = EAGAIN, .file = "mayfly"};
	finds("the root directory is not checked: cannot act as user mayfly: Resource "
	      "temporarily unavailable\n");
	machine.faults[0].call = "getpwnam";
	machine.faults[0].error = EIO;
	finds("cannot find user mayfly: Input/output error\n");
	/* The root directory and the counter file are checked, the files and the rules are not. */
	machine.faults[0] =
	    (struct fault){.call = "seteuid", .error = EAGAIN, .file = "mayfly", .skipped = 2};
	finds("a part of the root directory is not checked: cannot act as user mayfly");
	expect_in(run_out, "/_redirects is not checked: cannot act as user mayfly");
	expect_in(run_out, "/_headers is not checked: cannot act as user mayfly");
}

static void test_rights_of_root_that_do_not_come_back(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "seteuid", .error = EPERM, .file = "root"};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_err, "cannot act as root again: Operation not permitted");
}

/* --- The root directory, and the files in it. --- */

static void test_directory_that_cannot_be_entered(void **state)
{
	(void)state;
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".", .error = EACCES, .is_last = true};
	machine.faults[1] = (struct fault){.call = "faccessat", .error = EIO, .is_last = true};
	machine.faults[2] = (struct fault){.call = "faccessat", .error = EACCES, .is_last = true};
	machine.faults[3] = (struct fault){.call = "stat", .error = EIO};
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "user mayfly cannot enter /tmp, on the path of the root directory /tmp");
	expect_in(run_out, "    chmod o+x /tmp\n");
	machine.faults[0] = (struct fault){.call = "open", .file = root, .error = EMFILE};
	finds("the root directory /tmp/");
	expect_in(run_out, "/root is not checked: Too many open files\n");
	bus_texts_add(EXEC "--root /proc/version");
	finds("the root directory /proc/version: Not a directory\n    create it, or set another "
	      "--root\n");
}

static void test_files_that_the_system_does_not_open(void **state)
{
	static const unsigned short UNREAD[] = {FTS_NS, FTS_DNR, FTS_ERR};
	(void)state;
	make_file("root/a.html", "a");
	machine.faults[0] = (struct fault){.call = "faccessat", .file = "a.html", .error = EIO};
	finds("/a.html: not checked: the system failed to open it\n    check again\n");
	machine.faults[0].error = EACCES;
	finds("/a.html: the handler cannot read it (403)\n    let the handler's user read it:\n");
	expect_in(run_out, "    setpriv --reuid=70007 --regid=70007 --clear-groups chmod o+r /tmp");
	machine.owner = 0;
	finds("/a.html: the handler cannot read it (403)\n");
	expect_in(run_out, "    chmod o+r /tmp");
	machine.mode = S_IWOTH;
	finds("/a.html: the handler cannot read it (403)\n    let the handler's user read it\n");
	for (size_t i = 0; i < sizeof UNREAD / sizeof UNREAD[0]; i++) {
		machine.unread = UNREAD[i];
		machine.faults[0] =
		    (struct fault){.call = "fts_read", .file = "a.html", .error = EIO};
		finds("/a.html is not checked: Input/output error\n");
	}
	machine.faults[0].error = EACCES;
	finds_nothing();
	/* After the root directory was opened. */
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".", .error = EACCES, .skipped = 1};
	machine.mode = 0;
	finds(": the handler cannot read it (403)\n    let the handler's user read it:\n    chmod "
	      "o+rx /tmp");
	remove_file("root/a.html");
}

static void test_links_that_cannot_be_followed(void **state)
{
	(void)state;
	make_file("root/a.html", "a");
	make_link("a.html", "root/link");
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "openat2", .file = "link", .error = EIO};
	finds("/link: not checked: the system failed to open it\n");
	machine.faults[0].error = ELOOP;
	finds("/link: a link that leads nowhere (404)\n");
	machine.faults[0].error = ENOTDIR;
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/link: not checked: the system failed to open it\n");
	remove_file("root/link");
	remove_file("root/a.html");
}

static void test_links_that_lead_to_a_directory_around_them(void **state)
{
	(void)state;
	make_link(".", "root/link");
	finds("/link: a link to a directory that contains it, so that files have endless names\n");
	machine.is_mounted = true; /* then only the numbers of the files are equal */
	finds_nothing();
	remove_file("root/link");
}

static void test_hidden_directory_of_well_known_names_is_checked(void **state)
{
	(void)state;
	make_directory("root/.well-known");
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".well-known", .error = EACCES};
	finds("/.well-known: the handler cannot read it (403)\n");
	remove_file("root/.well-known");
}

static void test_files_of_hosts(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--vhosts --root %s", root);
	make_file("root/_headers", "/*\n");
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = "_headers", .error = EACCES};
	finds("/_headers: the handler cannot read it (403)\n");
	machine.faults[0] = (struct fault){.call = "opendir", .file = "/root", .error = EMFILE};
	finds("the rules of hosts are not checked: /tmp/");
	machine.faults[0] = (struct fault){.call = "readdir", .error = EIO};
	finds("not all rules of hosts are checked: Input/output error\n");
	remove_file("root/_headers");
}

static void test_rules_that_the_system_does_not_read(void **state)
{
	(void)state;
	make_file("root/_redirects", "/a\n");
	finds("/_redirects: line 1 ");
	machine.faults[0] = (struct fault){.call = "openat2", .file = "_redirects", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "read", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0].call = NULL;
	remove_file("root/_redirects");
	make_directory("root/_redirects");
	finds_nothing();
	remove_file("root/_redirects");
}

/* --- The counter file. --- */

static void test_counter_files_that_cannot_be_used(void **state)
{
	(void)state;
	make_file("hits", "foreign");
	finds("/hits: not a counter file, or one of another version\n");
	machine.faults[0] = (struct fault){.call = "fstatvfs", .error = EIO};
	finds("the space for the counter file /tmp/");
	expect_in(run_out, "/hits is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/hits is not checked: Input/output error\n");
	remove_file("hits");
	machine.faults[0] = (struct fault){.call = "open", .file = "/hits", .error = EACCES};
	finds("user mayfly cannot write the counter file /tmp/");
	expect_in(run_out, "    chown -h mayfly /tmp/");
	machine.faults[0].error = EISDIR;
	finds("/hits: Is a directory\n    set another file by --hits\n");
}

static void test_faults_of_the_counter_file_are_counted(void **state)
{
	(void)state;
	FILE *file = fopen(path_of("hits"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(COUNTER_HEADER, 1, COUNTER_HEADER_SIZE, file), COUNTER_HEADER_SIZE);
	for (long head = COUNTER_TABLE; head < COUNTER_TABLE + 16; head += 8) {
		assert_int_equal(fseek(file, head, SEEK_SET), 0);
		assert_int_equal(fputc(6, file), 6);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(path_of("hits"), COUNTER_RECORDS), 0);
	finds("/hits has 2 faults\n    mayflyctl hits verify --repair --hits /tmp/");
	machine.faults[0] = (struct fault){.call = "flock", .error = EINTR};
	finds("/hits: locked by another program for 5 seconds\n    find the program that has "
	      "locked it:\n    lslocks\n");
	machine.faults[0].error = ENOLCK;
	finds("/hits is not checked: No locks available\n");
	remove_file("hits");
}

static void test_counter_files_in_the_current_directory_or_the_top_one(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "faccessat", .file = "/", .error = EACCES};
	bus_texts_add(EXEC "--root %s --hits no-such-hits", root);
	finds_nothing();
	bus_texts_add(EXEC "--root %s --hits /no-such-hits", root);
	finds("user mayfly cannot create the counter file in /: Permission denied\n    set --hits "
	      "to a file in a directory of its own; if this is one:\n    chown -h mayfly /\n");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service ProtectSystem strict");
	finds("mayfly@.service: ProtectSystem= makes the counter file /no-such-hits read-only: no "
	      "hit is counted\n    set ReadWritePaths=/ in the section [Service]:\n");
	bus_texts_add(EXEC "--root %s --hits no-such-hits", root);
	finds_nothing();
}

/* --- Units. --- */

static void test_lines_that_systemd_analyze_prints(void **state)
{
	(void)state;
	machine.analysis = "/etc/systemd/system/mayfly.socket:3: Unknown key\n"
	                   "/etc/systemd/system/mayfly.socket:4:no\n"
	                   "/etc/systemd/system/mayfly.socket:5 no\n"
	                   "/etc/systemd/system/mayfly.socket:no\n"
	                   "/etc/systemd/system/other.socket:7: Unknown key\n"
	                   "/no\nno\n\n";
	finds("/etc/systemd/system/mayfly.socket: line 3: Unknown key\n    correct or remove the "
	      "line; then:\n    systemctl daemon-reload\n");
	expect_not_in(run_out, "no\n");
	expect_not_in(run_out, "other");
	machine.analyze_status = PROGRAM_NOT_EXECUTED;
	machine.analysis = "";
	finds("The lines of unit files are not checked: there is no systemd-analyze\n");
	machine.analyze_status = -1;
	finds("the lines of unit files are not checked: systemd-analyze could not be run, or did "
	      "not end\n");
}

static void test_many_units_are_analyzed(void **state)
{
	(void)state;
	for (size_t i = bus_texts.count; i < BUS_LINES_MAX; i++)
		bus_texts_add("mayfly-%zu.service FragmentPath /etc", i);
	finds_nothing();
}

static void test_drop_ins_that_systemd_has_not_read(void **state)
{
	(void)state;
	char name[96];
	make_file("a.conf", "[Socket]\n");
	(void)snprintf(name, sizeof name, "%s/a.conf", directory);
	machine.drop_ins[0] = name;
	finds("files of mayfly.socket have changed since systemd read them\n    systemctl "
	      "daemon-reload\n");
	bus_texts_add("mayfly.socket DropInPaths /other %s", name);
	bus_texts_add("mayfly@mayflyctl.service DropInPaths %s", name);
	bus_texts_add("mayfly.slice DropInPaths %s", name);
	finds_nothing();
	machine.drop_ins[1] = "/nowhere";
	finds_nothing();
	bus_texts_add("mayfly.socket DropInPaths /other");
	finds("files of mayfly.socket have changed");
	machine.drop_ins[1] = NULL;
	bus_texts_add("mayfly.socket DropInPaths ?");
	machine.faults[0] = (struct fault){.call = "stat", .file = "a.conf", .error = EIO};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "/a.conf: Input/output error\n");
	machine.faults[0].call = NULL;
	make_file("a.conf", "");
	finds_nothing();
	remove_file("a.conf");
	make_directory("a.conf");
	finds_nothing();
	bus_texts_add("mayfly.socket NeedDaemonReload 1");
	finds("files of mayfly.socket have changed");
	bus_texts_add("mayfly.socket ERROR -5");
	finds("mayfly.socket is not installed\n");
	expect_not_in(run_out, "have changed");
	remove_file("a.conf");
	machine.drop_ins[0] = NULL;
	machine.glob_error = GLOB_NOSPACE;
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "cannot read /etc/systemd/system: Cannot allocate memory\n");
	machine.glob_error = GLOB_ABORTED;
	finds("cannot read /etc/systemd/system: Input/output error\n");
	machine.glob_error = 0;
	bus_texts_add("mayfly.socket ERROR ?");
	bus_texts_add("mayfly.socket NeedDaemonReload 0");
	bus_texts_add("mayfly@mayflyctl.service NeedDaemonReload 1");
	finds("files of mayfly@.service have changed");
}

static void test_directories_of_drop_ins_without_a_unit(void **state)
{
	(void)state;
#define DIRECTORY "/etc/systemd/system/mayfly"
	static const char *const GOOD[] = {DIRECTORY ".socket.d", DIRECTORY "@.service.d",
	                                   DIRECTORY "-site-.socket.d", DIRECTORY "-@.service.d",
	                                   DIRECTORY ".d"};
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
		machine.drop_ins[0] = GOOD[i];
		finds_nothing();
	}
	machine.drop_ins[0] = DIRECTORY ".service.d";
	finds(DIRECTORY ".service.d has no effect: there is no unit mayfly.service\n");
	machine.drop_ins[0] = DIRECTORY "a@.service.d";
	finds(DIRECTORY "a@.service.d has no effect: there is no unit mayflya@.service\n");
	bus_texts_add("mayfly.service ERROR -5");
	machine.drop_ins[0] = DIRECTORY ".service.d";
	finds_nothing();
}

static void test_parts_that_are_missing(void **state)
{
	(void)state;
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "user mayfly cannot execute /usr/bin/mayfly\n"
	                   "    install Mayfly again: \"make install\" in its source\n");
	machine.has_package = true;
	finds("user mayfly cannot execute /usr/bin/mayfly\n"
	      "    apt-get install --reinstall mayfly\n");
}

/* --- The handler's options, and the files of its variables. --- */

static void test_options_of_the_handler(void **state)
{
	(void)state;
	machine.handler_error = "mayfly: no\nmore";
	machine.handler_status = 100;
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "the handler rejects its command line: mayfly: no\n");
	machine.handler_status = 1;
	finds("the handler cannot serve: mayfly: no\n");
	machine.faults[0] = (struct fault){.call = "open", .file = "/hits", .error = EISDIR};
	finds("user mayfly cannot write the counter file");
	expect_not_in(run_out, "the handler cannot serve");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service ExecStart /usr/bin/mayfly-accept "
	              "/usr/bin/mayfly-accept /usr/bin/mayfly --root %s",
	              root);
	finds("mayfly-accept cannot serve: mayfly: no\n");
	machine.handler_status = -1;
	finds("the options of mayfly-accept are not checked: it could not be run, or did not end "
	      "by itself\n");
}

static void test_logs_that_go_nowhere(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--root %s --log stderr", root);
	finds_nothing();
	bus_texts_add("mayfly@mayflyctl.service StandardError null");
	finds("--log stderr: the unit has StandardError=null, so requests are not logged\n");
	bus_texts_add("mayfly@mayflyctl.service StandardError journal");
	bus_texts_add(EXEC "--root %s --log file:a", root);
	finds_nothing();
	bus_texts_add(EXEC "--root %s --log journal:a", root);
	finds_nothing();
	machine.faults[0] = (struct fault){
	    .call = "connect", .file = "/run/systemd/journal.a", .error = ECONNREFUSED};
	finds("--log journal:a: this journal namespace does not exist");
	machine.faults[0].error = ENOENT;
	finds("--log journal:a: this journal namespace does not exist");
	machine.faults[0].error = EMFILE;
	finds("the journal that handlers log to is not checked: Too many open files\n");
}

static void test_files_of_variables(void **state)
{
	(void)state;
	char name[96];
	(void)snprintf(name, sizeof name, "%s/variables", directory);
	bus_texts_add("mayfly@mayflyctl.service EnvironmentFiles %s 0", name);
	finds(
	    " is missing: systemd starts no handler\n    create it, or write EnvironmentFile=- in "
	    "the unit:\n    touch ");
	machine.faults[0] = (struct fault){.call = "access", .file = "variables", .error = EACCES};
	finds_nothing();
	machine.faults[0].call = NULL;
	make_file("variables", "MAYFLY_OPTION=a\n");
	finds(": no unit of Mayfly's uses MAYFLY_OPTION\n    write MAYFLY_OPTIONS\n");
	remove_file("variables");
	bus_texts_add("mayfly@mayflyctl.service EnvironmentFiles %s[a] 0", name);
	finds_nothing();
}

/* --- The running service. --- */

static void test_service_that_runs_with_other_options(void **state)
{
	(void)state;
	bus_texts_add("mayfly@mayflyctl.service MainPID %d", getpid());
	finds("mayfly@mayflyctl.service still runs with other options than it has now\n"
	      "    systemctl try-restart mayfly@mayflyctl.service\n");
	machine.faults[0] = (struct fault){.call = "fopen", .file = "/proc/", .error = EMFILE};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "/cmdline: Too many open files\n");
	machine.faults[0] = (struct fault){.call = "ferror", .error = EIO};
	finds("/cmdline: Input/output error\n");
	machine.faults[0].error = ESRCH;
	finds("mayfly@mayflyctl.service still runs with other options than it has now\n");
	expect_not_in(run_out, "/cmdline");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service MainPID 999999999");
	finds_nothing();
	machine.redirected = "/proc/999999999/cmdline";
	make_file("redirected", "");
	finds_nothing();
	remove_file("redirected");
}

static void test_services_of_timers(void **state)
{
	(void)state;
	bus_texts_add("mayfly-report.service ActiveState failed");
	finds("mayfly-report.service failed when it last ran: unknown\n    see why, correct that, "
	      "and start the service:\n");
	bus_texts_add("mayfly-report.service Result exit-code");
	finds("mayfly-report.service failed when it last ran: exit-code\n");
	bus_texts_add("mayfly-report.service ActiveState ?");
	finds_nothing();
	bus_texts_add("mayfly-report.service AssertTimestampMonotonic 1");
	finds_nothing();
	bus_texts_add("mayfly-report.timer ActiveState active");
	finds("mayfly-report.timer has no effect: an assertion of mayfly-report.service fails\n");
	bus_texts_add("mayfly-report.service AssertResult 1");
	finds_nothing();
}

/* --- Reaching the site, and requests. --- */

static void test_addresses_of_sockets(void **state)
{
	(void)state;
#define LISTEN "mayfly.socket Listen "
	bus_texts_add(LISTEN "Stream 127.0.0.1:80 Stream [::1]:80 Datagram 192.0.2.7:53");
	finds_nothing();
	bus_texts_add(LISTEN "Stream 127.0.0.1:80 Stream [::1]:80 Stream 127.0.0.1:name");
	finds("mayfly.socket listens on loopback addresses only: other machines cannot connect\n");
	bus_texts_add(LISTEN "Stream [2001:db8::7]:80 Stream [::]:80");
	finds_nothing();
	bus_texts_add("mayfly.socket BindIPv6Only ipv6-only");
	finds("mayfly.socket listens for IPv6 only: clients with IPv4 cannot connect\n    set "
	      "BindIPv6Only=both in the section [Socket]:\n");
	bus_texts_add("mayfly.socket BindIPv6Only both");
	finds_nothing();
	bus_texts_add("mayfly.socket BindIPv6Only default");
	machine.redirected = "bindv6only";
	finds_nothing();
	make_file("redirected", "0\n");
	finds_nothing();
	make_file("redirected", "1\n");
	finds("mayfly.socket listens for IPv6 only");
	machine.faults[0] = (struct fault){.call = "open", .file = "bindv6only", .error = EMFILE};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "bindv6only: Too many open files\n");
	remove_file("redirected");
}

static void test_socket_with_many_ports(void **state)
{
	char list[512] = LISTEN;
	(void)state;
	for (int i = 0; i < 17; i++)
		(void)strcat(list, "Stream 192.0.2.7:80 ");
	bus_texts_add("%s", list);
	finds_nothing();
}

static void test_clients_that_systemd_keeps_out(void **state)
{
	(void)state;
	bus_texts_add("mayfly.socket IPAddressDeny 8 16");
	finds_nothing();
	bus_texts_add("mayfly.socket IPAddressDeny 8 0");
	finds("mayfly.socket: IPAddressDeny= keeps all clients out\n    set IPAddressDeny= in the "
	      "section [Socket] to nothing:\n");
	bus_texts_add("mayfly.socket IPAddressAllow 8");
	finds("mayfly.socket lets only the clients of its IPAddressAllow= connect\n");
	bus_texts_add("mayfly.socket IPAddressAllow 8 0");
	finds_nothing();
}

static void test_responses_to_requests(void **state)
{
	static const char *const BAD[] = {"SSH-2.0-OpenSSH", "HTTP/1.1 abc OK", "HTTP/1.1", ""};
	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		machine.response = BAD[i];
		assert_int_equal(RUN(command_check, "check"), 2);
		expect_in(run_out,
		          "mayfly.socket: a request to 192.0.2.7:80 gets no HTTP response\n    see "
		          "the last errors of the units:\n    journalctl -b ");
	}
	machine.response = "HTTP/1.1 503 No";
	finds("mayfly.socket: a request to 192.0.2.7:80 gets status 503\n");
}

static void test_requests_that_fail(void **state)
{
	static const struct {
		const char *call;
		int error;
		const char *problem;
	} CASES[] = {
	    {"connect", ECONNREFUSED, "fails: Connection refused\n    systemctl restart mayfly"},
	    {"connect", EINPROGRESS, "gets no response within 10 seconds\n    see "},
	    {"connect", ENETUNREACH, "fails: Network is unreachable\n    see "},
	    {"send", EAGAIN, "gets no response within 10 seconds\n    see "},
	    {"send", ENOBUFS, "fails: No buffer space available\n    see "},
	    {"recv", EAGAIN, "gets no response within 10 seconds\n    see "},
	    {"recv", ECONNRESET, "fails: Connection reset by peer\n    see "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char expected[160];
		(void)snprintf(expected, sizeof expected,
		               "mayfly.socket: a request to 192.0.2.7:80 %s", CASES[i].problem);
		machine.faults[0] = (struct fault){CASES[i].call, NULL, CASES[i].error, 0, false};
		if (strcmp(CASES[i].call, "connect") == 0)
			machine.faults[0].file = "tcp";
		assert_int_equal(RUN(command_check, "check"), 2);
		expect_in(run_out, expected);
	}
	/* The server has responded before it read the request. */
	machine.faults[0] = (struct fault){.call = "send", .error = EPIPE};
	finds_nothing();
	machine.faults[0].error = ECONNRESET;
	finds_nothing();
	machine.faults[1] = (struct fault){.call = "recv", .error = EPIPE};
	finds("fails: Broken pipe\n");
}

static void test_requests_to_unix_sockets(void **state)
{
	char name[150];
	(void)state;
	bus_texts_add(LISTEN "Stream /run/mayfly Stream @mayfly");
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "connect", .file = "/run/may", .error = ENOENT};
	finds("a request to /run/mayfly fails: No such file or directory\n    systemctl restart ");
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	bus_texts_add(LISTEN "Stream /%s", name);
	finds(" fails: File name too long\n");
}

static void test_site_behind_a_front_end(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--root %s --proxy-protocol", root);
	finds_nothing();
	machine.response = "";
	finds("mayfly.socket answers only its front end (--proxy-from): send a request through "
	      "that\n");
	machine.response = "HTTP/1.1 500 No";
	finds("gets status 500\n");
}

static void test_sockets_of_further_sites(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly-site-blog.socket ActiveState inactive");
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out,
	          "mayfly-site-blog.socket is inactive: no client is served\n    systemctl "
	          "restart mayfly-site-blog.socket\n");
	bus_texts_add("mayfly-site-blog.socket ActiveState ?");
	finds("mayfly-site-blog.socket is in an unknown state: no client is served\n");
	bus_texts_add("mayfly-site-blog.socket UnitFileState disabled");
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	bus_texts_add("mayfly-site-blog.socket UnitFileState ?");
	finds_nothing();
	bus_texts_add("mayfly-site-blog.socket ActiveState active");
	bus_texts_add("mayfly-site-blog@mayflyctl.service ExecStart /usr/bin/mayfly "
	              "/usr/bin/mayfly --hits /tmp/hits");
	finds_nothing();
	bus_texts_add("mayfly-site-blog@mayflyctl.service ExecStart /bin/other /bin/other");
	finds_nothing();
}

static void test_problem_of_several_sites_is_printed_once(void **state)
{
	(void)state;
	add_blog();
	machine.handler_status = -1;
	assert_int_equal(RUN(command_check, "check"), 1);
	assert_string_equal(run_out,
	                    "the options of mayfly are not checked: it could not be run, or "
	                    "did not end by itself\n    check again:\n    mayflyctl check\n");
	assert_int_equal(RUN(command_check, "check", "-q"), 1);
	assert_string_equal(run_out, "WARNING: the options of mayfly are not checked: it could not "
	                             "be run, or did not end by itself\n");
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	bus_texts_add("mayfly-site-blog@mayflyctl.service User mayfly");
	assert_int_equal(RUN(command_check, "check", "-q"), 2);
	assert_string_equal(run_out, "CRITICAL: user mayfly cannot execute /usr/bin/mayfly\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good_machine, reset_machine),
	    cmocka_unit_test_setup(test_machine_without_a_bus, reset_machine),
	    cmocka_unit_test_setup(test_values_of_variables, reset_machine),
	    cmocka_unit_test_setup(test_command_line_with_other_dollar_signs_is_unclear,
	                           reset_machine),
	    cmocka_unit_test_setup(test_user_is_that_of_the_unit_or_of_a_program_before_the_handler,
	                           reset_machine),
	    cmocka_unit_test_setup(test_busy_site_is_checked_if_only_its_socket_is_enabled,
	                           reset_machine),
	    cmocka_unit_test_setup(test_configuration_that_cannot_be_read, reset_machine),
	    cmocka_unit_test_setup(test_each_failing_query_is_reported, reset_machine),
	    cmocka_unit_test_setup(test_names_of_sockets_that_are_no_sites, reset_machine),
	    cmocka_unit_test_setup(test_user_without_rights, reset_machine),
	    cmocka_unit_test_setup(test_user_that_this_process_cannot_become, reset_machine),
	    cmocka_unit_test_setup(test_rights_of_root_that_do_not_come_back, reset_machine),
	    cmocka_unit_test_setup(test_directory_that_cannot_be_entered, reset_machine),
	    cmocka_unit_test_setup(test_files_that_the_system_does_not_open, reset_machine),
	    cmocka_unit_test_setup(test_links_that_cannot_be_followed, reset_machine),
	    cmocka_unit_test_setup(test_links_that_lead_to_a_directory_around_them, reset_machine),
	    cmocka_unit_test_setup(test_hidden_directory_of_well_known_names_is_checked,
	                           reset_machine),
	    cmocka_unit_test_setup(test_files_of_hosts, reset_machine),
	    cmocka_unit_test_setup(test_rules_that_the_system_does_not_read, reset_machine),
	    cmocka_unit_test_setup(test_counter_files_that_cannot_be_used, reset_machine),
	    cmocka_unit_test_setup(test_faults_of_the_counter_file_are_counted, reset_machine),
	    cmocka_unit_test_setup(test_counter_files_in_the_current_directory_or_the_top_one,
	                           reset_machine),
	    cmocka_unit_test_setup(test_lines_that_systemd_analyze_prints, reset_machine),
	    cmocka_unit_test_setup(test_many_units_are_analyzed, reset_machine),
	    cmocka_unit_test_setup(test_drop_ins_that_systemd_has_not_read, reset_machine),
	    cmocka_unit_test_setup(test_directories_of_drop_ins_without_a_unit, reset_machine),
	    cmocka_unit_test_setup(test_parts_that_are_missing, reset_machine),
	    cmocka_unit_test_setup(test_options_of_the_handler, reset_machine),
	    cmocka_unit_test_setup(test_logs_that_go_nowhere, reset_machine),
	    cmocka_unit_test_setup(test_files_of_variables, reset_machine),
	    cmocka_unit_test_setup(test_service_that_runs_with_other_options, reset_machine),
	    cmocka_unit_test_setup(test_services_of_timers, reset_machine),
	    cmocka_unit_test_setup(test_addresses_of_sockets, reset_machine),
	    cmocka_unit_test_setup(test_socket_with_many_ports, reset_machine),
	    cmocka_unit_test_setup(test_clients_that_systemd_keeps_out, reset_machine),
	    cmocka_unit_test_setup(test_responses_to_requests, reset_machine),
	    cmocka_unit_test_setup(test_requests_that_fail, reset_machine),
	    cmocka_unit_test_setup(test_requests_to_unix_sockets, reset_machine),
	    cmocka_unit_test_setup(test_site_behind_a_front_end, reset_machine),
	    cmocka_unit_test_setup(test_sockets_of_further_sites, reset_machine),
	    cmocka_unit_test_setup(test_problem_of_several_sites_is_printed_once, reset_machine),
	};
	if (mkdtemp(directory) == NULL)
		return 1;
	(void)snprintf(root, sizeof root, "%s/root", directory);
	(void)snprintf(hits, sizeof hits, "%s/hits", directory);
	if (mkdir(root, 0755) != 0)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + (rmdir(root) != 0) + (rmdir(directory) != 0);
}
