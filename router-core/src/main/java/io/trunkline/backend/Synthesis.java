// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.TransactionStatus;

/** A reply the router gives itself, in the place where the client expects it. */
public abstract class Synthesis extends ReplyEffect {

    /** Appends the whole messages; {@code status} is the transaction status at this place of the stream. */
    public abstract void writeTo(ByteBuf out, TransactionStatus status);
}
