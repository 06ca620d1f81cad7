/* What is wrong with a counter file, in words that go behind its name wherever that is told. */
#ifndef MAYFLY_MAYFLYCTL_HITS_WORDS_H
#define MAYFLY_MAYFLYCTL_HITS_WORDS_H

/* For a reason code of src/hits: "is not a counter file, or one of another version", say. */
const char *hits_words(const char *reason);

/* For an errno of open(2): "does not exist", say. They hold until the next call. */
const char *hits_words_of_opening(int error);

#endif
