// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The names read last, so that a driver that executes the same few statements again and again costs no string per message.
 *
 * <p>A direct-mapped table of {@value #SLOTS} entries; a name that falls on another's slot replaces it. Only short names are kept, so it
 * is bounded.
 */
final class NameCache {
    private static final int SLOTS = 64;
    private static final int NAME_BYTES_MAX = 64;

    private final @Nullable String[] names = new String[SLOTS];

    /** Returns the text of the bytes from {@code start} up to {@code end}. */
    String read(ByteBuf buffer, int start, int end) {
        if (start == end) {
            return "";
        }
        if (end - start > NAME_BYTES_MAX) {
            return WireText.read(buffer, start, end);
        }
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + buffer.getByte(i);
        }
        int slot = (hash ^ hash >>> 16) & SLOTS - 1;
        String cached = names[slot];
        // Only names of ASCII can be equal here; others are read again each time.
        if (cached != null && CString.equalsAscii(buffer, start, end, cached)) {
            return cached;
        }
        String name = WireText.read(buffer, start, end);
        names[slot] = name;
        return name;
    }
}
