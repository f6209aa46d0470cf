// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.RowDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * What a node said of a statement in answer to Describe.
 *
 * @param parameterTypes the OIDs of the types of its parameters
 * @param columns the columns it returns
 * @param message the whole RowDescription, or NoData
 */
record Described(int[] parameterTypes, List<Column> columns, byte[] message) {
    private static final byte[] NO_DATA = {BackendTag.NO_DATA, 0, 0, 0, 4};

    /** A column: its name and the OID of its type. */
    record Column(String name, int type) {}

    /** Reads a whole RowDescription. */
    static Described of(int[] parameterTypes, ByteBuf buffer, int index, int length) {
        RowDescription description = new RowDescription().wrap(buffer, index, length);
        List<Column> columns = new ArrayList<>(description.columnCount());
        for (int i = 0; i < description.columnCount(); i++) {
            columns.add(new Column(description.name(i), description.type(i)));
        }
        return new Described(parameterTypes, List.copyOf(columns), ByteBufUtil.getBytes(buffer, index, length, true));
    }

    /** Returns what is said of a statement without rows. */
    static Described noData(int[] parameterTypes) {
        return new Described(parameterTypes, List.of(), NO_DATA);
    }

    /** Returns true when the statement returns no rows, not even empty ones. */
    boolean isNoData() {
        return message == NO_DATA;
    }

    /** Returns this with other formats of the columns. */
    Described as(IntUnaryOperator formats) {
        ByteBuf rewritten = Unpooled.buffer(message.length);
        write(rewritten, formats);
        return isNoData() ? this : new Described(parameterTypes, columns, ByteBufUtil.getBytes(rewritten));
    }

    /**
     * Appends the RowDescription or NoData.
     *
     * @param formats the format of each column
     */
    void write(ByteBuf out, IntUnaryOperator formats) {
        int start = out.writerIndex();
        out.writeBytes(message);
        if (isNoData()) {
            return;
        }
        RowDescription copy = new RowDescription().wrap(Unpooled.wrappedBuffer(message), 0, message.length);
        for (int i = 0; i < copy.columnCount(); i++) {
            out.setShort(start + copy.formatStart(i), formats.applyAsInt(i));
        }
    }
}
