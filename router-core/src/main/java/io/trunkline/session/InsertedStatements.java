// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ErrorResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of one Query with statements of the router's own behind some of the client's.
 *
 * <p>A position in an error counts characters of the text that was sent; {@link #translate} counts them in the client's.
 */
final class InsertedStatements {

    /**
     * One statement of the router's own, its semicolon before it.
     *
     * @param at where in the client's text it stands, in bytes
     */
    private record Insertion(int at, byte[] sql) {}

    private final byte[] text;
    private final boolean utf8;
    private final List<Insertion> insertions = new ArrayList<>(1);
    private int insertedBytes;

    /**
     * Starts with the client's text.
     *
     * @param utf8 whether a character may be of several bytes; in all other readable encodings it is of one
     */
    InsertedStatements(ByteBuf buffer, int start, int end, boolean utf8) {
        text = new byte[end - start];
        buffer.getBytes(start, text);
        this.utf8 = utf8;
    }

    /** Adds a statement behind the byte {@code at} of the client's text; places come in order. */
    void add(int at, String sql) {
        byte[] bytes = (';' + sql).getBytes(StandardCharsets.UTF_8);
        insertions.add(new Insertion(at, bytes));
        insertedBytes += bytes.length;
    }

    /** Returns how long the text has become. */
    int sizeBytes() {
        return text.length + insertedBytes;
    }

    /** Returns the text to send. */
    byte[] text() {
        byte[] all = new byte[sizeBytes()];
        int from = 0;
        int to = 0;
        for (Insertion insertion : insertions) {
            System.arraycopy(text, from, all, to, insertion.at - from);
            to += insertion.at - from;
            from = insertion.at;
            System.arraycopy(insertion.sql, 0, all, to, insertion.sql.length);
            to += insertion.sql.length;
        }
        System.arraycopy(text, from, all, to, text.length - from);
        return all;
    }

    /** Returns an error about the text that was sent as one about the client's. */
    ErrorResponse translate(ErrorResponse error) {
        int position = position(error.field(ErrorResponse.POSITION));
        int shift = 0;
        for (Insertion insertion : insertions) {
            int start = characters(text, insertion.at) + shift;
            int length = characters(insertion.sql, insertion.sql.length);
            if (position > start + length) {
                shift += length;
            } else if (position > start) {
                // In a statement the client did not write: the one before it is the nearest.
                shift += position - start;
            }
        }
        return shift == 0 ? error : error.with(ErrorResponse.POSITION, Integer.toString(position - shift));
    }

    private static int position(@Nullable String field) {
        try {
            return field == null ? 0 : Integer.parseInt(field);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private int characters(byte[] bytes, int end) {
        int count = 0;
        for (int i = 0; i < end; i++) {
            if (!utf8 || (bytes[i] & 0xc0) != 0x80) {
                count++;
            }
        }
        return count;
    }
}
