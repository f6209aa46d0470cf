// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * The total order and the equality of the values of one type in binary format, as the default operator class of a B-tree has them.
 *
 * <p>Stateless. Only types whose order was compared with a server's are here.
 *
 * @see <a href="https://www.postgresql.org/docs/18/btree.html">B-tree operator classes</a>
 */
public sealed interface ValueOrder permits FixedWidthOrder, BytesOrder, NumericOrder {

    /** Returns the order of a type, or null when there is none that was proven equal to PostgreSQL's. */
    static @Nullable ValueOrder of(int typeOid) {
        // The OIDs are fixed in pg_type.dat.
        return switch (typeOid) {
            case 16 -> FixedWidthOrder.BOOL;
            case 17 -> BytesOrder.BYTEA;
            case 18 -> FixedWidthOrder.CHAR;
            case 19, 25, 1043 -> BytesOrder.TEXT;
            case 20 -> FixedWidthOrder.INT8;
            case 21 -> FixedWidthOrder.INT2;
            case 23 -> FixedWidthOrder.INT4;
            case 26 -> FixedWidthOrder.OID;
            case 700 -> FixedWidthOrder.FLOAT4;
            case 701 -> FixedWidthOrder.FLOAT8;
            case 774 -> FixedWidthOrder.MACADDR8;
            case 790 -> FixedWidthOrder.MONEY;
            case 829 -> FixedWidthOrder.MACADDR;
            case 1042 -> BytesOrder.BPCHAR;
            case 1082 -> FixedWidthOrder.DATE;
            case 1083 -> FixedWidthOrder.TIME;
            case 1114, 1184 -> FixedWidthOrder.TIMESTAMP;
            case 1186 -> FixedWidthOrder.INTERVAL;
            case 1266 -> FixedWidthOrder.TIMETZ;
            case 1700 -> NumericOrder.NUMERIC;
            case 2950 -> FixedWidthOrder.UUID;
            case 3220 -> FixedWidthOrder.PG_LSN;
            case 5069 -> FixedWidthOrder.XID8;
            default -> null;
        };
    }

    /**
     * Compares two values that are not NULL; the buffers are borrowed.
     *
     * @throws ProtocolViolation when one of them is no value of the type
     */
    int compare(ByteBuf a, int aIndex, int aLength, ByteBuf b, int bIndex, int bLength);

    /**
     * Returns true when the type has collations: the order is then that of the collation {@code C}, and only where the client's encoding is
     * the server's, as the bytes of a text are sent in the client's.
     */
    boolean isCollated();
}
