/*
 * How the handler reports to mayfly-handshake, which limits the time of a TLS handshake, that the handshake
 * is done. A TLS wrapper is between the two: it starts the handler after the handshake, and passes on the
 * environment and the descriptor.
 */
#ifndef MAYFLY_BASE_HANDSHAKE_H
#define MAYFLY_BASE_HANDSHAKE_H

/* The environment variable with the number of the descriptor, a pipe on which mayfly-handshake waits. */
#define HANDSHAKE_VARIABLE "MAYFLY_HANDSHAKE_FD"

/*
 * Writes to the descriptor and closes it. Does nothing if the variable is not set, or is no number above
 * 2. Block SIGPIPE before: mayfly-handshake may have exited, after the time limit.
 */
void handshake_report(void);

#endif
