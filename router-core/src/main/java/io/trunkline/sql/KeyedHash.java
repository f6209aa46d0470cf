// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.security.SecureRandom;

/**
 * A running SipHash-2-4 with 128 bits of output, fed byte by byte.
 *
 * <p>Keyed because what it fingerprints comes from clients: without the key nobody can make two statements collide and have one routed like the
 * other. Reusable and allocation-free; confined to one thread. All instances made by {@link #ofThisProcess} share one random key, so their values
 * compare.
 *
 * @see <a href="https://www.aumasson.jp/siphash/siphash.pdf">SipHash: a fast short-input PRF</a>
 */
final class KeyedHash {
    private static final long PROCESS_KEY_LOW;
    private static final long PROCESS_KEY_HIGH;

    static {
        SecureRandom random = new SecureRandom();
        PROCESS_KEY_LOW = random.nextLong();
        PROCESS_KEY_HIGH = random.nextLong();
    }

    private final long keyLow;
    private final long keyHigh;
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private long word;
    private int byteCount;
    private long low;
    private long high;

    KeyedHash(long keyLow, long keyHigh) {
        this.keyLow = keyLow;
        this.keyHigh = keyHigh;
        reset();
    }

    /** Returns a hash with the key of this process. */
    static KeyedHash ofThisProcess() {
        return new KeyedHash(PROCESS_KEY_LOW, PROCESS_KEY_HIGH);
    }

    void reset() {
        v0 = keyLow ^ 0x736f6d6570736575L;
        v1 = keyHigh ^ 0x646f72616e646f6dL ^ 0xee;
        v2 = keyLow ^ 0x6c7967656e657261L;
        v3 = keyHigh ^ 0x7465646279746573L;
        word = 0;
        byteCount = 0;
    }

    /** Adds the low eight bits. */
    void add(int b) {
        word |= (b & 0xffL) << ((byteCount & 7) << 3);
        byteCount++;
        if ((byteCount & 7) == 0) {
            compress(word);
            word = 0;
        }
    }

    /** Ends the input; {@link #low} and {@link #high} are valid from here to the next {@link #reset}. */
    void finish() {
        compress(word | ((long) byteCount << 56));
        v2 ^= 0xee;
        rounds(4);
        low = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        rounds(4);
        high = v0 ^ v1 ^ v2 ^ v3;
    }

    long low() {
        return low;
    }

    long high() {
        return high;
    }

    private void compress(long message) {
        v3 ^= message;
        rounds(2);
        v0 ^= message;
    }

    private void rounds(int count) {
        for (int i = 0; i < count; i++) {
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
        }
    }
}
