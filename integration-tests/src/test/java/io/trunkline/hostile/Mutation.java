// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import java.util.random.RandomGenerator;

/** Damages done to messages that were valid. */
final class Mutation {
    private static final int[] EDGES = {
        0, -1, 1, 3, 4, 5, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, Integer.MAX_VALUE, Integer.MIN_VALUE
    };
    private static final int HEADER_BYTES = 5;

    private Mutation() {}

    /** Changes bytes of the body of the frame that lies at {@code start} to the end; its tag and length stay as they are. */
    static void body(RandomGenerator random, FrameBuffer frames, int start) {
        int first = start + HEADER_BYTES;
        if (frames.size() > first) {
            damage(random, frames.bytes(), first, frames.size());
        }
    }

    /** Changes any bytes from {@code start} to the end: tags and lengths too. */
    static void anything(RandomGenerator random, FrameBuffer frames, int start) {
        if (frames.size() > start) {
            damage(random, frames.bytes(), start, frames.size());
        }
    }

    private static void damage(RandomGenerator random, byte[] bytes, int start, int end) {
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int index = random.nextInt(start, end);
            switch (random.nextInt(4)) {
                case 0 -> bytes[index] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[index] = (byte) random.nextInt();
                case 2 -> bytes[index] = 0;
                default -> edge(random, bytes, index, end);
            }
        }
    }

    private static void edge(RandomGenerator random, byte[] bytes, int index, int end) {
        int value = EDGES[random.nextInt(EDGES.length)];
        int width = random.nextBoolean() ? Short.BYTES : Integer.BYTES;
        for (int i = 0; i < width && index + i < end; i++) {
            bytes[index + i] = (byte) (value >> 8 * (width - 1 - i));
        }
    }

    /** Appends a frame with a random tag of the given ones, a true length and a random body. */
    static void randomBody(RandomGenerator random, FrameBuffer frames, String tags) {
        frames.begin(tags.charAt(random.nextInt(tags.length())));
        byte[] body = new byte[random.nextInt(4) == 0 ? random.nextInt(2_000) : random.nextInt(24)];
        random.nextBytes(body);
        frames.raw(body).end();
    }

    /** Appends bytes that mean nothing. */
    static void noise(RandomGenerator random, FrameBuffer frames) {
        byte[] noise = new byte[1 + random.nextInt(200)];
        random.nextBytes(noise);
        frames.raw(noise);
    }
}
