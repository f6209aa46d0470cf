// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.relay.ClientLink;
import io.trunkline.wire.BackendWriter;

/**
 * What one client was told of the parameters its server reports.
 *
 * <p>A client that runs on one backend after another sees one server: it is told of a parameter when its backend reports another value than
 * the last one did, and only then. Belongs to its {@link Session}; confined to the session's event loop.
 */
final class ClientParameters {
    private final ClientLink client;
    private ReportedParameters told;

    /** Begins with what the greeting said. */
    ClientParameters(ClientLink client, ReportedParameters greeted) {
        this.client = client;
        this.told = greeted;
    }

    /** Returns what the client was told last. */
    ReportedParameters told() {
        return told;
    }

    /** Tells the client what the backend it goes on with reports otherwise than the one before. */
    void tellAll(ReportedParameters reported) {
        if (!reported.equals(told)) {
            reported.asMap().forEach(this::tell);
        }
        told = reported;
    }

    /** Tells the client of one parameter, if that is new to it. */
    void tell(String name, String value) {
        ReportedParameters now = told.with(name, value);
        if (now != told) {
            told = now;
            ByteBuf out = client.allocator().buffer(64);
            BackendWriter.parameterStatus(out, name, value);
            client.write(out);
        }
    }
}
