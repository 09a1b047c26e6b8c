/* The examples of docs/SECURITY.md. */
#ifndef TESTS_SECURITY_DOCUMENT_H
#define TESTS_SECURITY_DOCUMENT_H

/* The text of the block number `n`, from 0, of that language; the caller frees it. The test fails if there is
 * none. */
char *document_block(const char *language, int n);

#endif
