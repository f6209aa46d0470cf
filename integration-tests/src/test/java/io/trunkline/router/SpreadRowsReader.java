// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.bench.SpreadTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Reads {@link SpreadTable#ALL_IN_ORDER} and compares every byte of every row with what it must be; may do so slowly, or with a stop. */
final class SpreadRowsReader implements WireClient.BodyReader {
    private static final int COLUMNS = 3;
    /** A slow reader pauses so often. */
    private static final int ROWS_A_PAUSE = 64;

    private static final int PAUSE_MILLIS = 20;

    private final SpreadTable table;
    private final byte[] row = new byte[1024];
    private long rowCount;
    private long bytes;
    private long stopAtRow = Long.MAX_VALUE;
    private long stopMillis;
    private long slowUntilNanos = System.nanoTime();

    SpreadRowsReader(SpreadTable table) {
        this.table = table;
    }

    /** Makes it stop for so long at a row. */
    SpreadRowsReader stoppingAt(long stopRow, long seconds) {
        stopAtRow = stopRow;
        stopMillis = TimeUnit.SECONDS.toMillis(seconds);
        return this;
    }

    /** Makes it read slowly for so long from now on; the rest it reads as fast as it can. */
    SpreadRowsReader slowFor(long seconds) {
        slowUntilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        return this;
    }

    /** Receives an answer to its end and returns how many bytes the rows had; there must be so many. */
    long receive(WireClient client, long expectedRows) {
        List<String> rest = client.receiveUntilReady('D', this).stream()
                .map(ServerMessage::toString)
                .toList();
        assertThat(rowCount).as("rows, then " + rest).isEqualTo(expectedRows);
        assertThat(rest).endsWith("CommandComplete SELECT " + expectedRows, "ReadyForQuery I");
        return bytes;
    }

    @Override
    public void read(InputStream in, int length) throws IOException {
        assertThat(length).as("length of row " + rowCount).isLessThanOrEqualTo(row.length);
        int read = in.readNBytes(row, 0, length);
        byte[] expected = expected();
        if (read != length || !Arrays.equals(row, 0, length, expected, 0, expected.length)) {
            throw new AssertionError("row " + rowCount + " is "
                    + new ServerMessage('D', Arrays.copyOf(row, length)).columns() + ", not "
                    + new ServerMessage('D', expected).columns());
        }
        rowCount++;
        bytes += length + 1 + Integer.BYTES;
        pause();
    }

    private byte[] expected() {
        ByteBuffer out = ByteBuffer.allocate(row.length).putShort((short) COLUMNS);
        put(out, Long.toString(rowCount));
        put(out, Long.toString(table.device(rowCount)));
        put(out, SpreadTable.label(rowCount));
        return Arrays.copyOf(out.array(), out.position());
    }

    private static void put(ByteBuffer out, String value) {
        byte[] text = value.getBytes(US_ASCII);
        out.putInt(text.length).put(text);
    }

    private void pause() throws InterruptedIOException {
        try {
            if (rowCount == stopAtRow) {
                TimeUnit.MILLISECONDS.sleep(stopMillis);
            } else if (rowCount % ROWS_A_PAUSE == 0 && System.nanoTime() - slowUntilNanos < 0) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }
}
