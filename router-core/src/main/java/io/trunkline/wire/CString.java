// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/** Zero-terminated strings in a {@code ByteBuf}: finding their end, comparing, reading and writing them. */
public final class CString {
    private static final byte NUL = 0;

    private CString() {}

    /** Returns the index of the terminator of the string at {@code start}, or -1 when there is none before {@code limit}. */
    public static int end(ByteBuf buffer, int start, int limit) {
        return start >= limit ? -1 : buffer.indexOf(start, limit, NUL);
    }

    /** Returns true when the bytes from {@code start} up to {@code end} are the given ASCII text. */
    public static boolean equalsAscii(ByteBuf buffer, int start, int end, String text) {
        if (end - start != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (buffer.getByte(start + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Appends text and terminator. The text must not contain the terminator itself: that would shift everything after it. */
    public static void write(ByteBuf out, CharSequence text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) == 0) {
                throw new IllegalArgumentException("text of a zero-terminated string contains a zero at " + i);
            }
        }
        WireText.write(out, text);
        out.writeByte(NUL);
    }

    /** Appends bytes, which contain no zero, and the terminator. */
    public static void write(ByteBuf out, byte[] bytes) {
        out.writeBytes(bytes).writeByte(NUL);
    }
}
