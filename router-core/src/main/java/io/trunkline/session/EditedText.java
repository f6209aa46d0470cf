// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.sql.SessionCommand.StatementName;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.WireText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of one Query as it is sent: with statements of the router's own among the client's, and with the names that backends know its prepared
 * statements by.
 *
 * <p>An error is about the text that was sent; {@link #translate} gives it the client's names, and counts its position in the client's text.
 */
final class EditedText {

    /**
     * One place that was changed.
     *
     * @param at where in the client's text it stands, in bytes
     * @param removed how many bytes of the client's text are left out there
     * @param inserted what stands there instead
     */
    private record Edit(int at, int removed, byte[] inserted) {}

    /**
     * A prepared statement that the text uses.
     *
     * @param name what the client calls it
     */
    record Used(PreparedStatement statement, String name) {}

    private final byte[] text;
    /** Where the client's text stands in the buffer it was read from. */
    private final int start;

    private final boolean utf8;
    private final List<Edit> edits = new ArrayList<>(1);
    private final List<Used> used = new ArrayList<>(0);
    private int addedBytes;

    /**
     * Starts with the client's text.
     *
     * @param utf8 whether a character may be of several bytes; in all other readable encodings it is of one
     */
    EditedText(ByteBuf buffer, int start, int end, boolean utf8) {
        text = new byte[end - start];
        buffer.getBytes(start, text);
        this.start = start;
        this.utf8 = utf8;
    }

    /** Adds a statement behind the one that ends at an index of the buffer; places come in order. */
    void addBehind(int index, String sql) {
        edit(index, 0, (';' + sql).getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a statement before the one that begins at an index of the buffer, and puts another name in the place of that one's. */
    void replace(StatementName name, int index, String sql, String newName) {
        edit(index, 0, (sql + ';').getBytes(StandardCharsets.UTF_8));
        rename(name, newName.getBytes(StandardCharsets.UTF_8));
    }

    /** Puts the name that backends know a statement by in the place of the client's. */
    void use(StatementName name, PreparedStatement statement) {
        rename(name, statement.backendName());
        used.add(new Used(statement, name.text()));
    }

    private void rename(StatementName name, byte[] newName) {
        edit(name.start(), name.end() - name.start(), newName);
    }

    private void edit(int index, int removed, byte[] inserted) {
        edits.add(new Edit(index - start, removed, inserted));
        addedBytes += inserted.length - removed;
    }

    /** Returns the prepared statements that the text uses. */
    List<Used> used() {
        return used;
    }

    /** Returns how much longer the text has become. */
    int addedBytes() {
        return addedBytes;
    }

    /** Returns the text to send. */
    byte[] text() {
        byte[] all = new byte[text.length + addedBytes];
        int from = 0;
        int to = 0;
        for (Edit edit : edits) {
            System.arraycopy(text, from, all, to, edit.at - from);
            to += edit.at - from;
            from = edit.at + edit.removed;
            System.arraycopy(edit.inserted, 0, all, to, edit.inserted.length);
            to += edit.inserted.length;
        }
        System.arraycopy(text, from, all, to, text.length - from);
        return all;
    }

    /** Returns an error about the text that was sent as one about the client's. */
    ErrorResponse translate(ErrorResponse error) {
        ErrorResponse named = error;
        for (Used one : used) {
            named = named.replacing(WireText.read(one.statement.backendName()), one.name);
        }
        int position = position(error.field(ErrorResponse.POSITION));
        int shift = 0;
        for (Edit edit : edits) {
            int before = characters(text, 0, edit.at) + shift;
            int removed = characters(text, edit.at, edit.at + edit.removed);
            int inserted = characters(edit.inserted, 0, edit.inserted.length);
            if (position > before + inserted) {
                shift += inserted - removed;
            } else if (position > before + (removed > 0 ? 1 : 0)) {
                // In words the client did not write: its own at this place are the nearest.
                shift += position - before - (removed > 0 ? 1 : 0);
            }
        }
        return shift == 0 ? named : named.with(ErrorResponse.POSITION, Integer.toString(position - shift));
    }

    private static int position(@Nullable String field) {
        try {
            return field == null ? 0 : Integer.parseInt(field);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private int characters(byte[] bytes, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            if (!utf8 || (bytes[i] & 0xc0) != 0x80) {
                count++;
            }
        }
        return count;
    }
}
