/* Repairing a counter file. */
#ifndef MAYFLY_COUNTER_REPAIR_H
#define MAYFLY_COUNTER_REPAIR_H

/*
 * Repairs all faults except COUNTER_FAULT_COUNT and COUNTER_FAULT_UNREADABLE, under one LOCK_EX: fills
 * damaged stretches with zeros and links the good records again. No count is changed. If it is
 * killed, it may be called again. Not for two threads at once. Returns NULL, an error of
 * counter_verify, "hits-damaged" if the file cannot be read, "hits-disk-full" or
 * "hits-write-failed".
 */
const char *counter_repair(int file);

#endif
