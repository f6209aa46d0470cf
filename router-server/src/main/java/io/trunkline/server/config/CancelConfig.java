// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import io.trunkline.server.config.BackendConfig.TlsMode;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a cancel request that reaches another router gets to the one that gave its key. */
public record CancelConfig(
        @Setting(
                value =
                        "This router's number in its group when topology.source is file, another one for each router; 0 for a router that is alone. With zookeeper a router takes a free one.",
                byDefault = "0",
                range = "0..1023")
        int number,

        @Setting(
                "Where the other routers reach this one, host:port, when topology.source is zookeeper; listen.host and the port that was taken when it is not set, with this machine's address in place of one that means every address.")
        @Nullable
        String address,

        @Setting(
                "When topology.source is file: by number, where the other routers take clients. All routers may have the same list: one's own entry is not used.")
        Map<String, Peer> peers,

        @Setting("TLS towards the other routers.") Tls tls)
        implements Validated {

    private static final int NUMBER_MAX = 1023;
    private static final int PORT_MAX = 65_535;

    /** Another router of the group. */
    public record Peer(
            @Setting(value = "Host name or address.", byDefault = Setting.REQUIRED)
            String host,

            @Setting(value = "TCP port.", byDefault = "6432", range = "1..65535")
            int port) {}

    /** TLS towards the other routers. */
    public record Tls(
            @Setting(
                    value = "disable, prefer, require, verify-ca or verify-full, with the meaning of libpq's sslmode.",
                    byDefault = "prefer")
            TlsMode mode,

            @Setting(
                    "PEM file with the authorities that sign the routers' certificates; only for the modes that verify, those the JVM trusts when it is not set.")
            @Nullable
            Path ca)
            implements Validated {

        @Override
        public void validate(Problems problems) {
            if (ca != null && mode != TlsMode.VERIFY_CA && mode != TlsMode.VERIFY_FULL) {
                problems.add("ca", ca.toString(), "no file, because mode verifies nothing");
            }
        }
    }

    @Override
    public void validate(Problems problems) {
        for (String name : peers.keySet()) {
            if (!isNumber(name, NUMBER_MAX)) {
                problems.add("peers", name, "numbers of routers, 1.." + NUMBER_MAX);
            }
        }
        if (address != null && !isAddress(address)) {
            problems.add("address", address, "host:port");
        }
    }

    private static boolean isAddress(String text) {
        int colon = text.lastIndexOf(':');
        return colon > 0 && isNumber(text.substring(colon + 1), PORT_MAX);
    }

    private static boolean isNumber(String text, int most) {
        return text.matches("[1-9][0-9]{0,4}") && Integer.parseInt(text) <= most;
    }
}
