// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * PostgreSQL's hash of a partition key of one column, bit for bit.
 *
 * <p>A table that the router shards by {@link HashSlots} and a table declared {@code PARTITION BY HASH} therefore agree about
 * every row, and {@code satisfies_hash_partition(table, modulus, remainder, key)} checks inside a shard that a row belongs
 * there. The extended hash functions of the types are seeded with {@code HASH_PARTITION_SEED}; the partition hash then folds
 * the column's hash into a row hash that starts at zero.
 *
 * <p>The byte order is that of little-endian servers; big-endian ones hash {@code numeric} differently.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/common/hashfn.c">hashfn.c: lookup3 by Bob Jenkins</a>
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/partitioning/partbounds.c">partbounds.c:
 *     compute_partition_hash_value</a>
 */
public final class PartitionHash {
    /** {@code HASH_PARTITION_SEED} of {@code partition.h}, the seed of every column. */
    static final long SEED = 0x7A5B22367996DCFDL;

    /** What {@code hash_combine64} adds: {@code b + constant + (a << 54) + (a >> 7)}, here with {@code a = 0}. */
    private static final long COMBINE64_CONSTANT = 0x49A0F4DD15E5A8E3L;

    /** Start value of lookup3 in PostgreSQL: the golden ratio plus an arbitrary number; the length is added. */
    private static final int START = 0x9e3779b9 + 3923095;

    private PartitionHash() {}

    /** Returns the row hash of a key of one column, given the column's extended hash. NULL keys have the row hash 0. */
    static long ofColumn(long extendedHash) {
        return extendedHash + COMBINE64_CONSTANT;
    }

    /** Returns {@code hashint8extended(value, SEED)}, which for values in range equals that of {@code int4} and {@code int2}. */
    static long extendedOfLong(long value) {
        int low = (int) value;
        int high = (int) (value >>> 32);
        // The fold makes equal values of int2, int4 and int8 hash alike: a sign extension vanishes.
        return extendedOfWord(low ^ (value >= 0 ? high : ~high));
    }

    /** Returns {@code hash_bytes_extended(bytes, SEED)}. */
    static long extendedOfBytes(byte[] bytes) {
        Lookup3 state = new Lookup3(bytes.length);
        int index = 0;
        for (int left = bytes.length; left >= 12; left -= 12) {
            state.a += littleEndian(bytes, index, 4);
            state.b += littleEndian(bytes, index + 4, 4);
            state.c += littleEndian(bytes, index + 8, 4);
            state.mix();
            index += 12;
        }
        state.a += littleEndian(bytes, index, 4);
        state.b += littleEndian(bytes, index + 4, 4);
        // The lowest byte of c is reserved for the length.
        state.c += littleEndian(bytes, index + 8, 3) << 8;
        return state.finish();
    }

    private static long extendedOfWord(int word) {
        Lookup3 state = new Lookup3(Integer.BYTES);
        state.a += word;
        return state.finish();
    }

    /** Returns up to {@code count} bytes from {@code index} as an unsigned number; bytes beyond the end count as zero. */
    private static int littleEndian(byte[] bytes, int index, int count) {
        int word = 0;
        for (int i = 0; i < count && index + i < bytes.length; i++) {
            word |= (bytes[index + i] & 0xff) << (8 * i);
        }
        return word;
    }

    /** The three words of Bob Jenkins' lookup3, after the seed was mixed in. */
    private static final class Lookup3 {
        private int a;
        private int b;
        private int c;

        Lookup3(int lengthBytes) {
            a = START + lengthBytes;
            b = a;
            c = a;
            a += (int) (SEED >>> 32);
            b += (int) SEED;
            mix();
        }

        void mix() {
            a = (a - c) ^ Integer.rotateLeft(c, 4);
            c += b;
            b = (b - a) ^ Integer.rotateLeft(a, 6);
            a += c;
            c = (c - b) ^ Integer.rotateLeft(b, 8);
            b += a;
            a = (a - c) ^ Integer.rotateLeft(c, 16);
            c += b;
            b = (b - a) ^ Integer.rotateLeft(a, 19);
            a += c;
            c = (c - b) ^ Integer.rotateLeft(b, 4);
            b += a;
        }

        long finish() {
            c = (c ^ b) - Integer.rotateLeft(b, 14);
            a = (a ^ c) - Integer.rotateLeft(c, 11);
            b = (b ^ a) - Integer.rotateLeft(a, 25);
            c = (c ^ b) - Integer.rotateLeft(b, 16);
            a = (a ^ c) - Integer.rotateLeft(c, 4);
            b = (b ^ a) - Integer.rotateLeft(a, 14);
            c = (c ^ b) - Integer.rotateLeft(b, 24);
            return ((long) b << 32) | (c & 0xffffffffL);
        }
    }
}
