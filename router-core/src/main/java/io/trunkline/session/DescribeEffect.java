// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.PreparedStatement;

/** Learns a statement's parameter types as they pass by. */
final class DescribeEffect extends ReplyEffect {
    private final PreparedStatement statement;

    DescribeEffect(PreparedStatement statement) {
        this.statement = statement;
    }

    @Override
    public void onParameterDescription(ByteBuf buffer, int index) {
        int count = buffer.getUnsignedShort(index + 5);
        int[] types = new int[count];
        for (int i = 0; i < count; i++) {
            types[i] = buffer.getInt(index + 7 + 4 * i);
        }
        statement.described(types);
    }
}
