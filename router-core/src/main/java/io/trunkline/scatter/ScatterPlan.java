// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.trunkline.merge.MergedRows;
import io.trunkline.wire.CString;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.RowDescription;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is sent to each shard, and how the rows they answer with become those of the client.
 *
 * @param sql the statement for each shard, by its number among those of the query
 * @param parameterTypes the types of its parameters, which are the client's
 * @param columns the columns that each shard is to return
 * @param rowsMax as in Execute for each shard, 0 for all rows
 * @param rows makes the merge for so many shards
 * @param finish how the merged rows become those of the client, or null when they are
 */
record ScatterPlan(
        IntFunction<byte[]> sql,
        int[] parameterTypes,
        List<Column> columns,
        int rowsMax,
        IntFunction<MergedRows> rows,
        @Nullable GroupFinish finish) {
    /** OIDs from here on are of types that somebody made, and differ from server to server (FirstNormalObjectId). */
    private static final int FIRST_USER_OID = 16_384;

    /**
     * A column of the shards.
     *
     * @param type the OID of its type
     * @param format 0 text, 1 binary
     */
    record Column(int type, int format) {}

    /**
     * Returns the Bind for the shards: the client's parameters, and the formats of the plan's columns.
     *
     * @param portal the name of the portal on the shards
     * @param groups values for more parameters, which it owns from now on, or null
     */
    ByteBuf bind(
            ScatterStatement statement,
            @Nullable CollectedGroups groups,
            ShardPortal portal,
            ByteBufAllocator allocator) {
        ByteBuf head = allocator.buffer(256);
        head.writeByte(FrontendTag.BIND).writeInt(0);
        CString.write(head, portal.name());
        // Unnamed statement.
        head.writeByte(0);
        if (groups == null) {
            statement.writeParameters(head);
            writeFormats(head);
            head.setInt(1, head.readableBytes() - 1);
            return head;
        }
        statement.writeParameters(head, groups.parameterCount());
        CompositeByteBuf whole = allocator.compositeBuffer(Integer.MAX_VALUE).addComponent(true, head);
        groups.moveTo(whole);
        ByteBuf tail = allocator.buffer();
        writeFormats(tail);
        whole.addComponent(true, tail);
        return whole.setInt(1, whole.readableBytes() - 1);
    }

    /** Returns a Bind of the client's parameters for a statement that returns texts. */
    ByteBuf bindOfText(ScatterStatement statement, ByteBufAllocator allocator) {
        ByteBuf bind = allocator.buffer(256);
        // Unnamed portal, unnamed statement.
        bind.writeByte(FrontendTag.BIND).writeInt(0).writeShort(0);
        statement.writeParameters(bind);
        bind.writeShort(0);
        return bind.setInt(1, bind.readableBytes() - 1);
    }

    private void writeFormats(ByteBuf out) {
        out.writeShort(columns.size());
        for (Column column : columns) {
            out.writeShort(column.format());
        }
    }

    /** Returns how the columns a shard is about to return differ from those of the plan, or null when they do not. */
    @Nullable
    String difference(RowDescription described) {
        if (described.columnCount() != columns.size()) {
            return described.columnCount() + " columns instead of " + columns.size();
        }
        for (int i = 0; i < columns.size(); i++) {
            int type = described.type(i);
            Column column = columns.get(i);
            boolean ofUser = isOfUser(type) && isOfUser(column.type()) && column.format() == 0;
            if (type != column.type() && !ofUser) {
                return "a column " + described.name(i) + " of type " + Integer.toUnsignedString(type)
                        + " instead of type " + Integer.toUnsignedString(column.type());
            }
        }
        return null;
    }

    private static boolean isOfUser(int type) {
        return Integer.compareUnsigned(type, FIRST_USER_OID) >= 0;
    }
}
