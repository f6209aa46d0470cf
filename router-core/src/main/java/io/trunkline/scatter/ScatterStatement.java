// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.Bind;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One query as the client sent it, for several shards.
 *
 * @param sql its text, of one statement, in UTF-8
 * @param start where the statement begins in it
 * @param end where it ends, its semicolon excluded
 * @param standardConformingStrings how its strings are read
 * @param parameterTypes the OIDs given with Parse, 0 where the client left one open
 * @param bind where its parameters and result formats are, or null for a simple Query; borrowed until the query is over
 * @param rowsMax the limit of Execute, 0 for all rows
 */
public record ScatterStatement(
        byte[] sql,
        int start,
        int end,
        boolean standardConformingStrings,
        int[] parameterTypes,
        @Nullable Bind bind,
        int rowsMax) {

    /** Returns this as it is run for all rows. */
    public ScatterStatement withoutLimit() {
        return new ScatterStatement(sql, start, end, standardConformingStrings, parameterTypes, bind, 0);
    }

    /** Returns this as a cursor has it: with parameters of its own, which stay when the client's Bind is gone, and all columns as text. */
    public ScatterStatement ofCursor() {
        if (parameterCount() == 0) {
            return new ScatterStatement(sql, start, end, standardConformingStrings, parameterTypes, null, 0);
        }
        ByteBuf own = Unpooled.buffer();
        // Unnamed portal, unnamed statement.
        own.writeByte(FrontendTag.BIND).writeInt(0).writeShort(0);
        writeParameters(own);
        own.writeShort(0);
        own.setInt(1, own.readableBytes() - 1);
        Bind copy = new Bind().wrap(own, 0, own.readableBytes());
        return new ScatterStatement(sql, start, end, standardConformingStrings, parameterTypes, copy, 0);
    }

    /** Returns how many bytes the Bind takes. */
    int bindBytes() {
        return bind == null ? 0 : bind.parametersEnd() - bind.tailStart();
    }

    /** Returns this for when the client's Bind is gone. */
    ScatterStatement withoutBind() {
        return new ScatterStatement(sql, start, end, standardConformingStrings, parameterTypes, null, rowsMax);
    }

    /** Returns the format the client wants a column in: 0 text, 1 binary. */
    int format(int column) {
        return bind == null ? 0 : bind.resultFormat(column);
    }

    /**
     * Appends the parameters with their formats as they stand in the client's Bind.
     *
     * @throws ProtocolViolation when they are malformed
     */
    void writeParameters(ByteBuf out) {
        if (bind == null) {
            out.writeShort(0).writeShort(0);
            return;
        }
        out.writeBytes(bind.buffer(), bind.tailStart(), bind.parametersEnd() - bind.tailStart());
    }

    /** Returns how many parameters there are. */
    int parameterCount() {
        return bind == null ? 0 : bind.parameterCount();
    }

    /** Returns the bytes of a parameter counted from 0, read as Latin-1 so that none is lost; empty for NULL. */
    String parameterBytes(int parameter) {
        int length = bind == null ? -1 : bind.parameterLength(parameter);
        return bind == null || length < 0
                ? ""
                : bind.buffer().toString(bind.parameterStart(parameter), length, StandardCharsets.ISO_8859_1);
    }

    /**
     * Appends the parameters as far as they stand in the client's Bind, and room for more in binary format, whose values are to follow.
     *
     * @throws ProtocolViolation when they are malformed
     */
    void writeParameters(ByteBuf out, int moreCount) {
        int count = bind == null ? 0 : bind.parameterCount();
        out.writeShort(count + moreCount);
        for (int i = 0; i < count + moreCount; i++) {
            out.writeShort(i < count && bind != null ? bind.parameterFormat(i) : 1);
        }
        out.writeShort(count + moreCount);
        if (bind != null && count > 0) {
            int start = bind.parameterStart(0) - Integer.BYTES;
            out.writeBytes(bind.buffer(), start, bind.parametersEnd() - start);
        }
    }

    /** Returns the text of a parameter counted from 1 that is a whole number, or null for NULL; empty when it cannot be read. */
    @Nullable
    String number(int parameter) {
        Bind values = bind;
        if (values == null || parameter < 1 || parameter > values.parameterCount()) {
            return "";
        }
        int length = values.parameterLength(parameter - 1);
        int start = values.parameterStart(parameter - 1);
        if (length < 0) {
            return null;
        }
        if (values.parameterFormat(parameter - 1) == 1) {
            return switch (length) {
                case Short.BYTES -> Short.toString(values.buffer().getShort(start));
                case Integer.BYTES -> Integer.toString(values.buffer().getInt(start));
                case Long.BYTES -> Long.toString(values.buffer().getLong(start));
                default -> "";
            };
        }
        return values.buffer().toString(start, length, StandardCharsets.UTF_8).strip();
    }
}
