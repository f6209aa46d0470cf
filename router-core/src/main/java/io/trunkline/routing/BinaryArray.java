// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The elements of an array in binary format: {@code int32 dimensions · int32 hasNull · int32 element type · dimensions × (int32 length · int32
 * lower bound) · elements × (int32 length or -1 · bytes)}.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/arrayfuncs.c">arrayfuncs.c: array_recv</a>
 */
final class BinaryArray {
    /** PostgreSQL's MAXDIM. */
    private static final int DIMENSIONS_MAX = 6;

    private static final int HEADER_BYTES = 12;

    /** Receives the elements that are not NULL. */
    interface Element {
        /** Returns why the element cannot be read, or null. */
        @Nullable
        KeyReading onElement(ByteBuf buffer, int start, int length, int type);
    }

    private BinaryArray() {}

    /** Returns why not every element is known, or null. */
    static @Nullable KeyReading read(
            String what, ByteBuf buffer, int start, int length, int elementType, Element elements) {
        int end = start + length;
        if (length < HEADER_BYTES) {
            return malformed(what);
        }
        int dimensions = buffer.getInt(start);
        // array_recv refuses any element type but the parameter's own.
        if (dimensions < 0 || dimensions > DIMENSIONS_MAX || buffer.getInt(start + 8) != elementType) {
            return malformed(what);
        }
        int at = start + HEADER_BYTES + 8 * dimensions;
        if (at > end) {
            return malformed(what);
        }
        long count = dimensions == 0 ? 0 : 1;
        for (int i = 0; i < dimensions; i++) {
            count *= Math.max(0, buffer.getInt(start + HEADER_BYTES + 8 * i));
            if (count > ShardKeyReader.ARRAY_ELEMENTS_MAX) {
                return KeyReading.unsupported(
                        what + " has too many elements (expected: at most " + ShardKeyReader.ARRAY_ELEMENTS_MAX + ")");
            }
        }
        for (long i = 0; i < count; i++) {
            if (end - at < 4) {
                return malformed(what);
            }
            int elementLength = buffer.getInt(at);
            at += 4;
            if (elementLength < -1 || elementLength > end - at) {
                return malformed(what);
            }
            if (elementLength >= 0) {
                KeyReading problem = elements.onElement(buffer, at, elementLength, elementType);
                if (problem != null) {
                    return problem;
                }
                at += elementLength;
            }
        }
        return at == end ? null : malformed(what);
    }

    private static KeyReading malformed(String what) {
        return KeyReading.unsupported(what + " is not an array in binary format");
    }
}
