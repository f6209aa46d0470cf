// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.backend.AuthenticationPolicy;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.pool.PoolSettings;
import io.trunkline.server.config.BackendConfig;
import io.trunkline.server.config.CancelConfig;
import io.trunkline.server.config.DatabaseConfig;
import io.trunkline.server.config.ListenConfig;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.config.UserConfig;
import io.trunkline.session.SessionTimeouts;
import io.trunkline.transport.BackendAccess;
import io.trunkline.transport.CancelLimits;
import io.trunkline.transport.ClientTls;
import io.trunkline.transport.FrontendSettings;
import io.trunkline.transport.ServerTls;
import io.trunkline.transport.TlsConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says in the core's words what stands in the configuration. Stateless. */
final class CoreSettings {
    /** What 0s means where it switches a limit off. */
    private static final Duration NEVER = Duration.ofDays(10_000);

    /** Returns what every backend is asked for in its startup packet. */
    static Map<String, String> backendParameters(BackendConfig config) {
        long millis = config.clientConnectionCheckInterval().toMillis();
        return millis == 0 ? Map.of() : Map.of("client_connection_check_interval", Long.toString(millis));
    }

    /** What 0s means where it refuses to wait. */
    private static final Duration AT_ONCE = Duration.ofNanos(1);

    private CoreSettings() {}

    static PoolSettings pool(RouterConfig config, DatabaseConfig database) {
        return PoolSettings.builder()
                .size(database.poolSize())
                .minSize(database.minPoolSize())
                .maxWaiters(database.maxWaiters())
                .leaseWaitTimeout(database.leaseWaitTimeout())
                .failoverWait(zeroAs(AT_ONCE, database.failoverWait()))
                .idleTimeout(zeroAs(NEVER, config.timeouts().backendIdle()))
                .maxLifetime(zeroAs(NEVER, config.timeouts().backendLifetime()))
                .connect(new PoolSettings.Connect(
                        config.backend().parallelConnects(),
                        PoolSettings.DEFAULTS.connect().backoffMin(),
                        PoolSettings.DEFAULTS.connect().backoffMax()))
                .reset(new PoolSettings.Reset(
                        PoolSettings.DEFAULTS.reset().query(), config.timeouts().reset()))
                .preferredZone(config.zone())
                .build();
    }

    /**
     * Returns how long the sessions of one user in one database may take over things.
     *
     * @param user what differs for the user, null when nobody of that name is configured
     */
    static SessionTimeouts sessionTimeouts(RouterConfig config, DatabaseConfig database, @Nullable UserConfig user) {
        return new SessionTimeouts(
                nanos(user == null ? null : user.queryTimeout(), database.queryTimeout()),
                nanos(user == null ? null : user.copyStallTimeout(), database.copyStallTimeout()),
                nanos(user == null ? null : user.transactionTimeout(), database.transactionTimeout()),
                nanos(user == null ? null : user.idleInTransactionTimeout(), database.idleInTransactionTimeout()),
                nanos(user == null ? null : user.idleTimeout(), database.idleTimeout()),
                config.timeouts().cancel().toNanos());
    }

    /** Returns whether one user in one database may choose where statements run; a user's own setting counts before the database's. */
    static boolean mayGiveHints(DatabaseConfig database, @Nullable UserConfig user) {
        Boolean ofUser = user == null ? null : user.routingHints();
        return ofUser == null ? database.routingHints() : ofUser;
    }

    private static long nanos(@Nullable Duration ofUser, Duration ofDatabase) {
        return (ofUser == null ? ofDatabase : ofUser).toNanos();
    }

    static FrontendSettings frontend(RouterConfig config) {
        return new FrontendSettings(
                config.timeouts().login(),
                config.limits().unauthenticatedPerLoop(),
                config.timeouts().tcpUser());
    }

    static BackendAccess.Limits backendLimits(RouterConfig config) {
        return new BackendAccess.Limits(
                config.timeouts().connect(),
                config.timeouts().backendLogin(),
                config.timeouts().cancel(),
                config.timeouts().tcpUser());
    }

    static AuthenticationPolicy authentication(BackendConfig backend) {
        AuthenticationPolicy.Method minimum = switch (backend.authMinimum()) {
            case NONE -> AuthenticationPolicy.Method.NONE;
            case PASSWORD -> AuthenticationPolicy.Method.PASSWORD;
            case MD5 -> AuthenticationPolicy.Method.MD5;
            case SCRAM_SHA_256 -> AuthenticationPolicy.Method.SCRAM_SHA_256;
            case SCRAM_SHA_256_PLUS -> AuthenticationPolicy.Method.SCRAM_SHA_256_PLUS;
        };
        AuthenticationPolicy.Cleartext cleartext = switch (backend.cleartextPassword()) {
            case NEVER -> AuthenticationPolicy.Cleartext.NEVER;
            case INSIDE_TLS -> AuthenticationPolicy.Cleartext.INSIDE_TLS;
            case ALWAYS -> AuthenticationPolicy.Cleartext.ALWAYS;
        };
        return new AuthenticationPolicy(minimum, cleartext);
    }

    static ClientTls backendTls(BackendConfig backend) throws TlsConfigurationException {
        return ClientTls.of(clientMode(backend.tls().mode()), backend.tls().ca());
    }

    private static ClientTls.Mode clientMode(BackendConfig.TlsMode mode) {
        return switch (mode) {
            case DISABLE -> ClientTls.Mode.DISABLE;
            case PREFER -> ClientTls.Mode.PREFER;
            case REQUIRE -> ClientTls.Mode.REQUIRE;
            case VERIFY_CA -> ClientTls.Mode.VERIFY_CA;
            case VERIFY_FULL -> ClientTls.Mode.VERIFY_FULL;
        };
    }

    static CancelLimits cancelLimits(RouterConfig config) {
        return new CancelLimits(
                config.limits().cancels(),
                config.limits().cancelsPerAddress(),
                config.limits().cancelForwards());
    }

    static ClientTls peerTls(CancelConfig cancel) throws TlsConfigurationException {
        return ClientTls.of(clientMode(cancel.tls().mode()), cancel.tls().ca());
    }

    static EncryptionPolicy encryption(ListenConfig listen) {
        return switch (listen.tls().mode()) {
            case DISABLE -> EncryptionPolicy.OFF;
            case ALLOW -> EncryptionPolicy.OFFERED;
            case REQUIRE -> EncryptionPolicy.REQUIRED;
        };
    }

    /** Returns TLS towards clients, null when it is disabled. */
    static @Nullable ServerTls listenerTls(ListenConfig listen) throws TlsConfigurationException {
        Path certificate = listen.tls().certificate();
        Path key = listen.tls().key();
        if (encryption(listen) == EncryptionPolicy.OFF || certificate == null || key == null) {
            return null;
        }
        return ServerTls.load(
                new ServerTls.Source(certificate, key, listen.tls().clientCa()));
    }

    private static Duration zeroAs(Duration meaning, Duration value) {
        return value.isZero() ? meaning : value;
    }
}
