// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.ParameterDescription;

/** Learns a statement's parameter types as they pass by. */
final class DescribeEffect extends ReplyEffect {
    private final PreparedStatement statement;

    DescribeEffect(PreparedStatement statement) {
        this.statement = statement;
    }

    @Override
    public void onParameterDescription(ByteBuf buffer, int index) {
        int available = buffer.getInt(index + 1) + 1;
        statement.described(
                new ParameterDescription().wrap(buffer, index, available).types());
    }
}
