// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A text of any length that client and server both make as they go: blocks of 1,024 characters, each of which is its own number with dots
 * before it.
 *
 * <p>So a byte that is wrong, missing, doubled or out of place shows, and nothing has to be kept. An instance walks the text once, either to
 * write it or to compare it with what comes.
 */
final class NumberedText {
    static final int BLOCK_BYTES = 1_024;

    private final long blockCount;
    private final byte[] block;
    private final byte[] piece = new byte[64 * 1024];
    private long number = 1;
    private int position;
    private long passedBytes;

    /**
     * Begins with block 1.
     *
     * @param separator what stands behind each block
     */
    NumberedText(long blockCount, String separator) {
        this.blockCount = blockCount;
        block = (".".repeat(BLOCK_BYTES) + separator).getBytes(US_ASCII);
        writeNumber();
    }

    /** Returns SQL for one block. */
    static String sql(String number) {
        return "lpad((" + number + ")::text, " + BLOCK_BYTES + ", '.')";
    }

    long bytes() {
        return blockCount * block.length;
    }

    /** Returns whether all of it was written or compared, with no difference and nothing behind it. */
    boolean isComplete() {
        return passedBytes == bytes();
    }

    /** Writes as many bytes of what is left. */
    void writeTo(OutputStream out, long length) throws IOException {
        for (long left = length; left > 0; ) {
            int step = 0;
            while (step < piece.length && step < left) {
                int part = (int) Math.min(Math.min(block.length - position, piece.length - step), left - step);
                System.arraycopy(block, position, piece, step, part);
                step += part;
                pass(part);
            }
            out.write(piece, 0, step);
            left -= step;
        }
    }

    /** Returns the MD5 of the whole text, as PostgreSQL's function of that name does. */
    String md5() {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            for (long i = 0; i < blockCount; i++) {
                digest.update(block);
                pass(block.length);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Compares the only column of a DataRow with what comes next. */
    void compareRow(InputStream in, int length) throws IOException {
        DataInputStream header = new DataInputStream(in);
        int columns = header.readShort();
        int bytes = header.readInt();
        if (columns != 1 || bytes != length - Short.BYTES - Integer.BYTES) {
            throw new AssertionError(
                    "a row of " + length + " bytes with " + columns + " columns, the first of " + bytes);
        }
        compare(in, bytes);
    }

    /** Compares bytes with what comes next. */
    void compare(InputStream in, long length) throws IOException {
        for (long left = length; left > 0; ) {
            int read = in.read(piece, 0, (int) Math.min(piece.length, left));
            if (read < 0) {
                throw new AssertionError("ends after " + passedBytes + " of " + bytes() + " bytes");
            }
            compare(read);
            left -= read;
        }
    }

    private void compare(int length) {
        for (int from = 0; from < length; ) {
            int part = Math.min(block.length - position, length - from);
            int different = Arrays.mismatch(piece, from, from + part, block, position, position + part);
            if (different >= 0) {
                throw new AssertionError("byte " + (passedBytes + different) + " of " + bytes() + " is "
                        + piece[from + different] + " and not " + block[position + different]);
            }
            from += part;
            pass(part);
        }
    }

    private void pass(int length) {
        position += length;
        passedBytes += length;
        if (position == block.length) {
            position = 0;
            number++;
            writeNumber();
        }
    }

    private void writeNumber() {
        int index = BLOCK_BYTES;
        for (long rest = number; rest > 0; rest /= 10) {
            block[--index] = (byte) ('0' + rest % 10);
        }
    }
}
