// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/** A reply of the router that is always the same bytes, with the effect of the request it answers. */
public final class FixedAnswer extends Synthesis {
    /** ParseComplete. */
    public static final byte[] PARSE_COMPLETE = {'1', 0, 0, 0, 4};

    /** BindComplete. */
    public static final byte[] BIND_COMPLETE = {'2', 0, 0, 0, 4};

    /** CloseComplete. */
    public static final byte[] CLOSE_COMPLETE = {'3', 0, 0, 0, 4};

    /** NoData. */
    public static final byte[] NO_DATA = {'n', 0, 0, 0, 4};

    private final byte[] messages;
    private final @Nullable ReplyEffect effect;

    /** Creates an answer of whole messages. */
    public FixedAnswer(byte[] messages, @Nullable ReplyEffect effect) {
        this.messages = messages;
        this.effect = effect;
    }

    @Override
    public void writeTo(ByteBuf out, TransactionStatus status) {
        out.writeBytes(messages);
    }

    @Override
    public void onConfirmed() {
        if (effect != null) {
            effect.onConfirmed();
        }
    }

    @Override
    public void onSkipped() {
        if (effect != null) {
            effect.onSkipped();
        }
    }

    @Override
    public void onUndone() {
        if (effect != null) {
            effect.onUndone();
        }
    }
}
