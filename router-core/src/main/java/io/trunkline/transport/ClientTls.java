// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.trunkline.auth.ChannelBinding;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards nodes: whether it is asked for and what of the node's certificate is checked. Immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/18/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS">Protection in different modes</a>
 */
public final class ClientTls {

    /** The modes of libpq's {@code sslmode}, {@code allow} excepted. */
    public enum Mode {
        /** No TLS. */
        DISABLE,
        /** TLS when the node offers it, no check of who it is: no protection against an active attacker. */
        PREFER,
        /** TLS or no connection, no check of who the node is. */
        REQUIRE,
        /** The node's certificate must come from a known authority. */
        VERIFY_CA,
        /** The certificate must also name the host connected to. */
        VERIFY_FULL;

        boolean verifies() {
            return this == VERIFY_CA || this == VERIFY_FULL;
        }
    }

    /** No TLS to nodes. */
    public static final ClientTls DISABLED = new ClientTls(Mode.DISABLE, null);

    private final Mode mode;
    private final @Nullable SslContext context;

    private ClientTls(Mode mode, @Nullable SslContext context) {
        this.mode = mode;
        this.context = context;
    }

    /**
     * Returns TLS in a mode.
     *
     * @param authorities PEM file with the authorities of node certificates; null for those the JVM trusts. Only the verifying modes read it, so
     *     it is refused in the others rather than giving a false impression.
     */
    public static ClientTls of(Mode mode, @Nullable Path authorities) throws TlsConfigurationException {
        return of(mode, authorities, TlsFiles.provider());
    }

    static ClientTls of(Mode mode, @Nullable Path authorities, SslProvider provider) throws TlsConfigurationException {
        if (authorities != null && !mode.verifies()) {
            throw new TlsConfigurationException(authorities + ": authorities are given but mode " + mode
                    + " does not verify (expected: VERIFY_CA or VERIFY_FULL)");
        }
        if (mode == Mode.DISABLE) {
            return DISABLED;
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(provider)
                    .protocols(TlsFiles.PROTOCOLS)
                    .applicationProtocolConfig(TlsFiles.APPLICATION_PROTOCOL)
                    // Stated for every mode: the default differs between versions of Netty.
                    .endpointIdentificationAlgorithm(mode == Mode.VERIFY_FULL ? "HTTPS" : null);
            if (!mode.verifies()) {
                builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            } else if (authorities != null) {
                builder.trustManager(TlsFiles.certificates(authorities));
            }
            return new ClientTls(mode, builder.build());
        } catch (SSLException | IllegalArgumentException e) {
            throw new TlsConfigurationException("TLS to nodes cannot be set up: " + e.getMessage(), e);
        }
    }

    /** Returns the mode. */
    public Mode mode() {
        return mode;
    }

    /** Returns the handler of one connection. The host is what is verified, and is sent as server name unless it is an address. */
    SslHandler newHandler(ByteBufAllocator allocator, String host, int port) {
        if (context == null) {
            throw new IllegalStateException("TLS to nodes is disabled");
        }
        SslHandler handler = context.newHandler(allocator, host, port);
        handler.setHandshakeTimeoutMillis(0); // the login deadline covers it
        return handler;
    }

    /** Returns why a handshake failed, in words that may reach a client: a verdict, no names or addresses of ours. */
    static String reason(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return "the node's certificate is not valid for it";
            }
        }
        return "the handshake failed";
    }

    /** Returns what SCRAM binds to after the handshake, or null when nothing is defined for the node's certificate. */
    static @Nullable ChannelBinding binding(SslHandler handler) {
        try {
            Certificate[] chain = handler.engine().getSession().getPeerCertificates();
            return chain[0] instanceof X509Certificate certificate ? ChannelBinding.to(certificate) : null;
        } catch (SSLPeerUnverifiedException anonymous) {
            return null;
        }
    }
}
