// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ProtocolViolation;

/** The orders of types whose values all have the same number of bytes. */
enum FixedWidthOrder implements ValueOrder {
    BOOL(1) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Byte.compareUnsigned(a.getByte(aIndex), b.getByte(bIndex));
        }
    },
    /** The type {@code "char"}, whose bytes compare as unsigned. */
    CHAR(1) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Byte.compareUnsigned(a.getByte(aIndex), b.getByte(bIndex));
        }
    },
    INT2(2) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Short.compare(a.getShort(aIndex), b.getShort(bIndex));
        }
    },
    INT4(4) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Integer.compare(a.getInt(aIndex), b.getInt(bIndex));
        }
    },
    INT8(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return compareLongs(a, aIndex, b, bIndex);
        }
    },
    OID(4) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Integer.compareUnsigned(a.getInt(aIndex), b.getInt(bIndex));
        }
    },
    XID8(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Long.compareUnsigned(a.getLong(aIndex), b.getLong(bIndex));
        }
    },
    PG_LSN(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Long.compareUnsigned(a.getLong(aIndex), b.getLong(bIndex));
        }
    },
    FLOAT4(4) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            // Adding 0 makes -0 a 0, which PostgreSQL holds equal and Java does not; all NaN are equal and the largest
            // in both.
            return Float.compare(a.getFloat(aIndex) + 0f, b.getFloat(bIndex) + 0f);
        }
    },
    FLOAT8(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Double.compare(a.getDouble(aIndex) + 0.0, b.getDouble(bIndex) + 0.0);
        }
    },
    MONEY(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return compareLongs(a, aIndex, b, bIndex);
        }
    },
    /** Days; both infinities are the ends of the range. */
    DATE(4) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Integer.compare(a.getInt(aIndex), b.getInt(bIndex));
        }
    },
    TIME(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return compareLongs(a, aIndex, b, bIndex);
        }
    },
    /** Microseconds, with and without time zone; both infinities are the ends of the range. */
    TIMESTAMP(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return compareLongs(a, aIndex, b, bIndex);
        }
    },
    /**
     * {@code int64 microseconds · int32 seconds west of Greenwich}. The instant first; of equal instants the more eastern zone, see {@code
     * timetz_cmp_internal} in PostgreSQL's date.c.
     */
    TIMETZ(12) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            int aZone = a.getInt(aIndex + Long.BYTES);
            int bZone = b.getInt(bIndex + Long.BYTES);
            int instants = Long.compare(
                    a.getLong(aIndex) + aZone * MICROS_PER_SECOND, b.getLong(bIndex) + bZone * MICROS_PER_SECOND);
            return instants != 0 ? instants : Integer.compare(aZone, bZone);
        }
    },
    /**
     * {@code int64 microseconds · int32 days · int32 months}. A month counts 30 days and a day 24 hours, see {@code interval_cmp_value} in
     * PostgreSQL's timestamp.c, which needs 128 bits; whole days and the rest of a day need none.
     */
    INTERVAL(16) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            long aTime = a.getLong(aIndex);
            long bTime = b.getLong(bIndex);
            int days = Long.compare(wholeDays(a, aIndex, aTime), wholeDays(b, bIndex, bTime));
            return days != 0
                    ? days
                    : Long.compare(Math.floorMod(aTime, MICROS_PER_DAY), Math.floorMod(bTime, MICROS_PER_DAY));
        }

        private long wholeDays(ByteBuf buffer, int index, long time) {
            return Math.floorDiv(time, MICROS_PER_DAY)
                    + buffer.getInt(index + Long.BYTES)
                    + DAYS_PER_MONTH * buffer.getInt(index + Long.BYTES + Integer.BYTES);
        }
    },
    MACADDR(6) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            int high = Integer.compareUnsigned(a.getInt(aIndex), b.getInt(bIndex));
            return high != 0
                    ? high
                    : Integer.compare(
                            a.getUnsignedShort(aIndex + Integer.BYTES), b.getUnsignedShort(bIndex + Integer.BYTES));
        }
    },
    MACADDR8(8) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            return Long.compareUnsigned(a.getLong(aIndex), b.getLong(bIndex));
        }
    },
    UUID(16) {
        @Override
        int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
            int high = Long.compareUnsigned(a.getLong(aIndex), b.getLong(bIndex));
            return high != 0
                    ? high
                    : Long.compareUnsigned(a.getLong(aIndex + Long.BYTES), b.getLong(bIndex + Long.BYTES));
        }
    };

    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
    private static final long DAYS_PER_MONTH = 30;

    private final int bytes;

    FixedWidthOrder(int bytes) {
        this.bytes = bytes;
    }

    @Override
    public final int compare(ByteBuf a, int aIndex, int aLength, ByteBuf b, int bIndex, int bLength) {
        checkLength(aLength);
        checkLength(bLength);
        return compareAt(a, aIndex, b, bIndex);
    }

    @Override
    public final boolean isCollated() {
        return false;
    }

    /** Compares values that have the right number of bytes. */
    abstract int compareAt(ByteBuf a, int aIndex, ByteBuf b, int bIndex);

    private void checkLength(int length) {
        if (length != bytes) {
            throw ProtocolViolation.fatal(
                    "value of " + length + " bytes in a column of type " + this + " (expected: " + bytes + ")");
        }
    }

    private static int compareLongs(ByteBuf a, int aIndex, ByteBuf b, int bIndex) {
        return Long.compare(a.getLong(aIndex), b.getLong(bIndex));
    }
}
