#include "nkey.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/str.h"

/*
 * A seed in bytes: 2 of prefixes (5 bits "seed", 5 bits the kind of key, 3 bits of each in either byte), 32
 * of the key, 2 of CRC-16/XMODEM, low byte first. A public key: 1 of prefix, 32, 2.
 */
enum {
    KEY = 32,
    SEED_BYTES = 2 + KEY + 2,
    PUBLIC_BYTES = 1 + KEY + 2,
    SEED_TEXT = 58,
    PREFIX_SEED = 18 << 3
};

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static uint16_t crc16(const uint8_t *bytes, size_t len)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint16_t)(bytes[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    return crc;
}

static bool decode_base32(struct str text, uint8_t *out, size_t size)
{
    uint32_t bits = 0, held = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(ALPHABET, text.ptr[i]) : NULL;
        if (!at)
            return false;
        bits = bits << 5 | (uint32_t)(at - ALPHABET);
        held += 5;
        if (held >= 8 && n < size)
            out[n++] = (uint8_t)(bits >> (held -= 8));
    }
    return n == size;
}

static void encode_base32(const uint8_t *bytes, size_t len, char *out)
{
    uint32_t bits = 0, held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        held += 8;
        while (held >= 5)
            *out++ = ALPHABET[bits >> (held -= 5) & 31];
    }
    if (held > 0)
        *out++ = ALPHABET[bits << (5 - held) & 31];
    *out = '\0';
}

/* The seed is the line that begins with S: credentials files have headings around it. */
static bool find_seed(FILE *f, uint8_t seed[SEED_BYTES])
{
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof(line), f)) {
        struct str text = str_trim(str_of(line));
        found = text.len == SEED_TEXT && text.ptr[0] == 'S' && decode_base32(text, seed, SEED_BYTES) &&
                crc16(seed, 2 + KEY) == (seed[2 + KEY] | seed[3 + KEY] << 8) &&
                (seed[0] & 0xf8) == PREFIX_SEED;
    }
    OPENSSL_cleanse(line, sizeof(line));
    return found;
}

static bool derive(const uint8_t *seed, uint8_t *public_key)
{
    size_t len = KEY;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1 && len == KEY;
    EVP_PKEY_free(key);
    return ok;
}

enum status nkey_public(const char *seed_file, char out[NKEY_TEXT], struct error *err)
{
    uint8_t seed[SEED_BYTES], public_key[PUBLIC_BYTES];
    FILE *f = fopen(seed_file, "re");
    if (!f) {
        error_set(err, STATUS_NOT_FOUND, "the NKey file cannot be read: %s", strerror(errno));
        return error_place(err, "%s", seed_file);
    }
    bool ok = find_seed(f, seed);
    fclose(f);
    if (ok) {
        public_key[0] = (uint8_t)((seed[0] & 7) << 5 | (seed[1] & 0xf8) >> 3);
        ok = derive(seed + 2, public_key + 1);
    }
    OPENSSL_cleanse(seed, sizeof(seed));
    if (!ok) {
        error_set(err, STATUS_INVALID, "there is no NKey seed in the file");
        error_hint(err, "A seed is a line of 58 characters that begins with SU; `nk -gen user` makes one.");
        return error_place(err, "%s", seed_file);
    }
    uint16_t crc = crc16(public_key, 1 + KEY);
    public_key[1 + KEY] = (uint8_t)crc;
    public_key[2 + KEY] = (uint8_t)(crc >> 8);
    encode_base32(public_key, PUBLIC_BYTES, out);
    return STATUS_OK;
}
