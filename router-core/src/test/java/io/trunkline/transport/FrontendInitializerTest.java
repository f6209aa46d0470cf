// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.ProtocolVersion;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrontendInitializerTest {
    private final GreetingSessions sessions = new GreetingSessions();
    private final FrontendSettings settings = new FrontendSettings(Duration.ofSeconds(10), 2, Duration.ZERO);
    private final FrontendInitializer initializer = new FrontendInitializer(new FrontendAccess(
            EncryptionPolicy.OFF, null, TestUsers.AUTHORITY, sessions, settings, RouterMetrics.NONE));
    private final EmbeddedChannel client = connect();

    @AfterEach
    void close() {
        client.finishAndReleaseAll();
    }

    @Test
    void S01_declinesTlsWithOneByte() {
        send(FrontendWriter::sslRequest);

        assertThat(received()).isEqualTo("N");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void S14_passesOnWhatAnEagerClientSentAhead() {
        send(startup("local")
                .andThen(out -> FrontendWriter.query(out, "select 1"))
                .andThen(FrontendWriter::terminate));

        assertThat(sessions.started).containsExactly("local local");
        assertThat(sessions.received).containsExactly("Q 19");
        assertThat(received()).startsWith("R\0\0\0\010\0\0\0\0S").endsWith("Z\0\0\0\005I");
    }

    @Test
    void S13_readsByteByByte() {
        ByteBuf startup = Unpooled.buffer();
        startup("local").accept(startup);

        while (startup.isReadable()) {
            client.writeInbound(startup.readBytes(1));
        }

        startup.release();
        assertThat(sessions.started).containsExactly("local local");
    }

    @Test
    void leavesNothingOfTheLoginInThePipeline() {
        send(startup("local"));

        assertThat(client.pipeline().names())
                .noneMatch(name -> name.contains("Login") || name.contains("Startup") || name.contains("DirectTls"));
    }

    @Test
    void S15_closesOnHttpWithoutAWord() {
        send(out -> out.writeBytes("GET / HTTP/1.1\r\n\r\n".getBytes(ISO_8859_1)));

        assertThat(client.isOpen()).isFalse();
        assertThat(received()).isEmpty();
    }

    @Test
    void S06_closesOnDirectTlsWithoutCertificate() {
        send(out -> out.writeByte(0x16));

        assertThat(client.isOpen()).isFalse();
        assertThat(received()).isEmpty();
    }

    @Test
    void S16_closesASilentConnectionWhenTheLoginTimeIsUp() {
        client.advanceTimeBy(9, TimeUnit.SECONDS);
        client.writeInbound(Unpooled.wrappedBuffer(new byte[] {0}));
        boolean openBefore = client.isOpen();
        client.advanceTimeBy(1, TimeUnit.SECONDS);
        client.runScheduledPendingTasks();

        assertThat(openBefore).isTrue();
        assertThat(client.isOpen()).isFalse();
        assertThat(received()).isEmpty();
    }

    @Test
    void S16_tellsAKnownClientThatItsLoginTimeIsUp() {
        send(startup("ann"));
        received();
        client.advanceTimeBy(10, TimeUnit.SECONDS);
        client.runScheduledPendingTasks();

        assertThat(received()).startsWith("E").contains("C08006").contains("login did not complete within 10000 ms");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void S16_liftsTheDeadlineWithTheGreeting() {
        send(startup("local"));
        client.advanceTimeBy(60, TimeUnit.SECONDS);
        client.runScheduledPendingTasks();

        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void S42_endsInSilenceWhenTheClientLeavesToAskForThePassword() {
        send(startup("ann"));
        received();
        send(FrontendWriter::terminate);

        assertThat(received()).isEmpty();
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void S38_refusesInTheWordsOfPostgreSqlAndCloses() {
        send(startup("ann"));
        received();
        send(out -> FrontendWriter.query(out, "select 1"));

        assertThat(received())
                .contains("SFATAL")
                .contains("C08P01")
                .contains("Mexpected SASL response, got message type 81");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void S41_closesACancelConnectionOnceTheCancelIsDelivered() {
        BackendKey key = new BackendKey(7, new byte[] {1, 2, 3, 4});
        send(out -> FrontendWriter.cancelRequest(out, key));
        boolean openBefore = client.isOpen();

        sessions.undelivered.get(0).run();
        client.runPendingTasks();

        assertThat(sessions.canceled).containsExactly(key);
        assertThat(openBefore).isTrue();
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void S18_aProbeThatConnectsAndLeavesIsNoError() {
        client.close();

        assertThat(received()).isEmpty();
        assertThat(sessions.started).isEmpty();
    }

    private EmbeddedChannel connect() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast(initializer);
        return channel;
    }

    private void send(Consumer<ByteBuf> writer) {
        ByteBuf bytes = Unpooled.buffer();
        writer.accept(bytes);
        client.writeInbound(bytes);
        client.runPendingTasks();
    }

    private String received() {
        return ClosableChannel.received(client);
    }

    private static Consumer<ByteBuf> startup(String user) {
        return out -> FrontendWriter.startup(
                out, ProtocolVersion.V3_0, List.copyOf(Map.of("user", user).entrySet()));
    }
}
