// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;

/**
 * The mark of one connection, which it puts into everything it asks for.
 *
 * <p>{@code canary · 8 hex digits number · 8 hex digits checksum}: a mark damaged by a mutation has a wrong checksum and is nobody's.
 */
record Canary(int number) {
    private static final byte[] PREFIX = "canary".getBytes(US_ASCII);
    private static final int DIGITS = 8;
    private static final int LENGTH = PREFIX.length + 2 * DIGITS;
    private static final int MIX = 0x9E3779B9;

    String text() {
        return "canary%08x%08x".formatted(number, checksum(number));
    }

    /** Returns true when the bytes hold the intact mark of another connection. */
    static boolean isOfAnother(byte[] bytes, int length, Canary own) {
        for (int i = 0; i + LENGTH <= length; i++) {
            if (bytes[i] == PREFIX[0] && startsAt(bytes, i)) {
                int number = hex(bytes, i + PREFIX.length);
                if (number != own.number && hex(bytes, i + PREFIX.length + DIGITS) == checksum(number)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean startsAt(byte[] bytes, int index) {
        for (int i = 0; i < PREFIX.length; i++) {
            if (bytes[index + i] != PREFIX[i]) {
                return false;
            }
        }
        return true;
    }

    private static int checksum(int number) {
        return Integer.rotateLeft(number * MIX, 13) ^ ~number;
    }

    private static int hex(byte[] bytes, int index) {
        int value = 0;
        for (int i = index; i < index + DIGITS; i++) {
            value = value << 4 | Math.max(0, Character.digit(bytes[i], 16));
        }
        return value;
    }
}
