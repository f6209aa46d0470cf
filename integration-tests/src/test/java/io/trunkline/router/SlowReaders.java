// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Clients that have each asked for a large result and read nothing of it, or a little now and then, or in the end all of it; what they read is
 * compared.
 *
 * <p>Used by one thread at a time. {@link #close} ends those that have not read all as clients that die.
 */
final class SlowReaders implements AutoCloseable {
    /** Megabytes in the client's kernel would keep slow reading from the router for long. */
    private static final int RECEIVE_BUFFER_BYTES = 32 * 1024;

    private static final int ROWS_A_TURN = 32;
    private static final long PAUSE_MILLIS = 500;

    private final List<Reader> readers = new ArrayList<>();

    private record Reader(WireClient client, NumberedText text) {}

    /** Connects them and sends their queries. */
    SlowReaders(SmallRouter router, int count, long bytes) {
        for (int i = 0; i < count; i++) {
            WireClient client =
                    WireClient.connectWithReceiveBuffer(router.port(), TestTopologies.DATABASE, RECEIVE_BUFFER_BYTES);
            readers.add(new Reader(client, BulkTransfer.rowsText(bytes)));
            client.send(query(BulkTransfer.rows(bytes)));
        }
    }

    /** Has each read some rows twice a second, for so long; returns how many bytes that were. */
    long readSlowly(long seconds) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long bytes = 0;
        while (System.nanoTime() < end) {
            for (Reader reader : readers) {
                bytes += readRows(reader);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        return bytes;
    }

    private static long readRows(Reader reader) throws IOException {
        long bytes = 0;
        for (int i = 0; i < ROWS_A_TURN; i++) {
            ServerMessage message = reader.client().receive();
            if (message.type() == 'D') {
                reader.text().compareRow(new ByteArrayInputStream(message.body()), message.body().length);
                bytes += NumberedText.BLOCK_BYTES;
            } else {
                assertThat(message.type()).as("message ahead of the rows").isEqualTo('T');
            }
        }
        return bytes;
    }

    /** Has one of them read what is left of its result; returns how many bytes all of that is. */
    long readOneToTheEnd() {
        Reader reader = readers.remove(0);
        try (WireClient client = reader.client()) {
            BulkTransfer.expectRows(client, reader.text());
            return reader.text().bytes();
        }
    }

    @Override
    public void close() {
        readers.forEach(reader -> reader.client().abort());
    }
}
