// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.wire.ParameterDescription;
import org.jspecify.annotations.Nullable;

/** Learns a statement's parameter types as they pass by, and that the client knows its columns from now on. */
final class DescribeEffect extends ReplyEffect {
    private final PreparedStatement statement;
    private final @Nullable SessionStatements client;

    /** Learns for the router alone. */
    DescribeEffect(PreparedStatement statement) {
        this(statement, null);
    }

    /** Learns what a client is told, too. */
    DescribeEffect(PreparedStatement statement, @Nullable SessionStatements client) {
        this.statement = statement;
        this.client = client;
    }

    @Override
    public void onConfirmed() {
        if (client != null) {
            client.described(statement);
        }
    }

    @Override
    public void onParameterDescription(ByteBuf buffer, int index) {
        int available = buffer.getInt(index + 1) + 1;
        statement.described(
                new ParameterDescription().wrap(buffer, index, available).types());
    }
}
