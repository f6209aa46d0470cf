// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Cases of cancel requests as bytes on a socket. */
class CancelCasesIT {
    private static final int LOGINS = 300;

    private static CaseServers servers;

    @BeforeAll
    static void start() {
        servers = CaseServers.start(PostgresOptions.newest(), List.of());
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    @Test
    @Case("X01")
    void X01_keysAreRandomAndProcessIdsPositive() {
        Set<Long> keys = new HashSet<>();
        Set<Integer> secrets = new HashSet<>();
        int neighbours = 0;
        int last = 0;
        int ones = 0;
        for (int i = 0; i < LOGINS; i++) {
            try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
                ByteBuffer key = ByteBuffer.wrap(client.key());
                int processId = key.getInt(0);
                int secret = key.getInt(Integer.BYTES);
                assertThat(key.capacity()).isEqualTo(2 * Integer.BYTES);
                assertThat(processId).isPositive();
                neighbours += Math.abs(processId - last) == 1 ? 1 : 0;
                last = processId;
                ones += Integer.bitCount(secret);
                keys.add(key.getLong(0));
                secrets.add(secret);
            }
        }

        assertThat(keys).hasSize(LOGINS);
        assertThat(secrets).hasSize(LOGINS);
        assertThat(neighbours).as("process ids that follow one another").isLessThan(LOGINS / 10);
        assertThat(ones).isBetween(LOGINS * 14, LOGINS * 18);
    }

    @Test
    @Case("X09")
    void X09_bytesBehindACancelRequestChangeNothing() throws IOException {
        for (byte[] behind : List.of(new byte[0], new byte[1], ClientMessage.terminate(), new byte[1000])) {
            for (boolean halfClose : new boolean[] {false, true}) {
                try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
                    client.send(query("select pg_sleep(60)"));
                    awaitSleeping();

                    int end = request(concatenate(client.cancelRequest(), behind), halfClose);

                    assertThat(end)
                            .as("the other side closes, and says nothing")
                            .isEqualTo(-1);
                    assertThat(client.receiveUntilReady())
                            .anyMatch(message ->
                                    message.type() == 'E' && message.sqlState().equals("57014"));
                }
            }
        }
    }

    private static int request(byte[] bytes, boolean halfClose) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), servers.one().port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(bytes);
            if (halfClose) {
                socket.shutdownOutput();
            }
            return socket.getInputStream().read();
        }
    }

    private static byte[] concatenate(byte[] first, byte[] second) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }

    private static void awaitSleeping() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> "1"
                        .equals(servers.server()
                                .queryText("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")));
    }
}
