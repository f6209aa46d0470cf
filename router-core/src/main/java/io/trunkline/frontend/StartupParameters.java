// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.trunkline.auth.LoginRefused;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.ProtocolVersion;
import io.trunkline.wire.StartupPacket;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of a startup packet as {@code ProcessStartupPacket} does.
 *
 * <p>The last of several parameters with the same name wins, for every name, so that no part of the router can see another user or database
 * than the one that was authenticated.
 */
final class StartupParameters {

    private StartupParameters() {}

    /** Returns what the client asked for, with {@code options} taken apart. */
    static ClientStartup read(StartupPacket.Startup packet, ProtocolVersion version) throws LoginRefused {
        Map<String, String> settings = new LinkedHashMap<>();
        // PostgreSQL applies the command line first, so a parameter of its own wins.
        StartupOptions.read(orEmpty(packet.parameter("options")), settings);
        for (Map.Entry<String, String> parameter : packet.parameters()) {
            if (isSetting(parameter.getKey())) {
                settings.put(parameter.getKey().toLowerCase(Locale.ROOT), parameter.getValue());
            }
        }
        String replication = packet.parameter("replication");
        if (replication != null && ReplicationMode.read(replication) != ReplicationMode.NONE) {
            throw new LoginRefused(RouterErrors.replicationNotSupported());
        }
        if (packet.user().isEmpty()) {
            throw new LoginRefused(RouterErrors.noUserName());
        }
        return new ClientStartup(version, packet.user(), packet.database(), settings);
    }

    private static boolean isSetting(String name) {
        return switch (name) {
            case "user", "database", "options", "replication" -> false;
            default -> !name.startsWith(StartupPacket.PROTOCOL_OPTION_PREFIX);
        };
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }
}
