// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/** The orders of types whose values compare byte by byte, a beginning before what it begins. */
enum BytesOrder implements ValueOrder {
    BYTEA {
        @Override
        public boolean isCollated() {
            return false;
        }
    },
    /** Also varchar and name. */
    TEXT,
    /** Trailing blanks do not count, see {@code bpcharcmp} in PostgreSQL's varchar.c. */
    BPCHAR {
        @Override
        int significantLength(ByteBuf buffer, int index, int length) {
            int significant = length;
            while (significant > 0 && buffer.getByte(index + significant - 1) == ' ') {
                significant--;
            }
            return significant;
        }
    };

    @Override
    public int compare(ByteBuf a, int aIndex, int aLength, ByteBuf b, int bIndex, int bLength) {
        int aSignificant = significantLength(a, aIndex, aLength);
        int bSignificant = significantLength(b, bIndex, bLength);
        int common = Math.min(aSignificant, bSignificant);
        int i = 0;
        for (; i <= common - Long.BYTES; i += Long.BYTES) {
            int compared = Long.compareUnsigned(a.getLong(aIndex + i), b.getLong(bIndex + i));
            if (compared != 0) {
                return compared;
            }
        }
        for (; i < common; i++) {
            int compared = Byte.compareUnsigned(a.getByte(aIndex + i), b.getByte(bIndex + i));
            if (compared != 0) {
                return compared;
            }
        }
        return Integer.compare(aSignificant, bSignificant);
    }

    @Override
    public boolean isCollated() {
        return true;
    }

    int significantLength(ByteBuf buffer, int index, int length) {
        return length;
    }
}
