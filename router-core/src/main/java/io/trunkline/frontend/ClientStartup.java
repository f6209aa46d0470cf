// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.trunkline.wire.ProtocolVersion;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a client asked for in its startup packet, after negotiation.
 *
 * <p>Strings keep the client's bytes, see {@link io.trunkline.wire.WireText}.
 *
 * @param version 3.0 or 3.2: what both sides speak from now on
 * @param user as sent, not yet authenticated
 * @param database as sent, or the user's name
 * @param settings configuration parameters in the order given, lower-case name to raw value, {@code options} taken apart; the session's
 *     defaults. A raw value is what {@code set_config} takes, not SQL text: {@code search_path} may be {@code a, b}.
 */
public record ClientStartup(ProtocolVersion version, String user, String database, Map<String, String> settings) {

    public ClientStartup {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    @Override
    public String toString() {
        return "ClientStartup[" + version + ", settings=" + settings.keySet() + "]";
    }
}
