/*
 * The time that commands take for one exchange, started as by a super-server: `exchange ROUNDS
 * TIMES -- COMMAND... -- COMMAND...`. Standard input is the request. For each exchange a connection
 * over loopback is made and the request sent; the timed part is fork, exec, and the command until
 * its exit. The commands take turns of TIMES exchanges, for ROUNDS rounds, so that other load on
 * the machine affects all of them alike.
 *
 * Prints a line per command: the median of its turns in microseconds per exchange; the median of
 * the ratios to the first command's turn of the same round; page faults and CPU time in
 * microseconds per exchange.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, ROUNDS_MAX = 1000, BODY = 1024 };

struct command {
	char **words;
	double taken[ROUNDS_MAX]; /* microseconds per exchange */
	double ratio[ROUNDS_MAX]; /* to the first command's */
	double cpu_time;          /* microseconds in total */
	long faults;              /* in total */
};

static struct command commands[COMMANDS_MAX];
static char request[4096];
static size_t request_length;
static int listener;
static struct sockaddr_in address = {.sin_family = AF_INET};

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_us(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static void open_listener(void)
{
	socklen_t length = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		fail("listener");
}

/* Connects and sends the request. Returns the client's socket, and the server's in *server. */
static int ask(int *server)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	*server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (*server < 0 || send(client, request, request_length, 0) != (ssize_t)request_length)
		fail("request");
	return client;
}

/* Fails if the response is shorter than the page, which would make a command look fast. */
static void read_response(int client, const char *name)
{
	char buffer[8192];
	ssize_t got, length = 0;
	while ((got = read(client, buffer, sizeof buffer)) > 0)
		length += got;
	if (length < BODY) {
		fprintf(stderr, "exchange: %s answered with %zd bytes\n", name, length);
		exit(1);
	}
	close(client);
}

/* Makes one exchange; returns its time in microseconds. */
static double serve(struct command *command)
{
	int server, status;
	struct rusage usage;
	int client = ask(&server);
	double began = now_us();
	pid_t child = fork();
	if (child == 0) {
		if (dup2(server, STDIN_FILENO) == STDIN_FILENO &&
		    dup2(server, STDOUT_FILENO) == STDOUT_FILENO)
			execv(command->words[0], command->words);
		_exit(127);
	}
	if (wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 127)
		fail(command->words[0]);
	double taken = now_us() - began;
	command->cpu_time += time_us(usage.ru_utime) + time_us(usage.ru_stime);
	command->faults += usage.ru_minflt;
	close(server);
	read_response(client, command->words[0]);
	return taken;
}

static double turn(struct command *command, long times)
{
	double taken = 0;
	for (long i = 0; i < times; i++)
		taken += serve(command);
	return taken / (double)times;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;
	return (difference > 0) - (difference < 0);
}

static double median(double *values, long count)
{
	qsort(values, (size_t)count, sizeof *values, compare);
	return values[count / 2];
}

static void print_results(struct command *command, long rounds, long times)
{
	double exchanges = (double)rounds * (double)times;
	printf("%.1f %.2f %.0f %.1f\n", median(command->taken, rounds),
	       median(command->ratio, rounds), (double)command->faults / exchanges,
	       command->cpu_time / exchanges);
}

int main(int argc, char **argv)
{
	int count = 0;
	for (int i = 3; i < argc && count < COMMANDS_MAX; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		commands[count++].words = argv + i + 1;
	}
	long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	long times = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	request_length = fread(request, 1, sizeof request, stdin);
	if (count == 0 || rounds < 1 || rounds > ROUNDS_MAX || times < 1 || request_length == 0) {
		fputs("usage: exchange ROUNDS TIMES -- COMMAND... [-- COMMAND...]... <REQUEST\n",
		      stderr);
		return 2;
	}
	open_listener();
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			commands[i].taken[round] = turn(&commands[i], times);
			commands[i].ratio[round] =
			    commands[i].taken[round] / commands[0].taken[round];
		}
	for (int i = 0; i < count; i++)
		print_results(&commands[i], rounds, times);
	return 0;
}
