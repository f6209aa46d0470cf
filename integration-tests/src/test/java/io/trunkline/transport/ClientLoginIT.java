// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.MockVerifiers;
import io.trunkline.auth.Password;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.auth.UserDirectory;
import io.trunkline.auth.UserEntry;
import io.trunkline.fixture.ServerCertificate;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.ClientLogin;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.frontend.Greeting;
import io.trunkline.frontend.StartupNegotiation;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.wire.BackendKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A listener of our own that pgjdbc, which has another SCRAM, logs in to. */
class ClientLoginIT {
    private static final String PASSWORD = "se\u00e7ret \u2168";

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private int port;

    @BeforeEach
    void listen() throws Exception {
        byte[] salt = "0123456789abcdef".getBytes(US_ASCII);
        UserEntry ann = new UserEntry(
                "ann",
                LoginMethod.SCRAM_SHA_256,
                ScramVerifier.derive(Password.of(PASSWORD), salt, 4096),
                new BackendCredentials("ann", null),
                Set.of("shop"));
        ClientLogin.Authority authority = new ClientLogin.Authority(
                UserDirectory.of(List.of(ann)), new MockVerifiers(salt, 4096), new SecureRandom());
        ServerCertificate certificate = ServerCertificate.shared();
        FrontendAccess access = new FrontendAccess(
                EncryptionPolicy.OFFERED,
                ServerTls.load(new ServerTls.Source(certificate.certificate(), certificate.key(), null)),
                authority,
                new GreetOnly(),
                FrontendSettings.DEFAULT,
                RouterMetrics.NONE);
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new FrontendInitializer(access))
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        port = ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @ParameterizedTest
    @CsvSource({
        "disable,disable,postgres",
        "prefer,prefer,postgres",
        "verify-full,require,postgres",
        "verify-full,disable,postgres",
        "verify-full,require,direct",
    })
    void A01_A02_S01_S06_letsInTheDriverInEveryMode(String sslMode, String channelBinding, String negotiation)
            throws SQLException {
        try (Connection connection = connect(
                "shop",
                PASSWORD,
                "&sslmode=" + sslMode + "&channelBinding=" + channelBinding + "&sslNegotiation=" + negotiation)) {

            assertThat(connection.isClosed()).isFalse();
        }
    }

    @Test
    void refusesTheDriverAsPostgreSqlDoes() {
        SQLException wrong = catchThrowableOfType(SQLException.class, () -> connect("shop", "secret", ""));
        SQLException forbidden = catchThrowableOfType(SQLException.class, () -> connect("bank", PASSWORD, ""));

        assertThat(wrong.getSQLState()).isEqualTo("28P01");
        assertThat(wrong.getMessage()).contains("password authentication failed for user \"ann\"");
        assertThat(forbidden.getSQLState()).isEqualTo("42501");
    }

    private Connection connect(String database, String password, String more) throws SQLException {
        String url = "jdbc:postgresql://localhost:" + port + "/" + database + "?user=ann&sslrootcert="
                + ServerCertificate.shared().certificate() + more;
        java.util.Properties properties = new java.util.Properties();
        properties.setProperty("password", password);
        // Without it the driver sends statements before it gives the connection away.
        properties.setProperty("assumeMinServerVersion", "14");
        return DriverManager.getConnection(url, properties);
    }

    /** Sessions that greet as a server would and do nothing else. */
    private static final class GreetOnly implements SessionStarter {
        @Override
        public void start(Channel channel, ClientIdentity client) {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("server_version", "18.6");
            parameters.put("server_encoding", "UTF8");
            parameters.put("client_encoding", "UTF8");
            parameters.put("DateStyle", "ISO, MDY");
            parameters.put("TimeZone", "UTC");
            parameters.put("integer_datetimes", "on");
            parameters.put("standard_conforming_strings", "on");
            ByteBuf greeting = channel.alloc().buffer();
            Greeting.write(
                    greeting, parameters, Greeting.newKey(7, client.startup().version(), new SecureRandom()));
            channel.writeAndFlush(greeting);
            LoginDeadline.lift(channel);
        }

        @Override
        public void cancel(
                Channel channel, StartupNegotiation.CancelOrigin origin, BackendKey key, Runnable delivered) {
            delivered.run();
        }
    }
}
