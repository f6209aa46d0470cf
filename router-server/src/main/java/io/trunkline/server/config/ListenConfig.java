// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where clients connect. */
public record ListenConfig(
        @Setting(value = "Address to listen on; 0.0.0.0 and :: mean every address.", byDefault = "127.0.0.1")
        String host,

        @Setting(value = "TCP port for clients; 0 takes a free one.", byDefault = "6432", range = "0..65535")
        int port,

        @Setting(
                value = "Connections the kernel keeps until they are accepted; the system's somaxconn caps it.",
                byDefault = "1024",
                range = "1..65535")
        int backlog,

        @Setting("TLS towards clients.") Tls tls) {

    /** Whether clients may, or must, use TLS. */
    public enum TlsMode {
        DISABLE,
        ALLOW,
        REQUIRE
    }

    /** TLS towards clients. */
    public record Tls(
            @Setting(
                    value =
                            "disable answers N to SSLRequest; allow takes clients with and without TLS; require refuses clients without.",
                    byDefault = "disable")
            TlsMode mode,

            @Setting("PEM file with the certificate chain, leaf first.") @Nullable
            Path certificate,

            @Setting("PEM file with the private key (PKCS#8, not encrypted).") @Nullable
            Path key,

            @Setting(
                    "PEM file with the authorities that sign client certificates; when set, clients are asked for one and may still send none.")
            @Nullable
            Path clientCa)
            implements Validated {

        @Override
        public void validate(Problems problems) {
            if (mode == TlsMode.DISABLE) {
                return;
            }
            if (certificate == null) {
                problems.add("certificate", "missing", "a PEM file, because mode is not disable");
            }
            if (key == null) {
                problems.add("key", "missing", "a PEM file, because mode is not disable");
            }
        }
    }
}
