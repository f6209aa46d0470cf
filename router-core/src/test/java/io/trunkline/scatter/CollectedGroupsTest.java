// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.merge.MergeFailure;
import io.trunkline.scatter.GroupValue.Kind;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ByteBufLeaks.class)
class CollectedGroupsTest {
    private static final int INT4 = 23;
    private static final int TEXT = 25;
    private static final List<GroupValue> VALUES = List.of(
            new GroupValue(TEXT, Kind.SINGLE),
            new GroupValue(TEXT, Kind.OF_ROWS),
            new GroupValue(TEXT, Kind.OF_SAME_ROWS));

    @Test
    void rowsKnowTheNumberOfTheirGroup() {
        CollectedGroups groups = groups(VALUES, 1 << 20);
        groups.rows(buffer(row("a", elements("x", null), elements("1", "2"))));
        groups.rows(buffer(row(null, null, null), row("c", elements("y"), elements("3"))));

        assertThat(groups.parameterCount()).isEqualTo(5);
        assertThat(arrays(groups))
                .containsExactly(
                        List.of("type 23", "1", "2", "3"),
                        List.of("type 25", "a", "null", "c"),
                        List.of("type 23", "1", "1", "3"),
                        List.of("type 25", "x", "null", "y"),
                        List.of("type 25", "1", "2", "3"));
    }

    @Test
    void withoutRowsGroupsHaveNoNumbers() {
        CollectedGroups groups = groups(VALUES.subList(0, 1), 1 << 20);
        groups.rows(buffer(row("a"), row("b")));

        assertThat(arrays(groups)).containsExactly(List.of("type 25", "a", "b"));
    }

    @Test
    void ofNoGroupsEveryArrayIsEmpty() {
        assertThat(arrays(groups(VALUES, 1 << 20))).hasSize(5).allMatch(array -> array.size() == 1);
    }

    @Test
    void everyRowHasAllValues() {
        CollectedGroups groups = groups(VALUES, 1 << 20);

        assertThatThrownBy(() -> groups.rows(buffer(row("a", elements("x", "y"), elements("1")))))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("1 values of 2 rows");
        groups.release();
    }

    @Test
    void numbersNeedMemoryToo() {
        // The number of the group, its text, the number for the row, two values: 8 + 5 + 8 + 5 + 5.
        for (int limit : new int[] {31, 30}) {
            CollectedGroups groups = groups(VALUES, limit);
            ByteBuf row = buffer(row("a", elements("x"), elements("1")));
            if (limit == 31) {
                groups.rows(row);
            } else {
                assertThatThrownBy(() -> groups.rows(row)).isInstanceOf(MergeFailure.class);
            }
            groups.release();
        }
    }

    private static CollectedGroups groups(List<GroupValue> values, long memoryBytesMax) {
        return new CollectedGroups(
                new GroupFinish("", new int[0], List.of(), values, 0, memoryBytesMax), ByteBufAllocator.DEFAULT);
    }

    private static byte @Nullable [] elements(@Nullable String... elements) {
        ByteBuf bytes = Unpooled.buffer().writeInt(elements.length);
        for (String element : elements) {
            writeValue(bytes, element == null ? null : element.getBytes(UTF_8));
        }
        return toArray(bytes);
    }

    private static byte[] row(@Nullable String text, byte @Nullable [] @Nullable ... others) {
        ByteBuf row = Unpooled.buffer().writeByte('D').writeInt(0).writeShort(1 + others.length);
        writeValue(row, text == null ? null : text.getBytes(UTF_8));
        for (byte[] other : others) {
            writeValue(row, other);
        }
        return toArray(row.setInt(1, row.readableBytes() - 1));
    }

    private static void writeValue(ByteBuf out, byte @Nullable [] value) {
        out.writeInt(value == null ? -1 : value.length);
        if (value != null) {
            out.writeBytes(value);
        }
    }

    private static byte[] toArray(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    private static ByteBuf buffer(byte[]... messages) {
        return ByteBufAllocator.DEFAULT.buffer().writeBytes(Unpooled.wrappedBuffer(messages));
    }

    /** Returns of each parameter the type of its elements, and those. */
    private static List<List<String>> arrays(CollectedGroups groups) {
        CompositeByteBuf out = ByteBufAllocator.DEFAULT.compositeBuffer(Integer.MAX_VALUE);
        try {
            groups.moveTo(out);
            List<List<String>> arrays = new ArrayList<>();
            while (out.isReadable()) {
                arrays.add(array(out.readSlice(out.readInt())));
            }
            return arrays;
        } finally {
            out.release();
        }
    }

    private static List<String> array(ByteBuf array) {
        int dimensions = array.readInt();
        array.skipBytes(Integer.BYTES);
        int type = array.readInt();
        List<String> elements = new ArrayList<>(List.of("type " + type));
        int count = dimensions == 0 ? 0 : array.readInt();
        array.skipBytes(dimensions == 0 ? 0 : Integer.BYTES);
        for (int i = 0; i < count; i++) {
            int length = array.readInt();
            elements.add(
                    length < 0
                            ? "null"
                            : type == INT4
                                    ? Integer.toString(array.readInt())
                                    : array.readCharSequence(length, UTF_8).toString());
        }
        assertThat(array.isReadable()).isFalse();
        return elements;
    }
}
