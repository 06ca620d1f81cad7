/*
 * How long commands take from start to end, each with a file as its standard input and nothing that
 * reads what it says: `spawn FILE ROUNDS TIMES -- COMMAND... -- COMMAND...`. The commands take
 * turns, TIMES processes a turn, for as many rounds; the median of a command's turns is printed, in
 * microseconds a process, a line each. What else the machine does meets all of them alike.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, ROUNDS_MAX = 1000 };

static const char *input;

static double now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void run(char **command)
{
	int status;
	pid_t child = vfork();
	if (child == 0) {
		int in = open(input, O_RDONLY), out = open("/dev/null", O_WRONLY);
		if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
			execv(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "spawn: %s failed\n", command[0]);
		exit(1);
	}
}

static double turn(char **command, long times)
{
	double began = now_us();
	for (long i = 0; i < times; i++)
		run(command);
	return (now_us() - began) / (double)times;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;
	return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv)
{
	static double taken[COMMANDS_MAX][ROUNDS_MAX];
	char **commands[COMMANDS_MAX];
	int count = 0;
	for (int i = 4; i < argc && count < COMMANDS_MAX; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		commands[count++] = argv + i + 1;
	}
	long rounds = argc > 4 ? strtol(argv[2], NULL, 10) : 0;
	long times = argc > 4 ? strtol(argv[3], NULL, 10) : 0;
	if (count == 0 || rounds < 1 || rounds > ROUNDS_MAX || times < 1) {
		fputs("usage: spawn FILE ROUNDS TIMES -- COMMAND... [-- COMMAND...]...\n", stderr);
		return 2;
	}
	input = argv[1];
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			taken[i][round] = turn(commands[i], times);
	for (int i = 0; i < count; i++) {
		qsort(taken[i], (size_t)rounds, sizeof taken[i][0], compare);
		printf("%.1f\n", taken[i][rounds / 2]);
	}
	return 0;
}
