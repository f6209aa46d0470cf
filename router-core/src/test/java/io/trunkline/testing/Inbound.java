// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.EventLoopClock;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** The receiving half of a socket: bytes wait while reading is off, and each read ends with a sign that it did. */
final class Inbound {
    private record Delivery(byte[] bytes, Fragmenter pieces, boolean inOneRead) {}

    private final EventLoopClock loop;
    private final Consumer<ByteBuf> onBytes;
    private final Runnable onReadComplete;
    private final Deque<Delivery> waiting = new ArrayDeque<>();
    private boolean reading = true;
    private boolean delivering;
    private boolean closed;

    Inbound(EventLoopClock loop, Consumer<ByteBuf> onBytes, Runnable onReadComplete) {
        this.loop = loop;
        this.onBytes = onBytes;
        this.onReadComplete = onReadComplete;
    }

    /**
     * Delivers bytes in pieces.
     *
     * @param inOneRead whether all pieces belong to one read, as those of one TLS record may: they come even when reading was turned off
     *     between them
     */
    void send(byte[] bytes, Fragmenter pieces, boolean inOneRead) {
        waiting.add(new Delivery(bytes, pieces, inOneRead));
        deliver();
    }

    void setReading(boolean nowReading) {
        reading = nowReading;
        if (reading && !waiting.isEmpty()) {
            loop.execute(this::deliver);
        }
    }

    void close() {
        closed = true;
        waiting.clear();
    }

    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        try {
            while (reading && !closed && !waiting.isEmpty()) {
                deliver(waiting.poll());
            }
        } finally {
            delivering = false;
        }
    }

    private void deliver(Delivery delivery) {
        ByteArrayOutputStream late = new ByteArrayOutputStream();
        delivery.pieces.feed(delivery.bytes, piece -> {
            if (closed) {
                piece.skipBytes(piece.readableBytes());
            } else if (delivery.inOneRead) {
                onBytes.accept(piece);
            } else if (late.size() > 0 || !reading) {
                byte[] rest = new byte[piece.readableBytes()];
                piece.readBytes(rest);
                late.writeBytes(rest);
            } else {
                onBytes.accept(piece);
                if (!closed) {
                    onReadComplete.run();
                }
            }
            // what a receiver leaves in a borrowed buffer it has kept
            piece.skipBytes(piece.readableBytes());
        });
        if (delivery.inOneRead && !closed) {
            onReadComplete.run();
        }
        if (late.size() > 0) {
            waiting.addFirst(new Delivery(late.toByteArray(), delivery.pieces, false));
        }
    }

    /** Returns the bytes of buffers and releases them. */
    static byte[] join(List<ByteBuf> buffers) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf buffer : buffers) {
            byte[] bytes = new byte[buffer.readableBytes()];
            buffer.readBytes(bytes);
            buffer.release();
            all.writeBytes(bytes);
        }
        buffers.clear();
        return all.toByteArray();
    }

    static byte[] concatenate(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }
}
