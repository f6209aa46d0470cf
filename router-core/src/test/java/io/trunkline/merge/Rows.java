// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Builds DataRow messages for tests, and takes them apart again. */
final class Rows {
    private Rows() {}

    /** Returns a message; a null is NULL. */
    static byte[] row(byte @Nullable [] @Nullable ... values) {
        int bytes = 6;
        for (byte[] value : values) {
            bytes += 4 + (value == null ? 0 : value.length);
        }
        ByteBuffer message =
                ByteBuffer.allocate(1 + bytes).put((byte) 'D').putInt(bytes).putShort((short) values.length);
        for (byte[] value : values) {
            message.putInt(value == null ? -1 : value.length);
            if (value != null) {
                message.put(value);
            }
        }
        return message.array();
    }

    static byte[] int4(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    static byte[] int8(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] float8(double value) {
        return ByteBuffer.allocate(8).putDouble(value).array();
    }

    static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns a pooled buffer with the messages. */
    static ByteBuf buffer(byte[]... messages) {
        return ByteBufAllocator.DEFAULT.buffer().writeBytes(Unpooled.wrappedBuffer(messages));
    }

    /** Offers the messages in buffers of a random number of them, in behind foreign bytes. */
    static List<ByteBuf> cut(Random random, List<byte[]> messages) {
        List<ByteBuf> buffers = new ArrayList<>();
        for (int from = 0; from < messages.size(); ) {
            int to = Math.min(messages.size(), from + 1 + random.nextInt(4));
            ByteBuf buffer = ByteBufAllocator.DEFAULT.buffer().writeZero(3);
            messages.subList(from, to).forEach(buffer::writeBytes);
            buffers.add(buffer.skipBytes(3));
            from = to;
        }
        return buffers;
    }

    /** Offers all rows of shards in random pieces and order, with a sink that closes now and then, and closes the merge. */
    static Kept feed(Random random, MergedRows rows, List<List<byte[]>> shards) {
        List<ArrayDeque<ByteBuf>> pieces = new ArrayList<>();
        List<Integer> open = new ArrayList<>();
        for (List<byte[]> shard : shards) {
            open.add(pieces.size());
            pieces.add(new ArrayDeque<>(cut(random, shard)));
        }
        Kept sink = new Kept();
        try {
            while (!open.isEmpty()) {
                Integer source = open.get(random.nextInt(open.size()));
                ByteBuf piece = pieces.get(source).poll();
                if (piece == null) {
                    rows.end(source);
                    open.remove(source);
                } else {
                    rows.offer(source, piece);
                }
                sink.open = random.nextInt(3) > 0;
                if (random.nextBoolean()) {
                    rows.drain(sink);
                }
            }
            sink.open = true;
            rows.drain(sink);
            assertThat(rows.isDone()).isTrue();
            return sink;
        } finally {
            rows.close();
            pieces.forEach(left -> left.forEach(ByteBuf::release));
        }
    }

    /** A sink that keeps the messages and is open as long as a test wants. */
    static final class Kept implements RowSink {
        final List<byte[]> messages = new ArrayList<>();
        int bufferCount;
        boolean open = true;

        @Override
        public void rows(ByteBuf buffer) {
            bufferCount++;
            while (buffer.isReadable()) {
                byte[] message = new byte[1 + buffer.getInt(buffer.readerIndex() + 1)];
                buffer.readBytes(message);
                messages.add(message);
            }
            buffer.release();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        /** Returns the values of all rows. */
        List<List<byte @Nullable []>> values() {
            return messages.stream().map(Rows::values).toList();
        }

        /** Returns the values of all rows as texts, of which NULL is {@code null}. */
        List<List<String>> texts() {
            return values().stream()
                    .map(row -> row.stream()
                            .map(value -> value == null ? "null" : new String(value, StandardCharsets.UTF_8))
                            .toList())
                    .toList();
        }
    }

    /** Returns the values of a message. */
    static List<byte @Nullable []> values(byte[] message) {
        ByteBuffer buffer = ByteBuffer.wrap(message, 5, message.length - 5);
        int count = buffer.getShort();
        List<byte @Nullable []> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = buffer.getInt();
            byte[] value = length < 0 ? null : new byte[length];
            if (value != null) {
                buffer.get(value);
            }
            values.add(value);
        }
        return values;
    }
}
