// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.trunkline.frontend.StartupNegotiation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/** What both directions of TLS need: certificates read from PEM files, the engine to use, the versions and the application protocol. */
final class TlsFiles {
    /** TLS 1.2 is what PostgreSQL's {@code ssl_min_protocol_version} says by default. */
    static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    /** OpenSSL cannot send the alert for a client that names only other protocols; it then behaves as if the client had named none. */
    static final ApplicationProtocolConfig APPLICATION_PROTOCOL = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            StartupNegotiation.APPLICATION_PROTOCOL);

    private TlsFiles() {}

    /** Returns OpenSSL where its native library loads: a handshake costs a quarter of what it costs with the JDK's engine. */
    static SslProvider provider() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    /** Returns the certificates of a PEM file in their order, at least one. */
    static List<X509Certificate> certificates(Path file) throws TlsConfigurationException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (certificates.isEmpty()) {
                throw new TlsConfigurationException(file + ": no certificate (expected: PEM)");
            }
            return certificates;
        } catch (IOException e) {
            throw new TlsConfigurationException(file + ": cannot be read: " + e.getMessage(), e);
        } catch (CertificateException e) {
            throw new TlsConfigurationException(file + ": no valid certificate (expected: PEM): " + e.getMessage(), e);
        }
    }
}
