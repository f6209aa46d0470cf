// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/**
 * One way of cutting a byte stream into the buffers a socket might deliver.
 *
 * <p>Each piece comes in a pooled buffer of its own, behind a few bytes that do not belong to it, heap and direct in turn. After the call it is
 * overwritten unless someone retained it, so a receiver that keeps a borrowed buffer without retaining it reads garbage.
 */
public final class Fragmenter {
    private static final int FOREIGN_BYTES = 3;
    private static final byte GARBAGE = (byte) 0xee;

    private final String name;
    /** From the bytes left to the size of the next piece. */
    private final IntUnaryOperator nextPiece;

    private Fragmenter(String name, IntUnaryOperator nextPiece) {
        this.name = name;
        this.nextPiece = nextPiece;
    }

    /** Returns the stream in one piece. */
    public static Fragmenter whole() {
        return new Fragmenter("whole", left -> left);
    }

    /** Returns every byte in a piece of its own. */
    public static Fragmenter everyByte() {
        return pieces(1);
    }

    /** Returns pieces of a fixed size. */
    public static Fragmenter pieces(int bytes) {
        return new Fragmenter("pieces of " + bytes, left -> bytes);
    }

    /** Returns two pieces, the first of the given size. */
    public static Fragmenter cutAt(int position, int streamBytes) {
        return new Fragmenter("cut at " + position, left -> left == streamBytes ? position : left);
    }

    /** Returns pieces of random size, small ones more often than large ones; the seed is part of {@link #toString}. */
    public static Fragmenter random(long seed) {
        Random random = new Random(seed);
        return new Fragmenter("random, seed " + seed, left -> 1 + random.nextInt(1 << 1 + random.nextInt(8)));
    }

    /**
     * Feeds the stream piece by piece. What the receiver does not read of a piece is put in front of the next one.
     *
     * @param receiver borrows each piece
     * @return the bytes left unread at the end
     */
    public byte[] feed(byte[] stream, Consumer<ByteBuf> receiver) {
        int position = 0;
        int fed = 0;
        while (fed < stream.length) {
            int piece = Math.max(1, Math.min(nextPiece.applyAsInt(stream.length - fed), stream.length - fed));
            fed += piece;
            position += deliver(stream, position, fed, receiver);
        }
        return Arrays.copyOfRange(stream, position, stream.length);
    }

    /** Delivers the bytes between two positions; returns how many were read. */
    private static int deliver(byte[] stream, int from, int to, Consumer<ByteBuf> receiver) {
        int bytes = to - from;
        ByteBufAllocator allocator = ByteBufAllocator.DEFAULT;
        ByteBuf in = to % 2 == 0
                ? allocator.heapBuffer(bytes + FOREIGN_BYTES)
                : allocator.directBuffer(bytes + FOREIGN_BYTES);
        try {
            in.writeZero(FOREIGN_BYTES).skipBytes(FOREIGN_BYTES);
            in.writeBytes(stream, from, bytes);
            receiver.accept(in);
            return bytes - in.readableBytes();
        } finally {
            if (in.refCnt() == 1) {
                for (int i = 0; i < in.capacity(); i++) {
                    in.setByte(i, GARBAGE);
                }
            }
            in.release();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
