// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.auth.ChannelBinding;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards clients: the certificate in force, which can be replaced while connections live.
 *
 * <p>A connection keeps the certificate it began its handshake with, and its channel binding is to that one.
 */
@SharedAcrossLoops("one volatile reference to an immutable snapshot")
public final class ServerTls {

    /**
     * Where certificate and key come from.
     *
     * @param certificate PEM, the server's certificate first, then its chain
     * @param key PEM with a PKCS#8 key that is not encrypted
     * @param clientCa PEM with the authorities of client certificates; null when clients are not asked for one. A client may still send none.
     */
    public record Source(
            Path certificate, Path key, @Nullable Path clientCa) {}

    /**
     * TLS for one connection.
     *
     * @param handler belongs first into the pipeline
     * @param binding what SCRAM binds to; null when none is defined for the certificate
     */
    record Connection(SslHandler handler, @Nullable ChannelBinding binding) {}

    private record Snapshot(SslContext context, @Nullable ChannelBinding binding) {}

    private final Source source;
    private final SslProvider provider;
    private volatile Snapshot current;

    private ServerTls(Source source, SslProvider provider, Snapshot current) {
        this.source = source;
        this.provider = provider;
        this.current = current;
    }

    /** Returns TLS with the certificate and key as they are on disk now. */
    public static ServerTls load(Source source) throws TlsConfigurationException {
        return load(source, TlsFiles.provider());
    }

    static ServerTls load(Source source, SslProvider provider) throws TlsConfigurationException {
        return new ServerTls(source, provider, read(source, provider));
    }

    /** Reads certificate and key again; on failure those in force stay in force. */
    public void reload() throws TlsConfigurationException {
        current = read(source, provider);
    }

    /** Returns TLS for one accepted connection. Its login deadline ends a slow handshake, so the handler has no time limit of its own. */
    Connection connection(ByteBufAllocator allocator) {
        Snapshot snapshot = current;
        SslHandler handler = snapshot.context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(0);
        return new Connection(handler, snapshot.binding);
    }

    private static Snapshot read(Source source, SslProvider provider) throws TlsConfigurationException {
        List<X509Certificate> chain = TlsFiles.certificates(source.certificate);
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(source.certificate.toFile(), source.key.toFile())
                    .sslProvider(provider)
                    .protocols(TlsFiles.PROTOCOLS)
                    .applicationProtocolConfig(TlsFiles.APPLICATION_PROTOCOL);
            if (source.clientCa != null) {
                builder.trustManager(TlsFiles.certificates(source.clientCa)).clientAuth(ClientAuth.OPTIONAL);
            }
            return new Snapshot(builder.build(), ChannelBinding.to(chain.get(0)));
        } catch (SSLException | IllegalArgumentException e) {
            throw new TlsConfigurationException(
                    source.key + " with " + source.certificate + ": not usable (expected: a PKCS#8 key in PEM without "
                            + "passphrase that belongs to the certificate): " + e.getMessage(),
                    e);
        }
    }
}
